using System.Buffers;
using Sluice.Agent.Configuration;
using Sluice.Agent.Health;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// <c>identity verify</c>: whether the broker accepts an identity, found out with a real connection, step by step. The
/// agent that runs keeps its own session meanwhile. Called once by the verb.
/// </summary>
internal sealed class Trial(EnrolmentContext context, string socketPath)
{
    private const string Verb = "verify";

    public Task<VerbReport> RunStagedAsync(CancellationToken cancellationToken) =>
        RunAsync(ofActive: false, cancellationToken);

    /// <param name="ofActive">The identity in use, although another one is staged.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public async Task<VerbReport> RunAsync(bool ofActive, CancellationToken cancellationToken)
    {
        if (context.RefuseElsewhere(Verb) is { } elsewhere)
        {
            return elsewhere;
        }

        var state = context.Store.Look();
        var link = state.Staged is not null && !ofActive ? IdentityStore.Staged : IdentityDirectory.Current;
        var version = link == IdentityStore.Staged ? state.Staged : state.Active;
        if (version is null)
        {
            return VerbReport.Failed(Verb, ExitCode.Unavailable, "There is no identity to try.",
                "Nothing is staged, and nothing is in use.",
                "bring a bundle and import it: sluice-agent identity import.");
        }

        var serial = context.SerialOf(link);
        var steps = new List<VerbStep>();
        var code = await TryAsync(link, steps, cancellationToken).ConfigureAwait(false);
        var passed = code == ExitCode.Fine;
        if (passed && link == IdentityStore.Staged)
        {
            context.Store.MarkVerified(context.Clock.GetUtcNow());
        }

        var time = context.Time();
        if (passed)
        {
            context.KeepGoodTime(time);
        }

        var last = steps[^1];
        context.Log(Verb, passed ? "done" : "refused", $"Version {version}: {last.Name}: {last.Verdict}", serial);
        return Report(passed, code, version, last, link) with
        {
            Gateway = context.GatewayId,
            Steps = steps,
            Identity = Enrol.StateOf(context.Store.Look()) with { Serial = serial },
            Notes = NotesOf(version, time),
        };
    }

    private static VerbReport Report(bool passed, int code, string version, VerbStep last, string link) => passed
        ? new VerbReport
        {
            Verb = Verb,
            ExitCode = code,
            Sentence = $"The broker accepts version {version}."
                + (link == IdentityStore.Staged ? " Next: sluice-agent identity activate." : ""),
        }
        : VerbReport.Failed(Verb, code, $"The trial of version {version} failed at '{last.Name}': {last.Verdict}",
            "Nothing was changed: what is in use is as it was.",
            code == ExitCode.Unavailable
                ? "see to the way to the broker, and try again; the bundle may be right."
                : "mend what the step says, at the broker or with a new bundle, and try again.");

    private List<string>? NotesOf(string version, ValidityTime time)
    {
        var notes = new List<string>();
        if (time.ClockProblem is { } clock)
        {
            notes.Add($"{clock}.");
        }

        if (context.Store.ReadFile(version, IdentityDirectory.BundleFile) is { } json
            && BundleInstall.Read(json) is { BrokerHost: { } host } bundle
            && new Enrol(context).BrokerDifference(host, bundle.BrokerAddresses, bundle.BrokerPort) is { } difference)
        {
            notes.Add(difference);
        }

        return notes.Count > 0 ? notes : null;
    }

    private async Task<int> TryAsync(string link, List<VerbStep> steps, CancellationToken cancellationToken)
    {
        var loaded = context.Load(link);
        loaded.Identity?.Dispose();
        if (loaded.Identity is null)
        {
            steps.Add(new VerbStep("identity", false, string.Join(" ", loaded.Problems.Select(each => $"{each}."))));
            return ExitCode.Unclear;
        }

        steps.Add(new VerbStep("identity", true, loaded.Problems.Count == 0
            ? "key, certificate, roots and revocation lists belong together"
            : string.Join(" ", loaded.Problems.Select(each => $"{each}."))));
        return await new Proof(context.Configuration, context.Clock, context.Validity, () => null).RunAsync(
            new LinkTrial(link, LinkTrial.Verify), await StatusAsync(cancellationToken).ConfigureAwait(false),
            steps, cancellationToken).ConfigureAwait(false);
    }

    private async Task<OutboundMessage> StatusAsync(CancellationToken cancellationToken)
    {
        var running = await StatusClient.AskAsync(socketPath, context.Clock, cancellationToken).ConfigureAwait(false);
        return StatusOf(
            context.Configuration, running.Report?.Uplink.State == "connected", context.Clock.GetUtcNow());
    }

    /// <summary>
    /// What the contract says at this moment anyway, and not retained: the truth, of a run in which nothing was read.
    /// </summary>
    internal static OutboundMessage StatusOf(GatewayConfiguration configuration, bool isConnected, DateTimeOffset now)
    {
        var gateway = configuration.Gateway;
        var encoder = new AnnouncementEncoder(
            new Speaker(gateway.Site, gateway.Id, Guid.CreateVersion7(now), AgentVersion.Text, configuration.Hash), []);
        var payload = new PayloadBuffer();
        if (isConnected)
        {
            encoder.Online(payload, now.UtcDateTime);
        }
        else
        {
            encoder.Offline(payload, AnnouncementEncoder.ReasonStopped, now.UtcDateTime);
        }

        return new OutboundMessage
        {
            Topic = new ContractTopics(gateway).Status,
            Payload = payload.Written,
            Retain = false,
        };
    }
}
