using System.Buffers;
using System.Text;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Mes;

public sealed class Stream_ledger
{
    private const string Store = "0199c6f1000070008000000000000001";
    private const string Run = "0199c6f1222270008000000000000009";

    private readonly StreamLedger ledger = new("plant1");
    private readonly DateTimeOffset start = new(2026, 11, 22, 14, 0, 0, TimeSpan.Zero);

    private GatewayStream Gateway => ledger.Gateway("gw-042");

    [Fact]
    public void Readings_that_arrive_once_are_counted_once_and_become_the_current_value()
    {
        Data(historical: false, Reading(1, "21.5"), Reading(2, "22.5"));

        Clean();
        Assert.Equal((2, 0), (Gateway.Readings, Gateway.Duplicates));
        Assert.Equal("22.5", Gateway.Signals["a/b"].Current?.Value);
        Assert.Equal(0, Gateway.OpenGaps);
    }

    [Fact]
    public void A_duplicate_is_recognised_and_changes_nothing()
    {
        Data(historical: false, Reading(1, "1"), Reading(2, "2"));
        Data(historical: true, Reading(1, "1"), Reading(2, "2"));

        Clean();
        Assert.Equal((2, 2, 0), (Gateway.Readings, Gateway.Duplicates, Gateway.Historical));
    }

    [Fact]
    public void A_duplicate_with_other_content_is_a_violation()
    {
        Data(historical: false, Reading(1, "1"));
        Data(historical: true, Reading(1, "1.0"));

        Violated("different content");
    }

    [Fact]
    public void History_never_touches_a_current_value()
    {
        Data(historical: false, Reading(10, "10"));
        Data(historical: true, Reading(4, "4"), Reading(5, "5"));

        Clean();
        Assert.Equal("10", Gateway.Signals["a/b"].Current?.Value);
        Assert.Equal((1, 2), (Gateway.Signals["a/b"].Live, Gateway.Signals["a/b"].Historical));
    }

    [Fact]
    public void A_hole_below_next_is_open_until_it_arrives()
    {
        Data(historical: false, Reading(1, "1"), Reading(5, "5"));
        Ledger(1, first: 1, next: 6, acknowledged: "[1,1],[5,5]", waiting: 3);
        Assert.Equal((3, 0), (Gateway.OpenGaps, Gateway.Lost));

        Data(historical: true, Reading(2, "2"), Reading(3, "3"), Reading(4, "4"));

        Clean();
        Assert.Equal(0, Gateway.OpenGaps);
    }

    [Fact]
    public void A_hole_that_the_gateway_holds_for_acknowledged_is_lost()
    {
        Data(historical: false, Reading(1, "1"), Reading(5, "5"));
        Ledger(1, first: 1, next: 6, acknowledged: "[1,3],[5,5]", waiting: 1);

        Assert.Equal((3, 2), (Gateway.OpenGaps, Gateway.Lost));
    }

    [Fact]
    public void A_hole_that_the_gateway_does_not_hold_any_more_is_lost()
    {
        Data(historical: false, Reading(5, "5"));
        Ledger(1, first: 4, next: 6, acknowledged: "[5,5]", waiting: 1);

        Assert.Equal((4, 3), (Gateway.OpenGaps, Gateway.Lost));
    }

    [Fact]
    public void A_hole_that_a_drop_names_is_explained()
    {
        Data(historical: false, Reading(5, "5"));
        Ledger(
            1, first: 5, next: 6, acknowledged: "[5,5]", dropped: 4,
            drops: """{"from":1,"to":4,"count":4,"reason":"Overflow"}""");

        Clean();
        Assert.Equal((0, 0, 4), (Gateway.OpenGaps, Gateway.Lost, Gateway.Explained));
    }

    [Fact]
    public void A_drop_that_is_only_counted_explains_the_oldest_holes()
    {
        Data(historical: false, Reading(5, "5"), Reading(9, "9"));
        Ledger(1, first: 9, next: 10, acknowledged: "[9,9]", dropped: 5);

        Clean();
        Assert.Equal(2, Gateway.OpenGaps);
        Assert.Equal([new Positions(7, 8)], Gateway.Stores[Store].Lost());
    }

    [Fact]
    public void A_folded_drop_explains_the_oldest_holes_in_its_range_and_no_more_than_it_counts()
    {
        Data(historical: false, Reading(1, "1"), Reading(5, "5"), Reading(12, "12"));
        Ledger(
            1, first: 12, next: 13, acknowledged: "[12,12]", dropped: 5,
            drops: """{"from":3,"to":10,"count":5,"reason":"Torn"}""");

        Clean();
        Assert.Equal([new Positions(2, 2), new Positions(9, 11)], Gateway.Stores[Store].Lost());
    }

