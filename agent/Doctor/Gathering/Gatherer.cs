using Sluice.Agent.Binding;
using Sluice.Agent.Commissioning.Golden;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;
using Sluice.Agent.Egress.Cards;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Health;
using Sluice.Agent.Time;
using Sluice.Agent.Uplink;
using Sluice.Hal.Gpio.CharacterDevice;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Doctor.Gathering;

/// <summary>
/// Gathers the facts that the checks decide from. Called once by the verb. It asks the agent that runs first, and
/// leaves alone whatever that holds: no second session under its client id, no second client on its buses, no file in
/// its buffer.
/// </summary>
internal sealed class Gatherer(string file, string socketPath, TimeProvider clock)
{
    public HostLook Host { get; init; } = new();

    public DiskLook Disk { get; init; } = new();

    public Systemctl Systemctl { get; init; } = new();

    public async Task<CheckupFacts> GatherAsync(CancellationToken cancellationToken)
    {
        var answer = await StatusClient.AskAsync(socketPath, clock, cancellationToken).ConfigureAwait(false);
        var (loaded, _) = ConfigurationInForce.Load(file);
        var facts = new CheckupFacts
        {
            File = file,
            FileIsThere = File.Exists(file),
            Problems = loaded.Problems,
            Configuration = loaded.Configuration,
            Running = answer.Report,
            IsNobody = answer.IsNobody,
            Silence = answer.Problem,
            User = Host.User(),
            Service = await Systemctl.AskAsync(clock, cancellationToken).ConfigureAwait(false),
            Time = new ValidityClock(clock, HostClock.Here(() => Guid.Empty).IsSynchronised, () => null).Now(),
            Landlock = JailKernel.LandlockVersion(),
            Chips = GpioListing.List("/dev"),
        };
        return loaded is { Configuration: { } configuration, Files: { } files }
            ? await OfAsync(facts, configuration, ConfiguredSource.All(file, configuration, files), cancellationToken)
                .ConfigureAwait(false)
            : facts with { NoTrial = "Without a configuration nobody knows where the broker is." };
    }

    private async Task<CheckupFacts> OfAsync(
        CheckupFacts facts, GatewayConfiguration configuration, IReadOnlyList<ConfiguredSource> sources,
        CancellationToken cancellationToken)
    {
        var sight = HostCards.Look();
        var time = ValidityClock.Here(configuration, clock).WithOwn(configuration);
        var golden = sources.Select(GoldenChecks.Look).ToList();
        var buffer = HostLook.Buffer(configuration.Buffer, !facts.IsNobody);
        facts = facts with
        {
            Time = time,
            GoldenSamples = golden.Sum(each => each.Samples.Count),
            GoldenProblems = [.. golden.SelectMany(each => each.Problems)],
            Identity = IdentityLook.At(configuration, time),
            Cards = Host.Cards(sight),
            Routes = HostLook.Routes(configuration, sight),
            BrokerCard = BrokerCard.Of(configuration.Broker, sight),
            Overlaps = [.. BrokerCard.Overlaps(configuration, sight)],
            Buffer = buffer,
            Disk = Disk.Under(buffer.Folder),
            Firewall = await Host.FirewallAsync(configuration, cancellationToken).ConfigureAwait(false),
        };

        // The broker and the machines are different neighbours: neither waits for the other.
        var machines = new SourceLook(clock).LookAsync(sources, facts.Running, facts.IsNobody, cancellationToken);
        var (trial, noTrial) = await TryAsync(facts, configuration, time, cancellationToken).ConfigureAwait(false);
        return facts with
        {
            Trial = trial, NoTrial = noTrial, Sources = await machines.ConfigureAwait(false),
        };
    }

    private async Task<(IReadOnlyList<VerbStep>? Trial, string Why)> TryAsync(
        CheckupFacts facts, GatewayConfiguration configuration, ValidityTime time, CancellationToken cancellationToken)
    {
        if (facts.Running?.Uplink.State is "connected" or "holding")
        {
            return (null, "The agent is connected.");
        }

        if (!facts.IsTold)
        {
            return (null, "Not tried, because nobody knows whether the agent has a session.");
        }

        if (facts.Identity is not { IsHidden: false, Version.Length: > 0 } identity)
        {
            return (null, "Not tried: there is no identity to show.");
        }

        var steps = new List<VerbStep>();
        var validity = ValidityClock.Here(configuration, clock);
        await new Proof(configuration, clock, validity, () => identity.Elsewhere).RunAsync(
            new LinkTrial(IdentityDirectory.Current, LinkTrial.Verify),
            Trial.StatusOf(configuration, isConnected: false, time.Wall), steps, cancellationToken)
            .ConfigureAwait(false);
        return (steps, "");
    }
}
