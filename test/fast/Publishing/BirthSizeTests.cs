using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>
/// A birth lists every signal. One that was too large for the broker even without its extras was refused each time, and
/// no reading goes before its birth: nothing was delivered, for ever.
/// </summary>
public sealed class BirthSizeTests
{
    private const int LimitBytes = 6000;
    private const int Signals = 400;

    [Fact]
    public Task A_reduced_birth_over_the_brokers_packet_limit_keeps_no_reading_back() => Deliver(
        bench => bench.Link.Connect = () => ScriptedLink.Connected(16, LimitBytes));

    [Fact]
    public Task A_reduced_birth_that_the_broker_finds_too_large_lists_fewer_signals_the_next_time() => Deliver(
        bench => bench.Link.Answer = message => IsLarge(message)
            ? DeliveryOutcome.Of(0x95, "", message.Topic, message.Retain)
            : DeliveryOutcome.Accepted);

    [Fact]
    public Task A_broker_that_hangs_up_on_a_reduced_birth_gets_one_with_fewer_signals() => Deliver(
        bench => bench.Link.Answer = message =>
        {
            if (!IsLarge(message))
            {
                return DeliveryOutcome.Accepted;
            }

            bench.Link.Cut("too large", 0x95);
            return null;
        });

    private static bool IsLarge(OutboundMessage message) =>
        message.Topic.EndsWith("/birth", StringComparison.Ordinal) && message.Payload.Length > LimitBytes;

    private static async Task Deliver(Action<PublisherBench> limit)
    {
        await using var bench = new PublisherBench(
            new() { MessageBytesMax = 4 * LimitBytes }, silentSignals: Signals - 1, clock: new HurriedClock(20));
        limit(bench);
        await bench.Buffer.StartAsync(CancellationToken.None);
        await bench.AppendAsync(10);
        await bench.Publisher.StartAsync(CancellationToken.None);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        var birth = Wire.Json(bench.Link.Accepted
            .Last(message => message.Topic.EndsWith("/birth", StringComparison.Ordinal)).Payload);
        Assert.True(birth.GetProperty("reduced").GetBoolean());
        var listed = birth.GetProperty("signals").GetArrayLength();
        Assert.InRange(listed, 10, Signals - 1);
        Assert.Equal(Signals - listed, birth.GetProperty("unlisted").GetInt32());
        Assert.Equal("line/count", birth.GetProperty("signals")[0].GetProperty("s").GetString());
        Assert.Empty(bench.Mes().Violations);
    }
}
