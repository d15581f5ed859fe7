using System.Text;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Describing;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Time;
using Sluice.Fast.Repository;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>WIRE.md is what the encoders write: its examples, byte for byte.</summary>
public sealed class WireTests
{
    private static readonly StoreId Store = StoreId.Parse("0199c6f1000070008000000000000001");
    private static readonly DateTime Sent = new(2026, 11, 22, 14, 0, 1, 250, DateTimeKind.Utc);

    private static readonly SourceDevice Panel = new("hmi1", 1, "Weintek", "cMT2078X", "V2.11", "", "");

    private static readonly RetiredSignal Pressure = new(
        Described(new Signal
        {
            Name = "hmi1/oil/pressure", Source = "hmi1", Type = new SignalType(SignalKind.Uint16),
            EngineeringUnit = "bar",
        }),
        [new StoreEnd(Store, 119801)]);

    private static readonly AnnouncementEncoder Announcements = new(
        new Speaker("plant1", "gw-042", Guid.ParseExact("0199c6f1222270008000000000000009", "N"), "0.1.0",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        [
            Described(new Signal
            {
                Name = "hmi1/oil/temperature",
                Source = "hmi1",
                Type = new SignalType(SignalKind.Float32),
                EngineeringUnit = "degC",
                Description = "Gear oil at the sump",
            }),
            Described(new Signal
            {
                Name = "hmi1/door/open",
                Source = "hmi1",
                Type = new SignalType(SignalKind.Bool),
                Texts = [new StateText(0, "Closed"), new StateText(1, "Open")],
            }),
            Described(new Signal
            {
                Name = "hmi1/parts", Source = "hmi1", Type = new SignalType(SignalKind.Uint32), CounterBits = 32,
            }),
            new DescribedSignal(
                new Signal
                {
                    Name = "line/press", Source = "line", Type = new SignalType(SignalKind.Count), CounterBits = 64,
                },
                Guid.ParseExact("0199c6f0333370008000000000000007", "N")),
        ]);

    private static readonly StoredReading Temperature = new(
        120001, "hmi1/oil/temperature", SignalValue.FromSingle(71.3f), Quality.Good, Sent.AddMilliseconds(-247));

    private static readonly StoredReading[] Readings =
    [
        Temperature,
        new(120002, "drives/motor1/current", SignalValue.None, Quality.Bad(QualityReason.Timeout),
            Sent.AddMilliseconds(-246)),
        new(120003, "hmi1/cycle/count", SignalValue.From(ulong.MaxValue), Quality.Good, Sent.AddMilliseconds(-246)),
        new(120004, "hmi1/door/open", SignalValue.From(true), Quality.Good, Sent.AddMilliseconds(-246)),
        new(120005, "hmi1/batch", SignalValue.From("Öl \"B\" 7"), Quality.Uncertain(QualityReason.ClockNotSet),
            Sent.AddMilliseconds(-245)),
    ];

    private static readonly BufferView View = new(
        [
            new StoreView
            {
                Store = Store,
                IsVolatile = false,
                First = 1001,
                Next = 120003,
                Acknowledged = [new PositionRange(1001, 119800), new PositionRange(120001, 120002)],
                Drops = [new DropRecord(new PositionRange(1, 1000), 1000, DropReason.Overflow)],
                DroppedCount = 1000,
                SizeBytes = 1,
                Waiting = 200,
            },
        ],
        null);

    private static readonly Guid Boot = Guid.ParseExact("61f7ee1de42f4eb6815dff4c9b098423", "N");

    [Fact]
    public void The_ledger_of_a_clock_that_was_set_late_is_what_the_encoder_writes()
    {
        var fourHours = (long)TimeSpan.FromHours(4).TotalMilliseconds;
        var view = new BufferView(
            [
                View.Stores[0] with
                {
                    Acknowledged = [new PositionRange(1001, 120002)],
                    Waiting = 0,
                    Corrections = [new ClockCorrection(Boot, new PositionRange(118001, 119800), fourHours)],
                },
            ],
            null)
        {
            Record = new RecordView(
                new ReadingClock(Boot, true, 1),
                [new ClockStep(new DateTime(2026, 11, 22, 13, 58, 10, 120, DateTimeKind.Utc), Boot, fourHours, true)],
                1,
                [
                    new RecordingGap(
                        new DateTime(2026, 11, 22, 9, 12, 44, 310, DateTimeKind.Utc),
                        new DateTime(2026, 11, 22, 9, 14, 2, 5, DateTimeKind.Utc), GapReason.NotClosed, true, true,
                        1000),
                ],
                1),
        };
        var payload = new PayloadBuffer();
        Announcements.Ledger(payload, view, 8, null, Sent);
        AssertIsExample("`<base>/ledger`", 1, payload);
    }

    [Fact]
    public void The_data_example_is_what_the_encoder_writes()
    {
        using var encoder = new BatchEncoder("gw-042");
        var payload = new PayloadBuffer();
        Assert.Equal(5, encoder.Encode(payload, Store, false, Sent, Readings, 0, 500, 64 << 10));
        AssertIsExample("`<base>/data`", 0, payload);
    }

    [Fact]
    public void The_birth_example_is_what_the_encoder_writes()
    {
        var payload = new PayloadBuffer();
        Announcements.Birth(payload, View, [new PresentReading(Store, Temperature)], [Panel], Sent, reduced: false,
            [Pressure]);
        AssertIsExample("`<base>/birth`", 0, payload);
    }

    [Fact]
    public void The_status_examples_are_what_the_encoder_writes()
    {
        var payload = new PayloadBuffer();
        Announcements.Online(payload, Sent);
        AssertIsExample("`<base>/status`", 0, payload);
        Announcements.Offline(payload, AnnouncementEncoder.ReasonLost, null);
        AssertIsExample("`<base>/status`", 1, payload);
    }

    [Fact]
    public void The_ledger_example_is_what_the_encoder_writes()
    {
        var payload = new PayloadBuffer();
        Announcements.Ledger(payload, View, 7, TimeSpan.FromSeconds(2.1), Sent);
        AssertIsExample("`<base>/ledger`", 0, payload);
    }

    [Theory]
    [InlineData(0.1f, "0.1")]
    [InlineData(71.3f, "71.3")]
    [InlineData(16777216f, "16777216")]
    [InlineData(-0.5f, "-0.5")]
    [InlineData(3.4028235E+38f, "3.4028235E+38")]
    public void A_float_keeps_the_digits_of_a_float(float value, string digits) =>
        Assert.Equal(digits, Value(SignalValue.FromSingle(value)));

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1e21, "1E+21")]
    [InlineData(-273.15, "-273.15")]
    public void A_double_keeps_the_digits_of_a_double(double value, string digits) =>
        Assert.Equal(digits, Value(SignalValue.FromDouble(value)));

    [Fact]
    public void Whole_numbers_keep_all_their_digits_and_nan_is_null()
    {
        Assert.Equal("-9223372036854775808", Value(SignalValue.From(long.MinValue)));
        Assert.Equal("18446744073709551615", Value(SignalValue.From(ulong.MaxValue)));
        Assert.Equal("null", Value(SignalValue.FromDouble(double.NaN)));
        Assert.Equal("null", Value(SignalValue.FromSingle(float.PositiveInfinity)));
    }

    [Fact]
    public void A_text_with_control_characters_and_half_a_surrogate_is_still_json()
    {
        var text = Value(SignalValue.From("a\u0000\n\"\\\ud800z<&>"));
        var back = System.Text.Json.JsonDocument.Parse(text).RootElement.GetString();
        Assert.Equal("a\u0000\n\"\\\ufffdz<&>", back);
    }

    [Fact]
    public void Every_reason_and_level_has_its_word()
    {
        foreach (var reason in Enum.GetValues<QualityReason>().Where(reason => reason != QualityReason.None))
        {
            var json = Encode(Temperature with { Quality = Quality.Bad(reason) });
            Assert.Contains($"\"q\":\"Bad\",\"r\":\"{reason}\"", json);
        }

        Assert.DoesNotContain("\"q\"", Encode(Temperature)[40..]);
    }

    [Fact]
    public void A_message_ends_at_its_bytes_at_its_readings_and_at_a_hole()
    {
        using var encoder = new BatchEncoder("gw-042");
        var payload = new PayloadBuffer();
        Assert.Equal(2, encoder.Encode(payload, Store, true, Sent, Readings, 0, 2, 64 << 10));

        var three = encoder.Encode(payload, Store, true, Sent, Readings, 0, 3, 64 << 10) == 3 ? payload.Length : 0;
        Assert.Equal(3, encoder.Encode(payload, Store, true, Sent, Readings, 0, 500, three));
        Assert.Equal(2, encoder.Encode(payload, Store, true, Sent, Readings, 0, 500, three - 1));
        Assert.InRange(payload.Length, 1, three - 1);
        Assert.Equal(1, encoder.Encode(payload, Store, true, Sent, Readings, 0, 500, 10));

        StoredReading[] holed = [Readings[0], Readings[2]];
        Assert.Equal(1, encoder.Encode(payload, Store, true, Sent, holed, 0, 500, 64 << 10));
        Assert.Single(Wire.Positions(payload.Written.First));
    }

    [Fact]
    public void A_reduced_birth_leaves_descriptions_and_last_readings_out()
    {
        var payload = new PayloadBuffer();
        Announcements.Birth(payload, View, [new PresentReading(Store, Temperature)], [Panel], Sent, reduced: true,
            [Pressure]);
        var text = Encoding.UTF8.GetString(payload.Span);
        Assert.Contains("\"reduced\":true", text);
        Assert.DoesNotContain("\"last\"", text);
        Assert.DoesNotContain("description", text);
    }

    private static string Value(SignalValue value)
    {
        var json = Encode(Temperature with { Value = value });
        var at = json.IndexOf("\"v\":", json.IndexOf("\"readings\"", StringComparison.Ordinal),
            StringComparison.Ordinal) + 4;
        return json[at..^"}]}".Length];
    }

    private static string Encode(StoredReading reading)
    {
        using var encoder = new BatchEncoder("gw-042");
        var payload = new PayloadBuffer();
        encoder.Encode(payload, Store, false, Sent, [reading], 0, 500, 64 << 10);
        return Encoding.UTF8.GetString(payload.Span);
    }

    internal static void AssertIsExample(string heading, int index, PayloadBuffer payload)
    {
        var text = RepositoryTree.Here.Files.Single(file => file.Path == "agent/Publishing/WIRE.md").Text;
        var section = text[text.IndexOf("## " + heading, StringComparison.Ordinal)..];
        for (var i = 0; i <= index; i++)
        {
            section = section[(section.IndexOf("```json\n", StringComparison.Ordinal) + "```json\n".Length)..];
        }

        Assert.Equal(section[..section.IndexOf('\n', StringComparison.Ordinal)], Encoding.UTF8.GetString(payload.Span));
    }

    private static DescribedSignal Described(Signal signal) => new(signal, Guid.Empty);
}
