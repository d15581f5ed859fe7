using CsCheck;
using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Xunit;

namespace Sluice.Fast.Hal.Gpio;

/// <summary>What signals make of the edges of their line.</summary>
public sealed class LineWatchTests
{
    private const long Millisecond = 1_000_000;

    [Fact]
    public void A_counter_counts_its_own_kind_of_edge_only()
    {
        var line = new Line(EdgeKinds.Both, new EdgeCount(EdgeKinds.Rising), new EdgeCount(EdgeKinds.Both));
        line.Edges("r10 f20 r30 f40 r50");
        Assert.Equal(["3 Good @60"], line.Report(0, 60));
        Assert.Equal(["5 Good @60"], line.Report(1, 60));
    }

    [Fact]
    public void A_lost_edge_is_uncertain_once_and_counted_for_good()
    {
        var line = new Line(EdgeKinds.Rising, new EdgeCount(EdgeKinds.Rising), new EdgeLoss(EdgeKinds.Rising));
        line.Edges("r10#1 r20#2 r30#5");
        Assert.Equal(["3 Uncertain/EdgesLost @40"], line.Report(0, 40));
        Assert.Equal(["2 Good @40"], line.Report(1, 40));
        Assert.Equal(["3 Good @50"], line.Report(0, 50));
        Assert.Equal(2, line.Watch.Lost);
    }

    [Fact]
    public void A_counter_of_rising_edges_does_not_care_for_a_lost_falling_one()
    {
        var line = new Line(EdgeKinds.Both, new EdgeCount(EdgeKinds.Rising));
        line.Edges("r10#1 r30#3");
        Assert.Equal(["2 Good @40"], line.Report(0, 40));
    }

    [Fact]
    public void A_pulse_between_two_reads_is_told_with_both_its_edges()
    {
        var line = new Line(EdgeKinds.Both, new LevelChanges());
        line.Edges("r10 f12");
        Assert.Equal(["true Good @10", "false Good @12", "false Good @100"], line.Report(0, 100, level: false));
        Assert.Equal(["false Good @200"], line.Report(0, 200, level: false));
    }

    [Fact]
    public void A_line_that_flutters_is_told_in_part_and_says_so()
    {
        var changes = new LevelChanges();
        var line = new Line(EdgeKinds.Both, changes);
        line.Edges(string.Join(' ', Enumerable.Range(1, 250).Select(at => $"{(at % 2 == 1 ? 'r' : 'f')}{at}")));
        var told = line.Report(0, 300, level: false);
        Assert.Equal(PendingValues.Max + 1, told.Count);
        Assert.Equal("true Uncertain/EdgesLost @151", told[0]);
        Assert.All(told.Skip(1), each => Assert.Contains(" Good ", each, StringComparison.Ordinal));
        Assert.Equal(150, line.Watch.Dropped);
    }

    [Fact]
    public void The_run_time_is_what_lies_between_the_edges_however_often_it_is_read()
    {
        Gen.Select(Gen.Int[1, 500].Array[1, 20], Gen.Int[1, 300]).Sample((lengths, stride) =>
        {
            var line = new Line(EdgeKinds.Both, new RunTime());
            var often = new Line(EdgeKinds.Both, new RunTime());
            long at = 0, next = 0, ran = 0;
            for (var index = 0; index < lengths.Length; index++)
            {
                ran += index % 2 == 1 ? lengths[index] : 0;
                at += lengths[index];
                for (; next < at; next += stride)
                {
                    often.Report(0, next, level: index % 2 == 1);
                }

                line.Edges($"{(index % 2 == 0 ? 'r' : 'f')}{at}");
                often.Edges($"{(index % 2 == 0 ? 'r' : 'f')}{at}");
            }

            var active = lengths.Length % 2 == 1;
            var expected = Math.Round((ran + (active ? 100 : 0)) / 1000.0, 3);
            return line.Value(0, at + 100, active) == expected && often.Value(0, at + 100, active) == expected;
        });
    }

    [Fact]
    public void An_edge_that_comes_after_the_read_does_not_make_the_run_time_go_back()
    {
        var line = new Line(EdgeKinds.Both, new RunTime());
        line.Edges("r0");
        Assert.Equal(["1 Good @1000"], line.Report(0, 1000, level: true));
        line.Edges("f990 r1500");
        Assert.Equal(["1 Good @1505"], line.Report(0, 1505, level: true));
        Assert.Equal(["1.09 Good @1600"], line.Report(0, 1600, level: true));
    }

    [Fact]
    public void The_run_time_of_a_line_that_is_active_from_the_start_counts_from_the_first_read()
    {
        var line = new Line(EdgeKinds.Both, new RunTime());
        Assert.Equal(["0 Good @100"], line.Report(0, 100, level: true));
        Assert.Equal(["0.4 Good @500"], line.Report(0, 500, level: true));
    }

    [Fact]
    public void A_cycle_is_told_with_the_edge_that_ended_it()
    {
        var line = new Line(EdgeKinds.Both, new CycleTime(EdgeKinds.Rising));
        Assert.Equal([" Bad/NotRead @50"], line.Report(0, 50));
        line.Edges("r100 f150 r300 f400 r1300");
        Assert.Equal(["0.2 Good @300", "1 Good @1300"], line.Report(0, 2000));
        Assert.Equal(["1 Good @3000"], line.Report(0, 3000));
    }

