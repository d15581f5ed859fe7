using System.Text;
using CsCheck;
using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Xunit;

namespace Sluice.Fast.Asking;

/// <summary>What may be asked, and everything else that arrives: refused, counted, and without effect.</summary>
public sealed class AskPlanTests
{
    private const string Base = "sluice/v1/plant1/gw-042";
    private const string Store = "0199c6f1000070008000000000000001";

    private static readonly BufferView View = new(
        [
            new StoreView
            {
                Store = StoreId.Parse(Store), IsVolatile = false, First = 11, Next = 101, Acknowledged = [], Drops = [],
                DroppedCount = 10, SizeBytes = 1, Waiting = 90,
            },
        ],
        null);

    private readonly AskPlan plan = new(Base, acknowledgedByMes: true);

    [Theory]
    [InlineData("""{"v":1,"ask":"birth"}""", typeof(Ask.Birth))]
    [InlineData("""{"v":1,"ask":"ledger","later":"key"}""", typeof(Ask.Ledger))]
    [InlineData($$"""{"v":1,"ask":"replay","store":"{{Store}}","from":1,"to":5}""", typeof(Ask.Replay))]
    [InlineData($$"""{"v":1,"ask":"acknowledge","store":"{{Store}}","ranges":[[20,30],[12,13]]}""",
        typeof(Ask.Acknowledge))]
    public void Is_granted(string payload, Type kind)
    {
        var verdict = Take(payload);
        Assert.IsType(kind, verdict.Ask);
        Assert.Equal(($"{Base}/answer/7", 1L, 0L), (verdict.Address!.Value.Topic, plan.Granted, plan.Refused));
    }

    [Theory]
    [InlineData("", "Malformed")]
    [InlineData("[]", "Malformed")]
    [InlineData("{", "Malformed")]
    [InlineData("""{"ask":"birth"}""", "Malformed")]
    [InlineData("""{"v":2,"ask":"birth"}""", "Malformed")]
    [InlineData("""{"v":1}""", "Malformed")]
    [InlineData("""{"v":1,"ask":7}""", "Malformed")]
    [InlineData("""{"v":1,"ask":"birth","ask":"ledger"}""", "Malformed")]
    [InlineData("""{"v":1,"ask":"\ud800"}""", "Malformed")]
    [InlineData("""{"v":1,"ask":"write","signal":"hmi1/setpoint","value":7}""", "Unknown")]
    [InlineData("""{"v":1,"ask":"Birth"}""", "Unknown")]
    [InlineData($$"""{"v":1,"ask":"replay","store":"{{Store}}","from":0,"to":5}""", "Malformed")]
    [InlineData($$"""{"v":1,"ask":"replay","store":"{{Store}}","from":6,"to":5}""", "Malformed")]
    [InlineData($$"""{"v":1,"ask":"replay","store":"{{Store}}","from":1}""", "Malformed")]
    [InlineData($$"""{"v":1,"ask":"replay","store":"{{Store}}","from":1.5,"to":5}""", "Malformed")]
    [InlineData($$"""{"v":1,"ask":"replay","store":"{{Store}}","from":1,"to":9223372036854775807}""", "Malformed")]
    [InlineData("""{"v":1,"ask":"replay","store":"x","from":1,"to":5}""", "Malformed")]
    [InlineData("""{"v":1,"ask":"replay","store":"0199c6f1000070008000000000000002","from":1,"to":5}""",
        "UnknownStore")]
    [InlineData($$"""{"v":1,"ask":"acknowledge","store":"{{Store}}","ranges":[]}""", "Malformed")]
    [InlineData($$"""{"v":1,"ask":"acknowledge","store":"{{Store}}","ranges":[[1,2],[3]]}""", "Malformed")]
    [InlineData($$"""{"v":1,"ask":"acknowledge","store":"{{Store}}","ranges":[[[1],2]]}""", "Malformed")]
    public void Is_refused_and_told_why(string payload, string refusal)
    {
        var verdict = Take(payload);
        Assert.Null(verdict.Ask);
        Assert.Equal(refusal, verdict.Refusal.ToString());
        Assert.Equal((0L, 1L, 1), (plan.Granted, plan.Refused, plan.Answers));
        Assert.Equal(refusal, plan.NextAnswer().Refusal.ToString());
    }

    [Fact]
    public void A_hundred_ranges_are_taken_and_not_one_more()
    {
        Assert.NotNull(Take(Acknowledge(100)).Ask);
        Assert.Equal(AskRefusal.Malformed, Take(Acknowledge(101)).Refusal);
    }

