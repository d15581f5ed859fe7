using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Sluice.Gateway.Machine;

/// <summary>
/// A sluice-probe that runs in the guest (probe/Program.cs), and what it has said so far. Ended with the test.
/// </summary>
public sealed class Probe : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly VirtualGateway machine;
    private readonly string log;
    private string pid = "";
    private string[] lines = [];

    private Probe(VirtualGateway machine, string log)
    {
        this.machine = machine;
        this.log = log;
    }

    /// <summary>Watches lines of a chip; returns when each was read once.</summary>
    public static Task<Probe> WatchAsync(
        VirtualGateway machine, string chip, string state, params string[] signals) =>
        StartAsync(machine, $"watch {chip} {state} 50 {string.Join(' ', signals)}");

    /// <summary>Watches sensors; returns when each was read once.</summary>
    public static Task<Probe> SensorsAsync(VirtualGateway machine, params string[] addresses) =>
        StartAsync(machine, $"sensors 50 {string.Join(' ', addresses)}");

    private static async Task<Probe> StartAsync(VirtualGateway machine, string arguments)
    {
        var probe = new Probe(machine, $"/tmp/probe-{Guid.NewGuid():N}");

        // The log is there before the probe runs: on a busy machine we look before its shell has made it.
        probe.pid = (await machine.RunAsync(
            $": > {probe.log}; /app/sluice-probe {arguments} >> {probe.log} 2>&1 & echo $!")).Trim();
        await probe.UntilAsync(() => probe.lines.Any(line => line.StartsWith('#')));
        return probe;
    }

    /// <summary>Value and quality that a signal has now.</summary>
    public string this[string signal] => Parts(signal).LastOrDefault() is { } parts ? $"{parts[1]} {parts[2]}" : "";

    public long Value(string signal) => long.Parse(Parts(signal).Last()[1], CultureInfo.InvariantCulture);

    /// <summary>The values of a signal that is measured in seconds, those that have one.</summary>
    public IReadOnlyList<double> Seconds(string signal) =>
    [
        .. Parts(signal).Where(parts => parts[1].Length > 0)
            .Select(parts => double.Parse(parts[1], CultureInfo.InvariantCulture)),
    ];

    /// <summary>Every reading that differed from the one before: value and quality.</summary>
    public IReadOnlyList<string> Course(string signal) => [.. Parts(signal).Select(parts => $"{parts[1]} {parts[2]}")];

    /// <summary>When each of them was, UTC.</summary>
    public IReadOnlyList<DateTime> Times(string signal) =>
    [
        .. Parts(signal).Select(parts => DateTime.Parse(
            parts[3], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)),
    ];

    /// <summary>What the source says of itself: state, counters, sentence.</summary>
    public string Health => lines.Last(line => line.StartsWith('#'));

    public long Counter(string name) => long.Parse(
        Health.Split(' ').Single(word => word.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..],
        CultureInfo.InvariantCulture);

    public Task SignalAsync(string signal) => machine.RunAsync($"kill -{signal} {pid}");

    /// <summary>Reads what it has said by now.</summary>
    public Task LookAsync() => UntilAsync(() => true);

    /// <summary>Waits until it is so; the whole log stands in the failure.</summary>
    public async Task UntilAsync(Func<bool> condition, Func<Task>? look = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            await (look?.Invoke() ?? Task.CompletedTask);
            lines = (await machine.RunAsync($"cat {log}")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (condition())
            {
                return;
            }

            Assert.True(
                Stopwatch.GetElapsedTime(began) < Patience,
                $"waited {Patience.TotalSeconds} s; the probe said:\n{string.Join('\n', lines)}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until a file of the guest holds a total of a signal, of whatever epoch.</summary>
    public async Task UntilKeptAsync(string file, long total, string signal)
    {
        var kept = "";
        await UntilAsync(() => KeptCounters.Has(kept, total, signal), async () =>
            kept = await machine.RunAsync($"cat {file}"));
    }

    /// <summary>Stops it as systemd stops the agent, and waits until it is gone.</summary>
    public async Task CloseAsync()
    {
        await SignalAsync("TERM");
        await UntilAsync(() => lines[^1] == "CLOSED");
    }

    public async ValueTask DisposeAsync() =>
        await machine.RunAsync($"kill -KILL {pid} 2>/dev/null; while [ -d /proc/{pid} ]; do usleep 20000; done; true");

    private IEnumerable<string[]> Parts(string signal) => lines
        .Where(line => line.StartsWith(signal + " ", StringComparison.Ordinal))
        .Select(line => line.Split(' '));
}
