using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Disks;
using Sluice.Plant.Day;

namespace Sluice.Field.Day;

/// <summary>
/// Brings each fault of a day about and mends it, and counts what could be seen of it: a fault that nobody noticed
/// would prove nothing. One call at a time for each part of the plant; see <see cref="DayFault.Parts"/>.
/// </summary>
internal sealed class DayFaults(DayPlant plant)
{
    private const string Dropped = "Outgoing messages are being dropped";

    private static readonly TimeSpan ShowsWithin = TimeSpan.FromSeconds(40);

    private readonly SortedDictionary<string, int> seen = new(StringComparer.Ordinal);
    private int identity = 1;
    private int linesBefore;
    private volatile bool agentIsUp = true;

    /// <summary>Kills of the agent, in milliseconds of this machine's clock.</summary>
    public List<long> Kills { get; } = [];

    /// <summary>How often each thing was done and seen, for the table at the end.</summary>
    public IReadOnlyDictionary<string, int> Seen => seen;

    /// <summary>Begins it; returns what else there is to say about it.</summary>
    public async Task<string> BeginAsync(DayFault fault)
    {
        Count(fault.Kind.ToString());
        switch (fault.Kind)
        {
            case DayFaultKind.BrokerRestart:
                await plant.Broker.StopAsync();
                return "";
            case DayFaultKind.BrokerPowerCut:
                return await CutPowerAsync(fault);
            case DayFaultKind.MesAway:
                await plant.KillReceiverAsync();
                linesBefore = plant.Broker.Process.Lines.Count;
                return $"the broker keeps {DayPlant.QueuedMessagesMax} messages for it";
            case DayFaultKind.MesRestart:
                return await KillMesAsync(fault);
            case DayFaultKind.SilentLink:
                await plant.Cables.SilenceBrokerAsync();
                return "";
            case DayFaultKind.ThinLink:
                var bytes = 2_000 + (12 * fault.Turn);
                await plant.Cables.ThinBrokerAsync(bytes);
                return $"{bytes} bytes a second";
            case DayFaultKind.AgentKill:
                agentIsUp = false;
                Kills.Add(Now());
                await plant.Gateway.KillAsync();
                return "";
            case DayFaultKind.ClockStep:
                return Step(fault);
            case DayFaultKind.DiskFull:
                WornDisk.Fill(plant.SomebodyElsesFile);
                return "";
            case DayFaultKind.Revoked:
                return await RevokeAsync();
            default:
                throw new ArgumentOutOfRangeException(nameof(fault));
        }
    }

    /// <summary>Looks, shortly before it is mended, whether it shows; and mends it.</summary>
    public async Task<string> EndAsync(DayFault fault)
    {
        switch (fault.Kind)
        {
            case DayFaultKind.BrokerRestart:
                await plant.Broker.StartAsync();
                return "";
            case DayFaultKind.BrokerPowerCut:
                await plant.Broker.StartAsync();
                plant.StartReceiver();
                return "";
            case DayFaultKind.MesAway:
                var dropped = await ShowsAsync(() => Task.FromResult(plant.Broker.Process.Lines.Skip(linesBefore)
                    .Any(line => line.Contains(Dropped, StringComparison.Ordinal))));
                plant.StartReceiver();
                return Noticed("queues that overflowed", dropped, "the broker's queue overflowed");
            case DayFaultKind.MesRestart:
                if (TakesItsDatabaseAlong(fault))
                {
                    await plant.Database.RunAsync();
                }

                plant.StartReceiver();
                return "";
            case DayFaultKind.SilentLink:
                var away = await StatusSaysAsync(status =>
                    status.GetProperty("uplink").GetProperty("state").GetString() != "connected");
                await plant.Cables.HearBrokerAsync();
                return Noticed("silences that were found", away, "the gateway had found out");
            case DayFaultKind.ThinLink:
                await plant.Cables.WidenBrokerAsync();
                return "";
            case DayFaultKind.AgentKill:
                if (!agentIsUp)
                {
                    plant.Gateway.Start();
                    agentIsUp = true;
                }

                return "";
            case DayFaultKind.ClockStep:
                plant.Clock.StepTo(TimeSpan.Zero);
                return "";
            case DayFaultKind.DiskFull:
                var memory = await StatusSaysAsync(status =>
                    status.GetProperty("buffer").GetProperty("storage").GetString() == "memory");
                File.Delete(plant.SomebodyElsesFile);
                return Noticed("full disks that sent readings to memory", memory, "new readings had gone to memory");
            case DayFaultKind.Revoked:
                return await GiveNewIdentityAsync();
            default:
                throw new ArgumentOutOfRangeException(nameof(fault));
        }
    }

