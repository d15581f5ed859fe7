using Sluice.Agent.Buffering;
using Sluice.Agent.Uplink;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>
/// A ledger's lists grow for months. One that had grown over the broker's limit was refused each time, and no reading
/// goes before its ledger: nothing was delivered any more, for ever.
/// </summary>
public sealed class LedgerSizeTests
{
    private const int LimitBytes = 4000;

    [Fact]
    public Task A_ledger_that_grew_over_the_brokers_packet_limit_keeps_no_reading_back() => Deliver(
        bench => bench.Link.Connect = () => ScriptedLink.Connected(16, LimitBytes));

    [Fact]
    public Task A_ledger_that_the_broker_finds_too_large_goes_shorter_the_next_time() => Deliver(
        bench => bench.Link.Answer = message => IsLarge(message)
            ? DeliveryOutcome.Of(0x95, "", message.Topic, message.Retain)
            : DeliveryOutcome.Accepted);

    [Fact]
    public async Task A_broker_that_found_one_ledger_too_large_got_short_ones_on_every_later_connection_too()
    {
        await using var bench = new PublisherBench();
        bench.Link.Answer = message => IsLarge(message)
            ? DeliveryOutcome.Of(0x95, "", message.Topic, message.Retain)
            : DeliveryOutcome.Accepted;
        await HaveHolesAsync(bench);
        await bench.Publisher.StartAsync(CancellationToken.None);
        await PublisherBench.UntilAsync(() => Ledgers(bench).Any());

        bench.Link.Answer = _ => DeliveryOutcome.Accepted;
        bench.Link.Cut("somebody put the broker right");

        await PublisherBench.UntilAsync(() => Ledgers(bench).Any(ledger => ledger.Payload.Length > LimitBytes));
    }

    private static IEnumerable<Delivered> Ledgers(PublisherBench bench) =>
        bench.Link.Accepted.Where(message => message.Topic.EndsWith("/ledger", StringComparison.Ordinal));

    private static bool IsLarge(OutboundMessage message) =>
        message.Topic.EndsWith("/ledger", StringComparison.Ordinal) && message.Payload.Length > LimitBytes;

    /// <summary>Every second reading was acknowledged before: a long list.</summary>
    private static async Task HaveHolesAsync(PublisherBench bench)
    {
        await bench.Buffer.StartAsync(CancellationToken.None);
        await bench.AppendAsync(1000);
        for (var position = 1; position <= 1000; position += 2)
        {
            await bench.Buffer.AcknowledgeAsync(
                PublisherBench.Store, new PositionRange(position, position), CancellationToken.None);
        }

        await PublisherBench.UntilAsync(() => bench.View.Waiting == 500);
    }

    private static async Task Deliver(Action<PublisherBench> limit)
    {
        await using var bench = new PublisherBench();
        limit(bench);
        await HaveHolesAsync(bench);
        await bench.Publisher.StartAsync(CancellationToken.None);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        var ledger = Ledgers(bench).First();
        var store = Wire.Json(ledger.Payload).GetProperty("stores")[0];
        var acknowledged = store.GetProperty("acknowledged");
        Assert.InRange(acknowledged.GetArrayLength(), 1, 499);
        Assert.Equal(999, acknowledged[acknowledged.GetArrayLength() - 1][0].GetInt64());
        Assert.Equal(500, store.GetProperty("waiting").GetInt64());
        Assert.InRange(ledger.Payload.Length, 1, LimitBytes);
        Assert.Empty(bench.Mes().Violations);
    }
}