    [Theory]
    [InlineData("sluice/v1/plant1/gw-043/answer/7")]
    [InlineData("sluice/v1/plant1/gw-042/data")]
    [InlineData("sluice/v1/plant1/gw-042/answer")]
    [InlineData("sluice/v1/plant1/gw-042/answer/")]
    [InlineData("sluice/v1/plant1/gw-042/answer/#")]
    [InlineData("sluice/v1/plant1/gw-042/answer/+/x")]
    [InlineData("sluice/v1/plant1/gw-042/answers/7")]
    [InlineData("other")]
    public void Nobody_steers_where_an_answer_goes(string topic)
    {
        var verdict = plan.Take(Message("""{"v":1,"ask":"birth"}""") with { ResponseTopic = topic }, View, default);
        Assert.Equal((AskRefusal.ResponseTopic, 0), (verdict.Refusal!.Value, plan.Answers));
    }

    [Fact]
    public void What_is_retained_too_large_or_of_another_gateway_is_refused()
    {
        var message = Message("""{"v":1,"ask":"birth"}""");
        Assert.Equal(AskRefusal.Retained, plan.Take(message with { Retained = true }, View, default).Refusal);
        Assert.Equal(AskRefusal.Foreign,
            plan.Take(message with { Topic = "sluice/v1/plant1/gw-043/ask" }, View, default).Refusal);
        Assert.Equal(AskRefusal.TooLarge,
            plan.Take(message with { Correlation = new byte[257] }, View, default).Refusal);
        Assert.Equal(AskRefusal.TooLarge,
            plan.Take(Message(new string(' ', AskReader.PayloadBytesMax) + "{}"), View, default).Refusal);
        Assert.Equal((0L, 4L), (plan.Granted, plan.Refused));
    }

    [Fact]
    public void A_flood_is_cut_off_without_an_answer_and_the_rate_comes_back()
    {
        for (var i = 0; i < 1_000; i++)
        {
            Take("""{"v":1,"ask":"ledger"}""");
        }

        Assert.Equal((AskPlan.Burst, 1_000 - AskPlan.Burst), (plan.Granted, plan.RefusedFor(AskRefusal.TooMany)));
        Assert.Equal(0, plan.Answers);
        var later = TimeSpan.FromSeconds(2);
        for (var i = 0; i < 20; i++)
        {
            plan.Take(Message("""{"v":1,"ask":"ledger"}"""), View, later);
        }

        Assert.Equal(AskPlan.Burst + (long)(2 * AskPlan.PerSecond), plan.Granted);
    }

    [Fact]
    public void Without_the_MES_as_the_one_who_acknowledges_its_word_changes_nothing()
    {
        var byBroker = new AskPlan(Base, acknowledgedByMes: false);
        Assert.Equal(AskRefusal.NotInForce, byBroker.Take(Message(Acknowledge(1)), View, default).Refusal);
    }

    [Fact]
    public void Whatever_arrives_is_granted_whole_or_refused_and_nothing_throws()
    {
        const string Alphabet = "{}[]\",:0123456789.-eE \\ubirthledgerplayacknowstfmv\n\0\u00ff";
        var piece = Gen.OneOf(
            Gen.Int[0, 6].Select(at => ((string[])
                ["{\"v\":1,", "\"ask\":", "\"replay\"", $"\"store\":\"{Store}\"", ",\"from\":", "1", "}"])[at]),
            Gen.String[Gen.Char[Alphabet], 0, 12]);
        piece.Array[0, 10].Sample(
            pieces =>
            {
                var fresh = new AskPlan(Base, acknowledgedByMes: true);
                var verdict = fresh.Take(Message(string.Concat(pieces)), View, default);
                Assert.Equal(1, fresh.Granted + fresh.Refused);
                Assert.NotEqual(verdict.Ask is null, verdict.Refusal is null);
            },
            iter: 3_000,
            threads: 1);
    }

    private static string Acknowledge(int ranges) => $$"""
        {"v":1,"ask":"acknowledge","store":"{{Store}}",
         "ranges":[{{string.Join(',', Enumerable.Range(1, ranges).Select(at => $"[{at * 2},{at * 2}]"))}}]}
        """;

    private static InboundMessage Message(string payload) => new($"{Base}/ask", Encoding.UTF8.GetBytes(payload))
    {
        ResponseTopic = $"{Base}/answer/7",
        Correlation = "abc"u8.ToArray(),
    };

    private AskVerdict Take(string payload) => plan.Take(Message(payload), View, default);
}
