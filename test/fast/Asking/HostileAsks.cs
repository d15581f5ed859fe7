using System.Text;
using CsCheck;
using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing;
using Sluice.Fast.Publishing;
using Xunit;

namespace Sluice.Fast.Asking;

/// <summary>
/// Whatever arrives by MQTT, through the real publisher: it is counted, the journal tells of it, and nothing else comes
/// of it but an answer below the gateway's own topic.
/// </summary>
public sealed class HostileAsks
{
    private const string Ask = $"{PublisherBench.Base}/ask";
    private const string Answer = $"{PublisherBench.Base}/answer/1";

    private static readonly InboundMessage Good = new(Ask, """{"v":1,"ask":"ledger"}"""u8.ToArray());

    [Fact]
    public async Task Every_way_to_be_refused_is_counted_and_told_and_changes_nothing()
    {
        await using var bench = await StartAsync();
        var before = Held(bench);
        InboundMessage[] refused =
        [
            Good with { Payload = "not json"u8.ToArray() },
            Good with { Payload = new byte[AskReader.PayloadBytesMax + 1] },
            Good with { Topic = "sluice/v1/plant1/gw-043/ask" },
            Good with { Topic = $"{PublisherBench.Base}/data" },
            Good with { ResponseTopic = $"{PublisherBench.Base}/data" },
            Good with { ResponseTopic = "sluice/v1/plant1/gw-043/answer/1" },
            Good with { Retained = true },
            Good with { Payload = """{"v":1,"ask":"write","signal":"line/count","value":0}"""u8.ToArray() },
            Good with { Payload = """{"v":1,"ask":"configure","broker":"203.0.113.1"}"""u8.ToArray() },
        ];
        foreach (var message in refused)
        {
            bench.Link.Received(message);
        }

        await PublisherBench.UntilAsync(() => bench.Publisher.Health.AsksRefused == refused.Length);
        Assert.All(
            (string[])["Malformed", "TooLarge", "Foreign", "ResponseTopic", "Retained", "Unknown"],
            reason => Assert.Contains(bench.Log.Lines, line => line.Contains($"over MQTT was refused: {reason}")));
        Assert.Equal(0, bench.Publisher.Health.AsksGranted);
        Unmoved(bench, before);
    }

    /// <summary>Asks beyond those that the loop had taken were counted where nobody looked.</summary>
    [Fact]
    public async Task Of_a_flood_every_ask_is_counted_few_are_told_and_readings_go_on()
    {
        await using var bench = await StartAsync();
        var before = Held(bench);
        const int Flood = 20_000;
        for (var i = 0; i < Flood; i++)
        {
            bench.Link.Received(Good);
        }

        await bench.AppendAsync(100);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        await PublisherBench.UntilAsync(() =>
            bench.Publisher.Health.AsksGranted + bench.Publisher.Health.AsksRefused == Flood);
        Assert.InRange(bench.Publisher.Health.AsksGranted, 1, 1_000);
        Assert.InRange(bench.Log.Lines.Count(line => line.Contains("TooMany", StringComparison.Ordinal)), 1, 15);
        Unmoved(bench, before, appended: 100);
    }

    [Fact]
    public async Task Whatever_comes_on_whatever_topic_moves_nothing_and_goes_nowhere_else()
    {
        await using var bench = await StartAsync();
        var before = Held(bench);
        string[] topics = [Ask, $"{PublisherBench.Base}/data", "sluice/v1/plant1/trust", "$SYS/x", "", "a/b"];
        string[] answers = ["", Answer, "x", $"{PublisherBench.Base}/status", $"{PublisherBench.Base}/answer/#"];
        string[] words =
        [
            "{", "}", "[", "]", ",", "\"v\":1", "\"ask\":", "\"birth\"", "\"replay\"", "\"acknowledge\"", "\"store\":",
            $"\"{PublisherBench.Store}\"", "\"from\":1", "\"to\":50", "\"ranges\":[[1,50]]", "\"write\"", "\u0000",
        ];
        var sent = 0;
        Gen.Select(
            Gen.Int[0, topics.Length - 1], Gen.Int[0, answers.Length - 1],
            Gen.Int[0, words.Length - 1].Array[0, 12], Gen.Bool).Sample(
            (topic, answer, said, retained) =>
            {
                bench.Link.Received(
                    new InboundMessage(
                        topics[topic], Encoding.UTF8.GetBytes(string.Concat(said.Select(word => words[word]))))
                    {
                        ResponseTopic = answers[answer], Retained = retained,
                    });
                sent++;
            },
            iter: 3_000, threads: 1);
        await PublisherBench.UntilAsync(() =>
            bench.Publisher.Health.AsksGranted + bench.Publisher.Health.AsksRefused == sent);
        Unmoved(bench, before);
    }

    private static async Task<PublisherBench> StartAsync()
    {
        var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(50);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        return bench;
    }

    private static (long First, long Next) Held(PublisherBench bench) => (bench.View.First, bench.View.Next);

    private static void Unmoved(PublisherBench bench, (long First, long Next) before, int appended = 0)
    {
        Assert.Equal((before.First, before.Next + appended), Held(bench));
        Assert.All(bench.Arrived, arrived => Assert.Equal(1, arrived.Value));
        string[] ours = ["status", "birth", "ledger", "data", "answer/1"];
        Assert.Empty(bench.Link.Accepted.Select(message => message.Topic)
            .Except(ours.Select(topic => $"{PublisherBench.Base}/{topic}")));
        Assert.Empty(bench.Mes().Violations);
        Assert.Equal("connected", bench.Publisher.Health.State);
    }
}