    [Fact]
    public void What_was_listed_before_it_was_folded_is_not_counted_a_second_time()
    {
        Data(historical: false, Reading(5, "5"), Reading(12, "12"));
        Ledger(
            1, first: 4, next: 13, acknowledged: "", dropped: 3,
            drops: """{"from":1,"to":3,"count":3,"reason":"Torn"}""");
        Ledger(
            2, first: 12, next: 13, acknowledged: "[12,12]", dropped: 5,
            drops: """{"from":1,"to":8,"count":5,"reason":"Torn"}""");

        Clean();
        Assert.Equal([new Positions(7, 11)], Gateway.Stores[Store].Lost());
    }

    [Fact]
    public void A_drop_that_counts_more_than_its_range_is_a_violation()
    {
        Ledger(
            1, first: 3, next: 3, acknowledged: "", dropped: 3,
            drops: """{"from":1,"to":2,"count":3,"reason":"Torn"}""");

        Violated("3 readings");
    }

    [Fact]
    public void Nothing_is_judged_at_or_above_next()
    {
        Ledger(1, first: 1, next: 3, acknowledged: "", waiting: 2);
        Data(historical: false, Reading(1, "1"), Reading(2, "2"), Reading(9, "9"));

        Clean();
        Assert.Equal(0, Gateway.OpenGaps);
    }

    [Fact]
    public void A_ledger_that_is_older_than_the_one_at_hand_is_ignored()
    {
        Ledger(2, first: 1, next: 3, acknowledged: "", waiting: 2);
        Ledger(1, first: 1, next: 2, acknowledged: "", waiting: 1);

        Clean();
        Assert.Equal(2, Gateway.Ledger?.Number);
    }

    [Fact]
    public void A_store_whose_next_goes_back_is_a_violation()
    {
        Ledger(1, first: 1, next: 3, acknowledged: "", waiting: 2);
        Ledger(2, first: 1, next: 2, acknowledged: "", waiting: 1);

        Violated("went back");
    }

    [Fact]
    public void Live_readings_of_a_signal_that_come_out_of_order_are_a_violation()
    {
        Data(historical: false, Reading(7, "7"));
        Data(historical: false, Reading(6, "6"));

        Violated("out of order");
        Assert.Equal("7", Gateway.Signals["a/b"].Current?.Value);
    }

    [Fact]
    public void History_behind_younger_history_is_counted_and_allowed()
    {
        Data(historical: true, Reading(7, "7"));
        Data(historical: true, Reading(6, "6"));

        Clean();
        Assert.Equal(1, Gateway.HistoryOutOfOrder);
    }

