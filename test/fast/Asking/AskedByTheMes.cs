using System.Text;
using System.Text.Json;
using Sluice.Agent.Asking;
using Sluice.Agent.Auditing;
using Sluice.Agent.Configuration;
using Sluice.Agent.Publishing;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Fast.Publishing;
using Xunit;

namespace Sluice.Fast.Asking;

/// <summary>Asks through the real publisher, over a scripted link, judged by the reference receiver.</summary>
public sealed class AskedByTheMes
{
    private static readonly string Answers = $"{PublisherBench.Base}/answer/";

    [Fact]
    public async Task What_was_acknowledged_comes_once_more_byte_for_byte_and_as_history()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(1_200);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        Ask(bench, Replay(101, 900));
        await PublisherBench.UntilAsync(() => Said(bench).Count == 2);

        Assert.Equal(["accepted", "done"], Said(bench).Select(answer => answer.GetProperty("result").GetString()));
        Assert.Equal(800, Said(bench)[1].GetProperty("readings").GetInt64());
        var (violations, stream) = bench.Mes();
        Assert.Empty(violations);
        Assert.Equal((1_200, 800), (stream.Readings, stream.Duplicates));
        Assert.All(bench.Arrived, arrived => Assert.Equal(arrived.Key is >= 101 and <= 900 ? 2 : 1, arrived.Value));
        Assert.All(bench.Link.Accepted.Where(sent => sent.Topic == $"{PublisherBench.Base}/data").TakeLast(1),
            sent => Assert.Contains("\"historical\":true", Encoding.UTF8.GetString(sent.Payload)));
    }

    [Fact]
    public async Task A_replay_goes_on_after_the_link_was_lost_in_its_middle()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(5_000);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        var seen = 0;
        bench.Link.Answer = message =>
        {
            if (message.Topic.EndsWith("/data", StringComparison.Ordinal) && ++seen == 4)
            {
                bench.Link.Cut();
                return null;
            }

            return DeliveryOutcome.Accepted;
        };
        Ask(bench, Replay(1, 5_000));
        await PublisherBench.UntilAsync(() => Said(bench).Count == 2);
        Assert.Equal(5_000, Said(bench)[1].GetProperty("readings").GetInt64());
        Assert.Empty(bench.Mes().Violations);
        Assert.All(bench.Arrived, arrived => Assert.InRange(arrived.Value, 2, 3));
    }

    [Fact]
    public async Task What_is_not_held_any_more_is_answered_as_gone()
    {
        await using var bench = new PublisherBench(bufferBytesMax: 8 << 10);
        await bench.StartAsync();
        await bench.AppendAsync(20_000);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0 && bench.View.First > 100);
        var first = bench.View.First;

        Ask(bench, Replay(1, first));
        await PublisherBench.UntilAsync(() => Said(bench).Count == 2);
        var answer = Said(bench)[0];
        Assert.Equal($"[[1,{first - 1}]]", answer.GetProperty("gone").GetRawText());
        Assert.Equal($"[[{first},{first}]]", answer.GetProperty("ranges").GetRawText());

        Ask(bench, Replay(1, first - 1));
        await PublisherBench.UntilAsync(() => Said(bench).Count == 3);
        Assert.Equal("done", Said(bench)[2].GetProperty("result").GetString());
        Assert.Equal(0, Said(bench)[2].GetProperty("readings").GetInt64());
    }

    [Fact]
    public async Task Where_the_MES_acknowledges_the_brokers_word_lets_nothing_be_forgotten()
    {
        await using var bench = new PublisherBench(new PublishSettings { AcknowledgedBy = AcknowledgedBy.Mes });
        await bench.StartAsync();
        await bench.AppendAsync(100);
        await PublisherBench.UntilAsync(() => bench.Mes().Stream.Readings == 100);
        Assert.Equal(100, bench.View.Waiting);

        Ask(bench, $$"""{"v":1,"ask":"acknowledge","store":"{{PublisherBench.Store}}","ranges":[[51,70],[1,40]]}""");
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 40);
        Assert.Equal("done", Assert.Single(Said(bench)).GetProperty("result").GetString());
        Ask(bench, $$"""{"v":1,"ask":"acknowledge","store":"{{PublisherBench.Store}}","ranges":[[1,900000]]}""");
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.Equal(101, bench.View.Next);
    }

    [Fact]
    public async Task Birth_and_ledger_come_again_when_they_are_asked_for()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        await PublisherBench.UntilAsync(() => Count(bench, "ledger") == 1);
        Ask(bench, """{"v":1,"ask":"birth"}""");
        await PublisherBench.UntilAsync(() => Count(bench, "birth") == 2);
        Ask(bench, """{"v":1,"ask":"ledger"}""");
        await PublisherBench.UntilAsync(() => Count(bench, "ledger") == 2 && Said(bench).Count == 2);
        Assert.Equal(2, bench.Publisher.Health.AsksGranted);
    }

    /// <summary>
    /// An ask that came between the subscription and the session's first step was acknowledged and lost.
    /// </summary>
    [Fact]
    public async Task An_ask_that_comes_while_the_connection_is_being_made_is_not_lost()
    {
        await using var bench = new PublisherBench();
        bench.Link.Connect = () =>
        {
            Ask(bench, """{"v":1,"ask":"ledger"}""");
            return ScriptedLink.Connected(1000);
        };
        await bench.StartAsync();
        await PublisherBench.UntilAsync(() => Said(bench).Count == 1);
        bench.Link.Cut();
        await PublisherBench.UntilAsync(() => Said(bench).Count == 2);
    }

    [Fact]
    public async Task Nonsense_is_answered_counted_and_changes_nothing()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(10);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Ask(bench, """{"v":1,"ask":"write","signal":"line/count","value":0}""");
        await PublisherBench.UntilAsync(() => Said(bench).Count == 1);
        Assert.Equal("Unknown", Said(bench)[0].GetProperty("reason").GetString());
        Assert.Equal((0L, 1L), (bench.Publisher.Health.AsksGranted, bench.Publisher.Health.AsksRefused));
        Assert.All(bench.Arrived, arrived => Assert.Equal(1, arrived.Value));
        Assert.Empty(bench.Mes().Violations);
    }

    [Fact]
    public async Task A_refused_ask_and_a_takeover_are_told_to_the_audit_log_with_the_correlation()
    {
        await using var bench = new PublisherBench();
        var told = new System.Collections.Concurrent.ConcurrentQueue<AuditNote>();
        bench.Publisher.Audit = told.Enqueue;
        await bench.StartAsync();
        Ask(bench, """{"v":1,"ask":"replay","store":"00000000000000000000000000000009","from":1,"to":2}""");
        Ask(bench, """{"v":1,"ask":"ledger"}""");
        await PublisherBench.UntilAsync(() => Said(bench).Count == 2);
        bench.Link.Cut("another client.", 0x8E, takenOver: true);
        await PublisherBench.UntilAsync(() => told.Count == 2);

        var (ask, takeover) = (told.First(), told.Last());
        Assert.Equal(
            ("ask replay", "refused", "MQTT 78797a", "UnknownStore"), (ask.Verb, ask.Result, ask.From, ask.Counted));
        Assert.Equal((AuditKind.Takeover, "takeover", "failed"), (takeover.Kind, takeover.Verb, takeover.Result));
    }

    [Fact]
    public void Sessions_that_end_without_a_word_are_told_once_until_it_is_over()
    {
        var loss = new LinkLoss("it was closed.");
        Assert.Null(Publisher.TakeoverSentence(loss, Contest.None, Contest.None));
        Assert.NotNull(Publisher.TakeoverSentence(loss, Contest.None, Contest.Suspected));
        Assert.Null(Publisher.TakeoverSentence(loss, Contest.Suspected, Contest.Suspected));
        Assert.NotNull(Publisher.TakeoverSentence(loss with { TakenOver = true }, Contest.Named, Contest.Named));
    }

    private static string Replay(long from, long to) =>
        $$"""{"v":1,"ask":"replay","store":"{{PublisherBench.Store}}","from":{{from}},"to":{{to}}}""";

    private static void Ask(PublisherBench bench, string payload) => bench.Link.Received(
        new InboundMessage($"{PublisherBench.Base}/ask", Encoding.UTF8.GetBytes(payload))
        {
            ResponseTopic = Answers + "7",
            Correlation = "xyz"u8.ToArray(),
        });

    private static int Count(PublisherBench bench, string topic) =>
        bench.Link.Accepted.Count(sent => sent.Topic == $"{PublisherBench.Base}/{topic}");

    private static List<JsonElement> Said(PublisherBench bench) =>
    [
        .. bench.Link.Accepted.Where(sent => sent.Topic.StartsWith(Answers, StringComparison.Ordinal)).Select(sent =>
        {
            Assert.Equal("xyz", Encoding.UTF8.GetString(sent.Correlation));
            using var document = JsonDocument.Parse(sent.Payload);
            return document.RootElement.Clone();
        }),
    ];
}
