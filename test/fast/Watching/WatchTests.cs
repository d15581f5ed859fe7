using System.Globalization;
using Sluice.Agent.Health;
using Sluice.Agent.Watching;
using Spectre.Console;
using Xunit;

namespace Sluice.Fast.Watching;

/// <summary>The live view, drawn as text.</summary>
public sealed class WatchTests
{
    [Fact]
    public void A_picture_shows_rates_courses_buffer_lanes_and_how_fast_the_broker_answers()
    {
        var course = new WatchCourse();
        for (var second = 0; second < 10; second++)
        {
            course.Observe(Report(second, value: second));
        }

        var screen = Draw(course.View!);
        Assert.Contains("Gateway gw-042, sluice-agent 0.1.0, up 9.0 s. All is well.", screen);
        Assert.Matches(@"ok +uplink +connected, 20\.0/s acknowledged, 1\.8 KiB/s", screen);
        Assert.Matches(@"ok +PUBACK +12\.0 ms, longest 40\.0 ms, 2 in flight", screen);
        Assert.Matches(@"ok +lanes +live 7, history 300 +45 went as history", screen);
        Assert.Matches(@"ok +buffer +█+░+ [0-9.]+ % 307 wait on disk", screen);
        Assert.Matches(@"ok +stands on +certificate until 2027-03-01, clock set, locked in", screen);
        Assert.Matches(@"ok +hmi1 +connected +2 of 2 +25\.0/s +5\.0 ms", screen);
        Assert.Matches(@"ok +hmi1/oil/temperature +9 +degC +Good +0\.5 s +▁▁▂▃▄▅▆▇█", screen);
        Assert.All(screen.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 110, line));
    }

    [Fact]
    public void What_is_the_matter_stands_first_and_brackets_are_no_markup()
    {
        var course = new WatchCourse();
        var report = Report(3, value: 1) with
        {
            Attention = ["Source hmi1: [red]silent[/] since 3 s."],
            Uplink = new UplinkStatus("waiting", "away", DateTime.UnixEpoch, 0, 0),
        };
        course.Observe(report with
        {
            Sources = [report.Sources[0] with
            {
                Good = 0, Bad = 2, State = "silent",
                Signals = [new SignalStatus("hmi1/[bold]", "[/]", "", "Bad/Timeout", null)],
            }],
        });

        var screen = Draw(course.View!);
        Assert.Contains("! Source hmi1: [red]silent[/] since 3 s.", screen);
        Assert.Matches(@"BAD +uplink +waiting", screen);
        Assert.Matches(@"BAD +hmi1 +silent +0 of 2", screen);
        Assert.Matches(@"BAD +hmi1/\[bold\] +\[/\] +Bad/Timeout", screen);
    }

    [Fact]
    public void Too_many_signals_are_counted_and_chosen_by_their_name()
    {
        var course = new WatchCourse();
        var report = Report(1, value: 1);
        course.Observe(report with
        {
            Sources = [report.Sources[0] with
            {
                Unlisted = 5,
                Signals = [.. Enumerable.Range(0, 40).Select(number =>
                    new SignalStatus($"hmi1/s{number:00}", "1", "", "Good", null) { Number = 1 })],
            }],
        });

        Assert.Contains("hmi1/s00", Draw(course.View!, lines: 24));
        Assert.Contains("and 38 more", Draw(course.View!, lines: 24));
        Assert.DoesNotContain("hmi1/s00", Draw(course.View!, lines: 24, filter: "S39"));
        Assert.Contains("hmi1/s39", Draw(course.View!, lines: 24, filter: "S39"));
    }

    [Fact]
    public void An_agent_that_was_started_anew_begins_every_course_anew()
    {
        var course = new WatchCourse();
        course.Observe(Report(100, value: 1));
        Assert.NotNull(course.Observe(Report(101, value: 2)).AcknowledgedPerSecond);

        var view = course.Observe(Report(1, value: 3));
        Assert.Null(view.AcknowledgedPerSecond);
        Assert.Equal([3.0], view.Signals[0].Course);
    }

    [Fact]
    public void What_does_not_answer_leaves_the_last_picture_and_says_so()
    {
        var course = new WatchCourse();
        Assert.Null(course.Missed("No agent answers."));
        course.Observe(Report(1, value: 1));
        Assert.Contains("No agent answers.", Draw(course.Missed("No agent answers.")!));
        Assert.DoesNotContain("No agent answers.", Draw(course.Observe(Report(2, value: 1))));
    }

    [Fact]
    public void A_course_keeps_a_minute_and_forgets_signals_that_are_gone()
    {
        var course = new WatchCourse();
        for (var second = 0; second < 200; second++)
        {
            course.Observe(Report(second, value: second));
        }

        Assert.Equal(WatchCourse.Kept, course.View!.Signals[0].Course.Count);
        var without = Report(201, value: 1);
        course.Observe(without with { Sources = [without.Sources[0] with { Signals = [] }] });
        Assert.Equal([7.0], course.Observe(Report(202, value: 7)).Signals[0].Course);
    }

    [Theory]
    [InlineData(new double[0], "")]
    [InlineData(new[] { 1.0, 1, 1 }, "▅▅▅")]
    [InlineData(new[] { 0.0, 7 }, "▁█")]
    [InlineData(new[] { -1e308, 0, 1e308 }, "▁▅█")]
    [InlineData(new[] { 9.0, 0, 1, 2, 3, 4, 5, 6, 7 }, "▁▂▃▄▅▆▇█")]
    public void A_sparkline_has_eight_heights_and_shows_the_newest(double[] values, string line) =>
        Assert.Equal(line, Sparkline.Of([.. values.Select(value => (double?)value)], 8));

    [Fact]
    public void What_is_missing_is_a_blank() =>
        Assert.Equal("▁ █", Sparkline.Of([0, null, 1], 8));

    private static string Draw(WatchView view, int lines = 60, string filter = "")
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 110;
        console.Write(WatchScreen.Of(view, lines, filter));
        return text.ToString();
    }

    private static StatusReport Report(int second, double value) => new()
    {
        Gateway = "gw-042",
        Version = "0.1.0",
        Now = DateTime.UnixEpoch.AddSeconds(second + 0.5),
        UptimeSeconds = second,
        Configuration = new ConfigurationStatus(new string('a', 64), "file", []),
        Uplink = new UplinkStatus("connected", "", DateTime.UnixEpoch, 2, 20 * second)
        {
            AcknowledgedBytes = 1800 * second,
            Lanes = new LanesStatus(7, 300, 45, 0),
            Answers = new AnswerStatus(0.012, 0.04),
        },
        Buffer = new BufferStatus(
            "disk", "", 307, [new StoreStatus(new string('b', 32), false, 1, 1001, 307, 0, 64 << 20)])
        {
            SizeBytesMax = 128 << 20,
        },
        Sources =
        [
            new SourceStatus(
                "hmi1", "connected", "", 2, 0, 0, "", 0.005, 0, 25 * second, new Dictionary<string, long>())
            {
                Signals =
                [
                    new SignalStatus(
                        "hmi1/oil/temperature", value.ToString(CultureInfo.InvariantCulture), "degC", "Good",
                        DateTime.UnixEpoch.AddSeconds(second)) { Number = value },
                    new SignalStatus("hmi1/recipe", "Flansch", "", "Good", DateTime.UnixEpoch.AddSeconds(second)),
                ],
            },
        ],
        Clock = new ClockStatus("set", "", 0, ""),
        Identity = new IdentityStatus("in use", "0001", "17", new DateTime(2027, 3, 1), []),
        Jail = new JailStatus(4, true, "locked in"),
        Attention = [],
    };
}
