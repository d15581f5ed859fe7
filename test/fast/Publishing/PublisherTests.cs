using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Publishing;

public sealed class PublisherTests
{
    [Fact]
    public async Task Status_birth_and_ledger_come_before_the_first_reading_and_everything_arrives_once()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(1200);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        Assert.Equal(
            [$"{PublisherBench.Base}/status", $"{PublisherBench.Base}/birth", $"{PublisherBench.Base}/ledger"],
            bench.Link.Accepted.Take(3).Select(message => message.Topic));
        Assert.All(bench.Link.Accepted.Take(3), message => Assert.True(message.Retain));
        Assert.All(Enumerable.Range(1, 1200), position => Assert.Equal(1, bench.Arrived[position]));
        Assert.All(Data(bench), message => Assert.False(message.Retain));
        Assert.Empty(bench.Mes().Violations);
        Assert.Equal(1200, bench.Publisher.Health.DeliveredReadings);
        Assert.Equal("connected", bench.Publisher.Health.State);
    }

    [Fact]
    public async Task What_was_stored_while_away_comes_as_history_after_the_first_live_readings()
    {
        await using var bench = new PublisherBench();
        bench.Link.Connect = () => new ConnectOutcome(ConnectVerdict.Refused, "nobody is there.");
        await bench.StartAsync();
        await bench.AppendAsync(3000);
        await PublisherBench.UntilAsync(() => bench.Publisher.Health.State == "waiting");
        Assert.Equal("nobody is there.", bench.Publisher.Health.Sentence);

        bench.Link.Connect = () => ScriptedLink.Connected(4);
        await PublisherBench.UntilAsync(() => bench.Publisher.Health.State == "connected");
        await bench.AppendAsync(10);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        Assert.All(Data(bench), message =>
            Assert.All(Wire.Positions(message.Payload), p =>
                Assert.Equal(p <= 3000, Wire.IsHistorical(message.Payload))));
        Assert.All(Enumerable.Range(1, 3010), position => Assert.Equal(1, bench.Arrived[position]));
        Assert.Equal(3000, bench.Publisher.Health.DeliveredHistorical);
    }

    [Fact]
    public async Task A_link_lost_with_messages_on_their_way_costs_duplicates_and_no_reading()
    {
        await using var bench = new PublisherBench();
        var answers = 0;
        bench.Link.Answer = message => message.Topic.EndsWith("/data", StringComparison.Ordinal)
            && Interlocked.Increment(ref answers) % 5 == 4 ? null : DeliveryOutcome.Accepted;
        await bench.StartAsync();
        for (var i = 0; i < 6; i++)
        {
            await bench.AppendAsync(700);
            bench.Link.Cut();
        }

        bench.Link.Answer = _ => DeliveryOutcome.Accepted;
        bench.Link.Cut();
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.All(Enumerable.Range(1, 4200), position => Assert.True(bench.Arrived[position] >= 1));
        Assert.Empty(bench.Mes().Violations);
        Assert.True(bench.Link.Connections >= 2);
    }

    [Fact]
    public async Task A_reading_that_is_sent_twice_is_the_same_bytes_both_times()
    {
        await using var bench = new PublisherBench();
        var payloads = new List<byte[]>();
        bench.Link.Answer = message =>
        {
            if (message.Topic.EndsWith("/data", StringComparison.Ordinal))
            {
                payloads.Add([.. message.Payload.First.Span]);
                return payloads.Count == 1 ? null : DeliveryOutcome.Accepted;
            }

            return DeliveryOutcome.Accepted;
        };
        await bench.StartAsync();
        await bench.AppendAsync(3);
        await PublisherBench.UntilAsync(() => payloads.Count == 1);
        bench.Link.Cut();
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        Assert.Equal(Readings(payloads[0]), Readings(payloads[1]));
    }

    [Fact]
    public async Task Nobody_listening_holds_the_readings_and_says_so()
    {
        await using var bench = new PublisherBench();
        bench.Link.Answer = message => DeliveryOutcome.Of(0x10, "", message.Topic, message.Retain);
        await bench.StartAsync();
        await bench.AppendAsync(100);
        await PublisherBench.UntilAsync(() => bench.Publisher.Health.State == "holding");

        Assert.Contains("nobody subscribes", bench.Publisher.Health.Sentence);
        Assert.Equal(0x10, bench.Publisher.Health.ReasonCode);
        Assert.Equal(100, bench.View.Waiting);

        bench.Link.Answer = _ => DeliveryOutcome.Accepted;
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.Equal("connected", bench.Publisher.Health.State);
        Assert.All(Data(bench), message => Assert.False(Wire.IsHistorical(message.Payload)));
    }

    [Fact]
    public async Task An_acl_that_refuses_the_status_lets_no_reading_out()
    {
        await using var bench = new PublisherBench();
        bench.Link.Answer = message => DeliveryOutcome.Of(0x87, "", message.Topic, message.Retain);
        await bench.StartAsync();
        await bench.AppendAsync(5);
        await PublisherBench.UntilAsync(() => bench.Publisher.Health.State == "holding");

        Assert.Contains("ACL", bench.Publisher.Health.Sentence);
        Assert.Empty(bench.Link.Accepted);
        Assert.Equal(5, bench.View.Waiting);
    }

    [Fact]
    public async Task Messages_stay_within_messageBytesMax_and_the_brokers_packet_limit()
    {
        await using var bench = new PublisherBench(new PublishSettings { MessageBytesMax = 20_000 });
        bench.Link.Connect = () => ScriptedLink.Connected(4, packetBytesMax: 4_000);
        await bench.StartAsync();
        await bench.AppendAsync(1000);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        Assert.All(Data(bench), message => Assert.InRange(message.Payload.Length, 1, 3_900));
        Assert.All(Enumerable.Range(1, 1000), position => Assert.Equal(1, bench.Arrived[position]));
    }

    [Fact]
    public async Task A_broker_that_hangs_up_on_large_messages_without_saying_its_limit_gets_smaller_ones()
    {
        await using var bench = new PublisherBench(new PublishSettings { MessageBytesMax = 10_000 });
        bench.Link.Answer = message =>
        {
            if (message.Payload.Length < 6_000)
            {
                return DeliveryOutcome.Accepted;
            }

            bench.Link.Cut("too large", 0x95);
            return null;
        };
        await bench.StartAsync();
        await bench.AppendAsync(1000);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.All(Data(bench), message => Assert.InRange(message.Payload.Length, 1, 6_000));
    }

    [Fact]
    public async Task A_birth_that_the_broker_hung_up_on_ended_every_connection_anew()
    {
        await using var bench = new PublisherBench(new PublishSettings { MessageBytesMax = 10_000 });
        bench.Link.Answer = message =>
        {
            if (!message.Topic.EndsWith("/birth", StringComparison.Ordinal)
                || !Encoding.UTF8.GetString(message.Payload.First.Span).Contains("\"last\"", StringComparison.Ordinal))
            {
                return DeliveryOutcome.Accepted;
            }

            bench.Link.Cut("too large", 0x95);
            return null;
        };
        await bench.Buffer.StartAsync(CancellationToken.None);
        await bench.AppendAsync(1000);
        await bench.Publisher.StartAsync(CancellationToken.None);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        var birth = bench.Link.Accepted.Last(message => message.Topic.EndsWith("/birth", StringComparison.Ordinal));
        Assert.True(Wire.Json(birth.Payload).GetProperty("reduced").GetBoolean());
        Assert.Contains(Data(bench), message => message.Payload.Length > 5_000);
    }

    [Fact]
    public async Task A_birth_that_is_too_large_goes_without_its_extras()
    {
        await using var bench = new PublisherBench();
        bench.Link.Answer = message => message.Topic.EndsWith("/birth", StringComparison.Ordinal)
            && Encoding.UTF8.GetString(message.Payload.First.Span).Contains("\"last\"", StringComparison.Ordinal)
                ? DeliveryOutcome.Of(0x95, "", message.Topic, message.Retain)
                : DeliveryOutcome.Accepted;
        await bench.Buffer.StartAsync(CancellationToken.None);
        await bench.AppendAsync(3);
        await bench.Publisher.StartAsync(CancellationToken.None);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        var birth = bench.Link.Accepted.Single(message => message.Topic.EndsWith("/birth", StringComparison.Ordinal));
        Assert.True(Wire.Json(birth.Payload).GetProperty("reduced").GetBoolean());
        Assert.Empty(bench.Mes().Violations);
    }

    [Fact]
    public async Task A_stop_waits_for_answers_says_stopped_and_disconnects()
    {
        var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(10);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        await bench.DisposeAsync();

        var last = Wire.Json(bench.Link.Accepted[^1].Payload);
        Assert.Equal("offline", last.GetProperty("state").GetString());
        Assert.Equal("stopped", last.GetProperty("reason").GetString());
        Assert.True(bench.Link.DisconnectedCleanly);
        Assert.Equal("stopped", bench.Publisher.Health.State);
        Assert.Equal("lost", Wire.Json(bench.Link.Will!.Payload.First).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_restart_sends_nothing_again_that_was_acknowledged()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(900);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        await bench.RestartAsync();
        await bench.AppendAsync(100);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        Assert.All(Enumerable.Range(1, 1000), position => Assert.Equal(1, bench.Arrived[position]));
        Assert.Empty(bench.Mes().Violations);
    }

    [Fact]
    public async Task Readings_that_the_buffer_dropped_are_named_in_a_ledger_and_the_rest_arrives()
    {
        await using var bench = new PublisherBench(bufferBytesMax: 20_000);
        bench.Link.Connect = () => new ConnectOutcome(ConnectVerdict.Refused, "nobody is there.");
        await bench.StartAsync();
        for (var i = 0; i < 10; i++)
        {
            await bench.AppendAsync(1000);
        }

        bench.Link.Connect = () => ScriptedLink.Connected(16);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        var dropped = bench.View.DroppedCount;
        Assert.InRange(dropped, 1, 9_999);
        Assert.Equal(10_000 - dropped, bench.Arrived.Count);
        var ledger = bench.Link.Accepted.First(message => message.Topic.EndsWith("/ledger", StringComparison.Ordinal));
        Assert.Equal(dropped, Wire.Json(ledger.Payload).GetProperty("stores")[0].GetProperty("dropped").GetInt64());
        Assert.Empty(bench.Mes().Violations);
    }

    [Fact]
    public async Task The_loop_turns_only_when_something_happened()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            await bench.AppendAsync(1);
            await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        }

        // Each reading: durable, sent, answered, acknowledged, and a few that coincide. A loop that spins makes
        // thousands.
        Assert.InRange(bench.Publisher.LoopRounds, 50, 1000);
    }

    private static IEnumerable<Delivered> Data(PublisherBench bench) =>
        bench.Link.Accepted.Where(message => message.Topic.EndsWith("/data", StringComparison.Ordinal));

    private static string Readings(byte[] payload)
    {
        var text = Encoding.UTF8.GetString(payload);
        return text[text.IndexOf("\"readings\"", StringComparison.Ordinal)..];
    }
}