    [Theory]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":null}""", "is Good and has no value")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":1,"r":"Timeout"}""", "is Good and has a reason")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":1,"q":"Good","r":"Timeout"}""",
        "quality 'Good'")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":null,"q":"Bad","r":"Tired"}""",
        "reason 'Tired'")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":null,"q":"Bad"}""", "reason ''")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00Z","v":1}""", "'t' is not")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000+00:00","v":1}""", "'t' is not")]
    [InlineData("""{"p":0,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":1}""", "below 1")]
    [InlineData("""{"p":1.5,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":1}""", "'p' is not")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z"}""", "no value")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":[1]}""", "no value")]
    [InlineData("""{"p":1,"s":"a/b","t":"2026-11-22T14:00:00.000Z","v":1,"x":1}""", "'x' is not in the contract")]
    [InlineData("""7""", "not an object")]
    public void A_reading_that_the_contract_does_not_allow_is_a_violation(string reading, string sentence)
    {
        Data(historical: false, reading);

        Violated(sentence);
    }

    [Theory]
    [InlineData("data", "{", "not JSON")]
    [InlineData("data", """{"v":2}""", "'v' is not 1")]
    [InlineData("data", """{"v":1,"v":1}""", "not JSON")]
    [InlineData("status", """{"v":1,"gateway":"gw-043","run":"","state":"online"}""", "wrote to the topic")]
    [InlineData("status", """{"v":1,"gateway":"gw-042","state":"asleep","reason":"x"}""", "neither online nor offline")]
    [InlineData("status", """{"v":1,"gateway":"gw-042","state":"offline"}""", "offline has a reason")]
    [InlineData("birth", """{"v":1,"gateway":"gw-042","storage":"tape"}""", "neither disk nor memory")]
    [InlineData("ledger", """{"v":1,"gateway":"gw-042","number":"7"}""", "'number' is not a whole number")]
    [InlineData("noise", "{}", "not in the contract")]
    public void A_message_that_the_contract_does_not_allow_is_a_violation(string kind, string payload, string sentence)
    {
        Send(kind, payload);

        Violated(sentence);
    }

    [Fact]
    public void Positions_that_do_not_ascend_inside_a_message_are_a_violation()
    {
        Data(historical: false, Reading(2, "2", signal: "a/c"), Reading(1, "1"));

        Violated("stands behind");
    }

    [Fact]
    public void More_than_500_readings_in_a_message_are_a_violation()
    {
        Data(historical: false, [.. Enumerable.Range(1, 501).Select(at => Reading(at, "1"))]);

        Violated("501 readings");
    }

    [Fact]
    public void A_message_without_its_content_type_or_with_the_wrong_retain_flag_is_a_violation()
    {
        var payload = Encoding.UTF8.GetBytes($$"""{"v":1,"gateway":"gw-042","run":"{{Run}}","state":"online"}""");
        ledger.Receive(new MesMessage("sluice/v1/plant1/gw-042/status", new ReadOnlySequence<byte>(payload)), start);

        Violated("content type ''");

        ledger.Receive(new MesMessage("sluice/v1/plant1/gw-042/birth", new ReadOnlySequence<byte>(payload)), start);
        Violated("a birth is retained");
    }

    [Fact]
    public void The_birth_describes_the_signals_and_gives_the_present_state()
    {
        Birth(
            "float32",
            $$"""","last":{"store":"{{Store}}","p":4,"t":"2026-11-22T13:59:59.000Z","v":20.25}"""");

        Clean();
        var signal = Gateway.Signals["a/b"];
        Assert.Equal(("degC", "20.25"), (signal.Unit, signal.Current?.Value));
        Assert.Equal(TimeSpan.FromSeconds(1), signal.Age(start));
        Assert.Equal(0, Gateway.Readings);
    }

    [Fact]
    public void A_live_value_of_another_type_than_the_birth_says_is_a_violation()
    {
        Birth("bool");
        Data(historical: false, Reading(1, "1"));

        Violated("is bool by the birth");
    }

    [Fact]
    public void A_live_reading_that_no_birth_announced_is_a_violation()
    {
        Birth("float32");
        Data(historical: false, Reading(1, "1", signal: "a/unheard"));

        Violated("no birth announced");
    }

    [Fact]
    public void The_rate_is_that_of_the_last_ten_seconds()
    {
        for (var position = 1; position <= 100; position++)
        {
            Data(start.AddMilliseconds(position * 200), historical: false, Reading(position, "1"));
        }

        Assert.InRange(Gateway.Signals["a/b"].Rate(start.AddSeconds(20)), 4.5, 5.1);
        Assert.Equal(0, Gateway.Signals["a/b"].Rate(start.AddSeconds(40)));
    }

    [Fact]
    public void A_status_says_who_is_there()
    {
        Send("status", $$"""
            {"v":1,"gateway":"gw-042","run":"{{Run}}","state":"online","sent":"2026-11-22T14:00:01.250Z"}
            """);
        Assert.True(Gateway.Status?.IsOnline);
        Send("status", $$"""{"v":1,"gateway":"gw-042","run":"{{Run}}","state":"offline","reason":"lost"}""");

        Clean();
        Assert.Equal((false, "lost"), (Gateway.Status?.IsOnline, Gateway.Status?.Reason));
    }

    private static string Reading(long position, string value, string signal = "a/b") =>
        $$"""{"p":{{position}},"s":"{{signal}}","t":"2026-11-22T14:00:00.000Z","v":{{value}}}""";

    private void Data(bool historical, params string[] readings) => Data(start, historical, readings);

    private void Data(DateTimeOffset now, bool historical, params string[] readings) => Send("data", $$"""
        {"v":1,"gateway":"gw-042","store":"{{Store}}","historical":{{(historical ? "true" : "false")}},
         "sent":"2026-11-22T14:00:01.250Z","readings":[{{string.Join(',', readings)}}]}
        """, now);

    private void Birth(string type, string last = "") => Send("birth", $$"""
        {"v":1,"gateway":"gw-042","site":"plant1","run":"{{Run}}","agent":"0.1.0","config":"{{new string('a', 64)}}",
         "sent":"2026-11-22T14:00:01.250Z","storage":"disk","stores":[{"store":"{{Store}}","volatile":false}],
         "signals":[{"s":"a/b","source":"a","type":"{{type}}","unit":"degC"{{last}}}]}
        """);

    private void Ledger(
        long number, long first, long next, string acknowledged,
        long waiting = 0, long dropped = 0, string drops = "") =>
        Send("ledger", $$"""
            {"v":1,"gateway":"gw-042","run":"{{Run}}","number":{{number}},"sent":"2026-11-22T14:00:01.250Z",
             "waiting":{{waiting}},"stores":[{"store":"{{Store}}","volatile":false,"first":{{first}},"next":{{next}},
             "acknowledged":[{{acknowledged}}],"waiting":{{waiting}},"dropped":{{dropped}},"drops":[{{drops}}]}]}
            """);

    private void Send(string kind, string payload, DateTimeOffset? now = null) => ledger.Receive(
        new MesMessage($"sluice/v1/plant1/gw-042/{kind}", new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(payload)))
        {
            Retained = kind != "data",
            ContentType = "application/json",
            Contract = "1",
        },
        now ?? start);

    private void Clean() => Assert.Empty(ledger.Violations.Select(violation => violation.Sentence));

    private void Violated(string sentence) =>
        Assert.Contains(ledger.Violations, each => each.Sentence.Contains(sentence, StringComparison.Ordinal));
}
