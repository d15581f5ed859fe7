using Sluice.Bench.Buffer;
using Sluice.Bench.Modbus;

namespace Sluice.Bench.Uplink;

/// <summary>
/// A million readings that waited go out while others come in; then the bare publisher sends what the agent sent.
/// Turn by turn, several rounds, so that a machine that gets slower does so for both.
/// </summary>
internal sealed class Drains(string agent, BareRun bare, UplinkRig rig)
{
    private const int Rounds = 5;
    private const int LiveReadings = 1000;

    /// <summary>What may wait at the end: several commits of the live source.</summary>
    private const int WaitingMax = 500;

    private readonly List<Drain> drains = [];
    private IReadOnlyDictionary<string, double> gzip = new Dictionary<string, double>();

    public async Task RunAsync(CancellationToken cancel)
    {
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var encoding in (string[])["none", "gzip"])
            {
                var payloads = rig.At("payloads-" + encoding);
                var own = await AgentAsync("agent", encoding, payloads, cancel);
                var limit = await bare.PublishAsync(payloads, encoding, TimeSpan.Zero);
                drains.Add(own);
                drains.Add(Drain.Of(encoding, limit, own));
            }
        }

        foreach (var encoding in (string[])["none", "gzip"])
        {
            drains.Add(await AgentAsync("shipped", encoding, rig.At("payloads-shipped"), cancel));
        }

        gzip = await bare.GzipAsync(rig.At("payloads-none"));
    }

    public void Print(TextWriter output)
    {
        var table = new Table(
            output, Figures.Of($"A backlog of {Backlog.Readings:N0} readings, with {LiveReadings:N0} live ones a ")
                + $"second, median of {Rounds} rounds",
            "publisher", "encoding", "readings/s", "of the limit", "messages/s", "CPU us/reading", "broker's",
            "receiver's", "payload B/reading", "sent B/reading", "live p50 ms", "p99 ms");
        foreach (var encoding in (string[])["none", "gzip"])
        {
            var limit = Of("bare", encoding);
            var own = Of("agent", encoding);
            var pairs = own.Zip(limit, (one, other) => one.PerSecond / other.PerSecond);
            Row(table, $"bare MQTTnet: the limit", encoding, limit, $"1");
            Row(table, $"agent", encoding, own, $"{Figures.Median(pairs):F2}");
            Row(table, $"agent, rateMax 2 MiB/s as shipped", encoding, Of("shipped", encoding), $"");
        }

        table.Print();
        var readings = Of("agent", "none")[^1].Arrived;
        output.WriteLine(Figures.Of(
            $"  gzip alone makes {gzip["plain"] / gzip["packed"]:F1} bytes into one and takes ")
            + Figures.Of($"{gzip["cpu"] / readings * 1e6:F2} us of CPU a reading"));
    }

    private Drain[] Of(string publisher, string encoding) =>
        [.. drains.Where(drain => drain.Publisher == publisher && drain.Encoding == encoding)];

    private static void Row(
        Table table, FormattableString name, string encoding, Drain[] rounds, FormattableString ofTheLimit)
    {
        double Median(Func<Drain, double> figure) => Figures.Median(rounds.Select(figure));
        double Each(Func<Drain, TimeSpan> time) => Median(round => time(round).TotalMicroseconds / round.Readings);
        var live = rounds.SelectMany(round => round.Live).ToArray();
        table.Row(
            name, $"{encoding}", $"{Median(round => round.PerSecond):N0}", ofTheLimit,
            $"{Median(round => round.MessagesInThat / round.Took.TotalSeconds):N0}",
            $"{Each(round => round.Spent.Publisher):F2}", $"{Each(round => round.Spent.Broker):F2}",
            $"{Each(round => round.Spent.Receiver):F2}",
            $"{Median(round => round.PayloadBytes / (double)round.Readings):F1}",
            $"{Median(round => round.Spent.WireBytes / (double)round.Readings):F1}",
            Live(0.50), Live(0.99));

        FormattableString Live(double share) =>
            live.Length > 0 ? $"{Figures.Quantile(live, share):F0}" : (FormattableString)$"";
    }

    private async Task<Drain> AgentAsync(string name, string encoding, string payloads, CancellationToken cancel)
    {
        var wish = rig.Wish("50 ms", encoding, Sources.Of(LiveReadings, TimeSpan.FromMilliseconds(100)));
        wish = name == "shipped" ? wish with { RateMax = null } : wish;
        await using var running = await rig.StartAgentAsync(agent, wish, withBacklog: true, cancel);
        await running.UntilDrainedAsync(WaitingMax, cancel);
        var total = Spent.Since(running.Began, await running.SpentAsync());
        var uplink = (await running.AskAsync(cancel)).Uplink;
        var arrivals = rig.Receiver.Take();
        PayloadFile.Write(payloads, arrivals.Select(arrival => arrival.Payload));
        var batches = arrivals.Select(arrival => SeenBatch.Of(arrival)).ToArray();
        var history = batches.Where(batch => batch.Historical).ToArray();
        var drained = batches.Where(batch => batch.At <= history[^1].At).ToArray();
        var live = drained.Where(batch => !batch.Historical).SelectMany(batch => batch.LatenciesMilliseconds());
        return new Drain(name, encoding, uplink.Acknowledged, total)
        {
            // The first one stands for the beginning, so what it brought does not count.
            Took = drained[^1].At - drained[0].At,
            InThat = drained.Skip(1).Sum(batch => batch.Stamps.Count),
            MessagesInThat = drained.Length - 1,
            PayloadBytes = uplink.AcknowledgedBytes,
            Arrived = batches.Sum(batch => batch.Stamps.Count),
            Live = [.. live],
        };
    }
}

/// <summary>One round of one publisher.</summary>
/// <param name="Publisher">bare, agent, or shipped: the agent with the rate it has where nobody says.</param>
/// <param name="Encoding">none or gzip.</param>
/// <param name="Readings">Acknowledged since its start.</param>
/// <param name="Spent">Since its start.</param>
internal sealed record Drain(string Publisher, string Encoding, long Readings, Spent Spent)
{
    /// <summary>From the first message to the last one of the backlog.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Readings in that time.</summary>
    public required long InThat { get; init; }

    public required int MessagesInThat { get; init; }

    public required long PayloadBytes { get; init; }

    /// <summary>Readings in all messages that came.</summary>
    public required long Arrived { get; init; }

    /// <summary>From source timestamp to arrival in milliseconds, of each live reading in that time.</summary>
    public IReadOnlyList<double> Live { get; init; } = [];

    public double PerSecond => InThat / Took.TotalSeconds;

    /// <summary>The bare publisher sent all that came from the agent.</summary>
    public static Drain Of(string encoding, BareFigures figures, Drain sent) =>
        new("bare", encoding, sent.Arrived, figures.Spent)
        {
            Took = figures.Spent.Elapsed,
            InThat = sent.Arrived,
            MessagesInThat = (int)figures.Said["messages"],
            PayloadBytes = sent.PayloadBytes * sent.Arrived / sent.Readings,
            Arrived = sent.Arrived,
        };
}
