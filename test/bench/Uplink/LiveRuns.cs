using Sluice.Bench.Buffer;
using Sluice.Bench.Modbus;
using Sluice.Plant.Gateway;

namespace Sluice.Bench.Uplink;

/// <summary>
/// Readings that come in at a steady rate, and how long each takes from its source timestamp until it arrived. Of a
/// rate that the machine does not keep up with, more and more wait.
/// </summary>
internal sealed class LiveRuns(string agent, BareRun bare, UplinkRig rig, TimeProvider clock)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(10);

    private IReadOnlyList<Arrival> lastArrivals = [];

    public async Task PrintAsync(TextWriter output, CancellationToken cancel)
    {
        var table = new Table(
            output, Figures.Of($"Live readings of simulated sources, {Measured.TotalSeconds} s of each rate"),
            "offered/s", "commitEvery", "acknowledged/s", "waiting then", "in a message", "CPU us/reading", "broker's",
            "receiver's", "as history", "p50 ms", "p99 ms", "most ms");
        var paced = rig.At("payloads-paced");
        foreach (var commitEvery in (string[])["50 ms", "1 s"])
        {
            await RowAsync(table, 1000, TimeSpan.FromMilliseconds(100), commitEvery, cancel);
            if (commitEvery == "50 ms")
            {
                PayloadFile.Write(paced, lastArrivals.Select(arrival => arrival.Payload));
            }

            foreach (var offered in (int[])[10_000, 50_000, 100_000, 200_000])
            {
                await RowAsync(table, offered, Fast, commitEvery, cancel);
            }
        }

        table.Print();
        var limit = await bare.PublishAsync(paced, "none", TimeSpan.FromMilliseconds(50));
        output.WriteLine(Figures.Of(
            $"  bare MQTTnet, the messages of the first row, one each 50 ms: PUBACK after ")
            + Figures.Of($"{limit.Said["p50"]:F2} ms p50, {limit.Said["p99"]:F2} ms p99"));
    }

    private async Task RowAsync(
        Table table, int offered, TimeSpan every, string commitEvery, CancellationToken cancel)
    {
        SourceFile[] sources = Sources.Of(offered, every);
        await using var running =
            await rig.StartAgentAsync(agent, rig.Wish(commitEvery, "none", sources), withBacklog: false, cancel);
        await Task.Delay(WarmUp, clock, cancel);
        var first = await running.AskAsync(cancel);
        var before = await running.SpentAsync();
        rig.Receiver.Take();
        await Task.Delay(Measured, clock, cancel);
        lastArrivals = rig.Receiver.Take();
        var after = await running.SpentAsync();
        var last = await running.AskAsync(cancel);
        var spent = Spent.Since(before, after);
        var acknowledged = last.Uplink.Acknowledged - first.Uplink.Acknowledged;
        var reported = last.Sources.Sum(source => source.Reported) - first.Sources.Sum(source => source.Reported);
        var batches = lastArrivals.Select(arrival => SeenBatch.Of(arrival)).ToArray();
        var latencies = batches.SelectMany(batch => batch.LatenciesMilliseconds()).Order().ToArray();
        var history = batches.Where(batch => batch.Historical).Sum(batch => batch.Stamps.Count);
        table.Row(
            $"{reported / spent.Elapsed.TotalSeconds:N0}", $"{commitEvery}",
            $"{acknowledged / spent.Elapsed.TotalSeconds:N0}", $"{last.Buffer.Waiting:N0}",
            $"{latencies.Length / (double)batches.Length:F0}",
            $"{spent.Publisher.TotalMicroseconds / acknowledged:F2}",
            $"{spent.Broker.TotalMicroseconds / acknowledged:F2}",
            $"{spent.Receiver.TotalMicroseconds / acknowledged:F2}", $"{100.0 * history / latencies.Length:F0} %",
            $"{Figures.Quantile(latencies, 0.5):F0}", $"{Figures.Quantile(latencies, 0.99):F0}", $"{latencies[^1]:F0}");
    }
}