    private async Task<string> CutPowerAsync(DayFault fault)
    {
        await plant.KillReceiverAsync();

        // Long enough for the broker to give its word for what it cannot pass on.
        await Task.Delay(TimeSpan.FromSeconds(3));
        await plant.Broker.KillAsync();
        if (fault.Turn % 2 == 0)
        {
            return "the MES away, its queue rolled back to the last stop";
        }

        plant.Broker.ForgetState();
        return "the MES away, its queue and all else gone";
    }

    private async Task<string> KillMesAsync(DayFault fault)
    {
        await plant.KillReceiverAsync();
        if (!TakesItsDatabaseAlong(fault))
        {
            return "";
        }

        await plant.Database.KillAsync();
        return "with its database";
    }

    private static bool TakesItsDatabaseAlong(DayFault fault) => fault.Turn % 2 == 0;

    private string Step(DayFault fault)
    {
        // By 5 to 25 minutes: farther than a short day is long, so that no time of it can be taken for another.
        var offset = TimeSpan.FromSeconds((300 + (1.2 * fault.Turn)) * (fault.Turn % 2 == 0 ? 1 : -1));
        plant.Clock.StepTo(offset);
        return string.Create(CultureInfo.InvariantCulture, $"by {offset.TotalSeconds:+0;-0} s");
    }

    private async Task<string> RevokeAsync()
    {
        await plant.Keys.RevokeAsync(IdentityName(identity));
        await plant.Broker.StopAsync();
        await plant.Broker.StartAsync();
        return IdentityName(identity);
    }

    private async Task<string> GiveNewIdentityAsync()
    {
        var refused = await ShowsAsync(
            async () => (await plant.Gateway.StatusAsync()).Text.Contains("revoked", StringComparison.Ordinal));
        identity++;
        await plant.Keys.IssueAsync(IdentityName(identity), FieldGateway.Id);
        plant.Keys.WriteIdentityVersion(
            plant.Gateway.IdentityDirectory, IdentityName(identity),
            identity.ToString("0000", CultureInfo.InvariantCulture));
        return Noticed("revocations that the gateway told of", refused, "the gateway had said so");
    }

    /// <summary>
    /// It lasts at least as planned, and until it shows: a gateway that had trouble before waits between its tries.
    /// </summary>
    private static async Task<bool> ShowsAsync(Func<Task<bool>> condition)
    {
        for (var began = TimeProvider.System.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(250)))
        {
            if (await condition())
            {
                return true;
            }

            if (TimeProvider.System.GetElapsedTime(began) > ShowsWithin)
            {
                return false;
            }
        }
    }

    private static string IdentityName(int number) => number == 1 ? "gateway" : $"gateway-{number}";

    /// <summary>False where the agent is away: nobody can be asked then.</summary>
    private async Task<bool> StatusSaysAsync(Func<System.Text.Json.JsonElement, bool> condition)
    {
        try
        {
            return agentIsUp && condition(await plant.Gateway.StatusJsonAsync());
        }
        catch (InvalidOperationException)
        {
            // Killed meanwhile, or not up yet.
            return false;
        }
    }

    private string Noticed(string what, bool was, string sentence)
    {
        if (was)
        {
            Count(what);
        }

        return was ? sentence : "";
    }

    private void Count(string what)
    {
        lock (seen)
        {
            seen[what] = seen.GetValueOrDefault(what) + 1;
        }
    }

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
}
