using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Sluice.Plant.Demo;
using Xunit;

namespace Sluice.Fast.Plant;

public sealed partial class Demo_parts
{
    private static readonly DemoView View = new()
    {
        Gateway = "gw-042",
        Running = TimeSpan.FromSeconds(83),
        BrokerUp = false,
        PlcAnswers = true,
        Link = "offline (lost)",
        Storage = "disk",
        Waiting = 1234,
        CatchUpSeconds = 3,
        Readings = 12_345,
        PerSecond = 61.4,
        Gaps = 0,
        Duplicates = 2,
        Historical = 1000,
        Violations = 0,
        Rows =
        [
            new("hmi1/oil/temperature", "71.25", "degC", "Good", "", TimeSpan.FromSeconds(0.4), 2),
            new("plc/motor/current", "-", "A", "Bad", "DeviceException", TimeSpan.FromSeconds(130), 0.5),
        ],
        Events = ["00:01:20  the broker is cut"],
    };

    [Theory]
    [InlineData(80, 24, true)]
    [InlineData(80, 24, false)]
    [InlineData(60, 16, true)]
    [InlineData(200, 50, true)]
    public void The_table_fits_its_terminal(int width, int height, bool colours)
    {
        var many = View with { Rows = [.. Enumerable.Repeat(View.Rows[0], 300)] };
        foreach (var view in new[] { View, many, View with { Link = new string('x', 300), Rows = [] } })
        {
            var lines = LiveTable.Draw(view, width, height, colours);

            Assert.True(lines.Count <= height, $"{lines.Count} lines on a terminal of {height}");
            Assert.All(lines, line => Assert.True(Colour().Replace(line, "").Length <= width, line));
        }
    }

    [Fact]
    public void The_table_says_what_is_wrong_in_words_and_not_in_colour_alone()
    {
        var text = string.Join('\n', LiveTable.Draw(View, 80, 24, colours: false));

        Assert.Contains("broker CUT", text, StringComparison.Ordinal);
        Assert.Contains("Bad/DeviceException", text, StringComparison.Ordinal);
        Assert.Contains("disk: 1,234 waiting, 3 s to go", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
    }

    [Fact]
    public void A_line_without_a_terminal_carries_the_same_figures()
    {
        var line = LiveTable.Line(View);

        Assert.Contains("readings 12345 ", line, StringComparison.Ordinal);
        Assert.Contains("historical 8.1 %", line, StringComparison.Ordinal);
        Assert.Contains("broker CUT", line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_takes_its_place_in_a_guide_and_leaves_the_rest()
    {
        var guide = "before\n<!-- live table -->\n```\nold\n```\n<!-- end of live table -->\nafter\n";

        var written = DemoPicture.Into(guide, ["one  ", "two"]);

        Assert.Equal("before\n<!-- live table -->\n```\none\ntwo\n```\n<!-- end of live table -->\nafter\n", written);
        Assert.Equal(written, DemoPicture.Into(written, ["one", "two"]));
        Assert.Equal("one\ntwo\n", DemoPicture.Into("no place for it", ["one", "two"]));
    }

    [Fact]
    public void Options_are_read_and_wrong_ones_are_named()
    {
        var options = DemoOptions.Parse(["--seconds", "20", "--plain", "--agent", "/x/sluice-agent"], out _);
        Assert.Equal((TimeSpan.FromSeconds(20), true, "/x/sluice-agent"),
            (options?.Length, options?.Plain, options?.Agent));

        Assert.Null(DemoOptions.Parse(["--seconds", "soon"], out var problem));
        Assert.Contains("--seconds soon", problem, StringComparison.Ordinal);
        Assert.Null(DemoOptions.Parse(["--seconds"], out problem));
        Assert.Contains("needs a value", problem, StringComparison.Ordinal);
        Assert.Null(DemoOptions.Parse(["--fast"], out problem));
        Assert.Contains("'--fast'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_of_the_record_that_never_came_is_missing()
    {
        var record = Record("1", "2", "4", "5");

        Assert.Equal((1, 0), (record.Missing, record.Twice));
        Assert.Contains("1 of 5 values", Fault(record), StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_that_a_bad_reading_stands_for_is_not_missing()
    {
        var record = Record("1", "2", "", "4");

        Assert.Equal(0, record.Missing);
    }

    [Fact]
    public void A_number_that_comes_under_two_positions_is_said()
    {
        var record = Record("1", "2", "2");

        Assert.Contains("under two positions", Fault(record), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_arrived_nothing_is_good()
    {
        var verdict = DemoVerdict.Of(new StreamLedger("plant1"), "gw-042", new RecordCheck(), 7, brokerDropped: 0);

        Assert.False(verdict.IsGood);
        Assert.Contains("nothing arrived", verdict.Faults);
    }

    private static string Fault(RecordCheck record) => string.Join(
        '\n', DemoVerdict.Of(new StreamLedger("plant1"), "gw-042", record, 99, brokerDropped: 0).Faults);

    private static RecordCheck Record(params string[] values)
    {
        var record = new RecordCheck();
        var position = 0;
        foreach (var value in values)
        {
            record.Take(new MesReading(
                ++position, "plc/record/count", DateTime.UnixEpoch, value, JsonValueKind.Number,
                value.Length == 0 ? "Bad" : "Good", value.Length == 0 ? "Timeout" : "", 0));
        }

        return record;
    }

    [GeneratedRegex(@"\e\[\d+m")]
    private static partial Regex Colour();
}