    [Fact]
    public void A_cycle_over_lost_edges_is_their_mean_and_uncertain()
    {
        var line = new Line(EdgeKinds.Rising, new CycleTime(EdgeKinds.Rising));
        line.Edges("r1000#1 r1400#5 r1500#6");
        Assert.Equal(["0.1 Uncertain/EdgesLost @1400", "0.1 Good @1500"], line.Report(0, 2000));
    }

    [Fact]
    public void The_time_nobody_watched_belongs_to_no_cycle()
    {
        var line = new Line(EdgeKinds.Rising, new CycleTime(EdgeKinds.Rising), new EdgeCount(EdgeKinds.Rising));
        line.Edges("r1000#1 r1100#2");
        line.Watch.Begin(level: null, wasAway: true, 5000 * Millisecond);
        line.Edges("r6000#1 r6300#2");
        Assert.Equal(["0.1 Good @1100", "0.3 Good @6300"], line.Report(0, 7000));
        Assert.Equal(["4 Uncertain/EdgesLost @7000"], line.Report(1, 7000));
    }

    [Fact]
    public void A_level_that_contradicts_the_last_edge_twice_is_a_lost_edge()
    {
        var line = new Line(EdgeKinds.Both, new EdgeCount(EdgeKinds.Both), new RunTime(), new LevelChanges());
        line.Edges("r0");
        Assert.Equal(["1 Good @100"], line.Report(0, 100, level: false));
        Assert.Equal(["1 Uncertain/EdgesLost @200"], line.Report(0, 200, level: false));
        Assert.Equal(1, line.Watch.Lost);
        Assert.Equal(["0.2 Uncertain/EdgesLost @200"], line.Report(1, 200, level: false, again: true));
        Assert.Equal(["0.2 Good @900"], line.Report(1, 900, level: false));
    }

    [Fact]
    public void A_level_that_is_ahead_of_its_edge_once_is_not_a_loss()
    {
        var line = new Line(EdgeKinds.Both, new EdgeCount(EdgeKinds.Both));
        line.Edges("r0");
        line.Report(0, 100, level: false);
        line.Edges("f99");
        Assert.Equal(["2 Good @200"], line.Report(0, 200, level: false));
        Assert.Equal(0, line.Watch.Lost);
    }

    [Fact]
    public void Times_never_go_backwards_for_a_signal()
    {
        Gen.Select(Gen.Bool, Gen.Int[0, 50]).Array[1, 60].Sample(steps =>
        {
            var line = new Line(EdgeKinds.Both, new LevelChanges(), new CycleTime(EdgeKinds.Both));
            var told = new List<TimedValue>();
            var level = false;
            long now = 0;
            foreach (var (read, advance) in steps)
            {
                now += advance;
                if (read)
                {
                    line.Take(0, now, level, told);
                }
                else
                {
                    level = !level;
                    line.Edges($"{(level ? 'r' : 'f')}{Math.Max(0, now - 20)}");
                }
            }

            line.Take(0, now, level, told);
            return told.Zip(told.Skip(1)).All(pair => pair.First.AtNanoseconds <= pair.Second.AtNanoseconds);
        });
    }

    [Fact]
    public void Bounces_are_not_counted_where_we_debounce_ourselves()
    {
        var line = new Line(EdgeKinds.Both, TimeSpan.FromMilliseconds(5), new EdgeCount(EdgeKinds.Rising));
        line.Edges("r100 f101 r102 f103 r104 f200 r201 f202");
        Assert.Equal(["1 Good @400"], line.Report(0, 400, level: false));
    }

    /// <summary>A line under watch, told in milliseconds.</summary>
    private sealed class Line
    {
        public Line(EdgeKinds watched, params LineQuantity[] quantities)
            : this(watched, TimeSpan.Zero, quantities)
        {
        }

        public Line(EdgeKinds watched, TimeSpan debounce, params LineQuantity[] quantities)
        {
            Watch = new LineWatch(watched, debounce, quantities);
            Watch.Begin(level: false, wasAway: false, 0);
        }

        public LineWatch Watch { get; }

        public void Edges(string words)
        {
            foreach (var word in words.Split(' '))
            {
                var parts = word[1..].Split('#');
                Watch.Observe(new LineEdge(
                    word[0] == 'r', long.Parse(parts[0]) * Millisecond,
                    parts.Length > 1 ? uint.Parse(parts[1]) : null));
            }
        }

        public List<string> Report(int quantity, long now, bool? level = null, bool again = false)
        {
            var into = new List<TimedValue>();
            Take(quantity, now, level, into, again);
            return [.. into.Select(each => $"{each.Value} {each.Quality} @{each.AtNanoseconds / Millisecond}")];
        }

        public double Value(int quantity, long now, bool level)
        {
            var into = new List<TimedValue>();
            Take(quantity, now, level, into);
            return into[^1].Value.AsDouble;
        }

        public void Take(int quantity, long now, bool? level, List<TimedValue> into, bool again = false)
        {
            var at = now * Millisecond;
            Watch.Report(quantity, again ? level : Watch.ObserveLevel(level, at), at, into);
        }
    }
}
