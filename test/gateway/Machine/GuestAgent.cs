using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Gateway.Machine;

/// <summary>
/// The binary that ships, in the guest, with an identity, a buffer and a state of its own. It can be stopped, killed
/// and started again on what it left.
/// </summary>
internal sealed class GuestAgent : ISpeakingAgent, IAsyncDisposable
{
    public const string Id = "gw-1";

    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(60);

    private readonly VirtualGateway machine;
    private readonly string home = $"/data/{Guid.NewGuid():N}"[..14];
    private string pid = "";

    private GuestAgent(VirtualGateway machine) => this.machine = machine;

    /// <summary>What it counted, as it keeps it for the next start.</summary>
    public string Counters => $"{home}/buffer/counters/line.txt";

    private string Run =>
        $"/app/sluice-agent run --config {home}/gateway.json --state {home}/state --socket {home}/status.sock";

    /// <summary>An agent that was not started yet. Its source is called line.</summary>
    /// <param name="machine">Where.</param>
    /// <param name="outside">The broker that it is to find, and who signs its certificate.</param>
    /// <param name="chip">The chip that it watches.</param>
    /// <param name="signals">Rows of its signal list: <c>press,gpio:DI1,count</c>.</param>
    /// <param name="light">The line of its status light, on the same chip.</param>
    /// <param name="commitEvery">How often it makes sure on the disk of what it read.</param>
    public static async Task<GuestAgent> PrepareAsync(
        VirtualGateway machine, MesOutside outside, SimulatedChip chip, string[] signals, string? light = null,
        string commitEvery = "200 ms")
    {
        var agent = new GuestAgent(machine);
        using var files = new FieldDirectory();
        var lightOfTheBoard = light is null
            ? "" : $"\"light\": {{ \"chip\": \"{chip.Device}\", \"line\": \"{light}\" }},";
        outside.Keys.WriteIdentityDirectory(files.At("identity"), Id).Dispose();
        await File.WriteAllLinesAsync(files.At("line.csv"), signals.Prepend("signal,address,type"));
        await File.WriteAllTextAsync(files.At("gateway.json"), string.Create(CultureInfo.InvariantCulture, $$"""
            {
              "gateway": { "site": "{{MesOutside.Site}}", "id": "{{Id}}" },
              "broker": { "host": "{{MosquittoBroker.Host}}", "addresses": ["{{MesOutside.AddressForGuest}}"],
                          "port": {{outside.Broker.Port}}, "network": "10.0.2.0/28", "keepAlive": "5 s" },
              "identity": { "directory": "{{agent.home}}/identity", "key": "file" },
              "buffer": { "directory": "{{agent.home}}/buffer", "sizeMax": "16 MiB", "commitEvery": "{{commitEvery}}" },
              {{lightOfTheBoard}}
              "sources": {
                "line": { "kind": "gpio", "chip": "{{chip.Label}}", "every": "100 ms", "signals": "line.csv" }
              }
            }
            """));
        await machine.CopyInAsync(files.Root, agent.home);
        return agent;
    }

    public async Task StartAsync() => pid = (await machine.RunAsync(
        $": >> {home}/log; {Run} >> {home}/log 2>&1 & echo $!")).Trim();

    /// <summary>
    /// Starts it and returns how long it took, by the guest's clock, until the broker had acknowledged a reading.
    /// </summary>
    public async Task<TimeSpan> StartMeasuredAsync()
    {
        await machine.RunAsync(
            $"/app/sluice-probe first-acknowledged {home}/status.sock {Run} >> {home}/log 2>&1; true");
        var said = (await machine.RunAsync($"grep ^ACKNOWLEDGED {home}/log; true")).Trim().Split(' ');
        Assert.True(said.Length == 3, $"no reading was acknowledged:\n{await SaidAsync()}");
        pid = said[1];
        return TimeSpan.FromMilliseconds(double.Parse(said[2], CultureInfo.InvariantCulture));
    }

    /// <summary>As systemd stops it; it has to end by itself.</summary>
    public async Task StopAsync()
    {
        await machine.RunAsync($"kill -TERM {pid}");
        await EndsAsync();
    }

    /// <summary>As nobody should: kill -9.</summary>
    public async Task KillAsync()
    {
        await machine.RunAsync($"kill -KILL {pid}");
        await EndsAsync();
    }

    /// <summary>Waits until its file of counters has this total.</summary>
    public async Task UntilKeptAsync(long total, string signal) => await Eventually.HoldsAsync(
        async () => KeptCounters.Has(
            await machine.RunAsync($"cat {Counters} 2>/dev/null; true"), total, $"line/{signal}"),
        EndsWithin, () => $"{Counters} never held {total} of {signal}");

    /// <summary>What the verb prints, and its exit code on the last line.</summary>
    public Task<string> ProveAsync() =>
        machine.RunAsync($"/app/sluice-agent prove --socket {home}/status.sock 2>&1; echo ended with $?");

    /// <summary>What a technician's program is told; empty while no agent answers.</summary>
    public async Task<JsonElement?> StatusAsync()
    {
        var said = await machine.RunAsync($"/app/sluice-agent status --json --socket {home}/status.sock; true");
        if (!said.StartsWith('{'))
        {
            return null;
        }

        using var json = JsonDocument.Parse(said);
        return json.RootElement.Clone();
    }

    /// <summary>The end of its log.</summary>
    public Task<string> SaidAsync() => machine.RunAsync($"tail -n 40 {home}/log");

    public async ValueTask DisposeAsync()
    {
        if (pid.Length > 0)
        {
            await machine.RunAsync($"kill -KILL {pid} 2>/dev/null; true");
            await EndsAsync();
        }

        await machine.RunAsync($"rm -rf {home}");
    }

    private async Task EndsAsync() => await Eventually.HoldsAsync(
        async () => (await machine.RunAsync($"[ -d /proc/{pid} ] && echo there; true")).Length == 0, EndsWithin,
        () => "the agent does not end");
}
