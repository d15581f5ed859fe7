using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Sluice.Plant.Gpio;
using Xunit;

namespace Sluice.Fast.Hal.Gpio;

/// <summary>The source over a simulated chip: what the sampler gets to see.</summary>
public sealed class GpioSourceTests
{
    private readonly SteppedClock clock = new();
    private readonly MemoryCounterState state = new();

    [Fact]
    public async Task Levels_follow_the_wire_and_active_low_turns_them_round()
    {
        var chip = Chip();
        await using var source =
            Over(chip, Level("lamp", 3), Level("stop", 4, new LineSettings(true, LineBias.PullUp, default)));
        Assert.Equal(["lamp false Good", "stop true Good"], await Read(source));
        chip[3] = true;
        chip[4] = true;
        Assert.Equal(
            ["lamp true Good", "lamp true Good", "stop false Good", "stop false Good"], await Read(source));
        Assert.Equal(["lamp true Good", "stop false Good"], await Read(source));
    }

    [Fact]
    public async Task Every_change_between_two_reads_is_told_at_the_time_of_its_edge()
    {
        var chip = Chip();
        await using var source = Over(chip, Level("lamp", 3));
        await Read(source);
        var began = clock.GetUtcNow().UtcDateTime;
        clock.Advance(TimeSpan.FromMilliseconds(100));
        chip[3] = true;
        clock.Advance(TimeSpan.FromMilliseconds(30));
        chip[3] = false;
        clock.Advance(TimeSpan.FromMilliseconds(500));
        var batch = await ReadBatch(source);
        Assert.Equal(
            [(true, 100.0), (false, 130.0), (false, 630.0)],
            batch.Select(each => (each.Value.AsBoolean, (each.SourceTimestamp - began).TotalMilliseconds)));
    }

    [Fact]
    public async Task Signals_of_one_line_share_it()
    {
        var chip = Chip();
        await using var source = Over(
            chip, Level("ram", 2), Count("press", 2), Of("cycle", 2, GpioQuantity.CycleTime, EdgeKinds.Rising),
            Of("hours", 2, GpioQuantity.RunTime, EdgeKinds.Both));
        await Read(source);
        for (var stroke = 0; stroke < 3; stroke++)
        {
            chip[2] = true;
            clock.Advance(TimeSpan.FromSeconds(1));
            chip[2] = false;
            clock.Advance(TimeSpan.FromSeconds(3));
        }

        var told = await Read(source);
        Assert.Equal(["press 3 Good", "cycle 4 Good", "cycle 4 Good", "hours 3 Good"], told.Skip(7));
    }

    [Fact]
    public async Task A_lost_edge_is_counted_and_uncertain_once()
    {
        var chip = Chip();
        await using var source = Over(chip, Count("press", 2), Of("lost", 2, GpioQuantity.Lost, EdgeKinds.Rising));
        await Read(source);
        chip.Pulse(2, 10);
        chip.Losing = true;
        chip.Pulse(2, 7);
        chip.Losing = false;
        chip.Pulse(2, 5);
        Assert.Equal(["press 15 Uncertain/EdgesLost", "lost 7 Good"], await Read(source));
        Assert.Equal(["press 15 Good", "lost 7 Good"], await Read(source));
        Assert.Equal(7, Counter(source, "edgesLost"));
    }

    [Fact]
    public async Task A_plain_driver_of_the_package_works_and_its_stamps_are_marked()
    {
        var chip = Chip(EdgeTelling.Plain);
        await using var source = Over(chip, Count("press", 2));
        await Read(source);
        chip.Pulse(2, 10);
        Assert.Equal(["press 10 Good"], await Read(source));
        Assert.Equal(10, Counter(source, "stampedOnArrival"));
        Assert.Equal(0, Counter(source, "edgesLost"));
    }

    [Fact]
    public async Task Bounces_are_not_counted_over_a_driver_that_does_not_debounce()
    {
        var chip = Chip(EdgeTelling.Plain);
        await using var source = Over(
            chip, Count("press", 2, new LineSettings(false, LineBias.AsIs, TimeSpan.FromMilliseconds(5))));
        await Read(source);
        for (var stroke = 0; stroke < 4; stroke++)
        {
            chip.Pulse(2, 3);
            chip[2] = true;
            clock.Advance(TimeSpan.FromMilliseconds(40));
            chip[2] = false;
            clock.Advance(TimeSpan.FromMilliseconds(40));
        }

        Assert.Equal(["press 4 Good"], await Read(source));
    }

    [Fact]
    public async Task A_count_goes_on_after_a_restart_and_says_that_nobody_watched()
    {
        var chip = Chip();
        await using (var first = Over(chip, Count("press", 2)))
        {
            Assert.Equal(["press 0 Good"], await Read(first));
            chip.Pulse(2, 12);
        }

        chip.Pulse(2);
        await using var second = Over(chip, Count("press", 2));
        Assert.Equal(["press 12 Uncertain/EdgesLost"], await Read(second));
        chip.Pulse(2, 3);
        Assert.Equal(["press 15 Good"], await Read(second));
    }

    [Fact]
    public async Task A_killed_agent_loses_at_most_what_was_counted_since_it_last_kept()
    {
        var chip = Chip();
        var killed = Over(chip, Count("press", 2));
        await Read(killed);
        chip.Pulse(2, 12);
        await Eventually(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(6));
            Read(killed).GetAwaiter().GetResult();
            return state.Load().Totals.Values.Any(kept => kept.Total == 12);
        });
        chip.Pulse(2, 5);
        await Read(killed);

        await using var next = Over(chip, Count("press", 2));
        Assert.Equal(["press 12 Uncertain/EdgesLost"], await Read(next));
    }

    [Fact]
    public async Task A_count_is_not_carried_on_to_another_line()
    {
        var chip = Chip();
        await using (var first = Over(chip, Count("press", 2)))
        {
            await Read(first);
            chip.Pulse(2, 12);
        }

        await using var second = Over(chip, Count("press", 5));
        Assert.Equal(["press 0 Good"], await Read(second));
    }

    [Fact]
    public async Task An_epoch_lasts_as_long_as_the_count_goes_on_and_another_begins_with_it()
    {
        var chip = Chip();
        Guid first;
        await using (var source = Over(chip, Count("press", 2), Level("lamp", 3)))
        {
            var (counter, epoch) = Assert.Single(source.CounterEpochs);
            Assert.Equal("line/press", counter.Name);
            Assert.NotEqual(Guid.Empty, epoch);
            first = epoch;
            await Read(source);
        }

        await using (var source = Over(chip, Count("press", 2)))
        {
            Assert.Equal(first, Assert.Single(source.CounterEpochs).Value);
        }

        // The file is lost, or the board was swapped and its cards with it.
        state.Save(new Dictionary<string, KeptTotal>());
        await using (var source = Over(chip, Count("press", 2)))
        {
            Assert.NotEqual(first, Assert.Single(source.CounterEpochs).Value);
        }

        // Another edge is another count, and its total is kept under another name.
        await using (var source = Over(chip, Count("press", 2) with { Edges = EdgeKinds.Falling }))
        {
            Assert.NotEqual(first, Assert.Single(source.CounterEpochs).Value);
        }
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_is_said_and_the_count_begins_anew()
    {
        var chip = Chip();
        await using var source = new GpioSource(
            "line", [Count("press", 2)], chip.MakeDriver, new GpioOptions(), new DamagedState(), clock);
        Assert.Equal(["press 0 Uncertain/EdgesLost"], await Read(source));
        Assert.Equal("The file is damaged.", source.Health.Sentence);
        clock.Advance(TimeSpan.FromSeconds(6));
        await Read(source);
        await Eventually(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(6));
            Read(source).GetAwaiter().GetResult();
            return Counter(source, "keepFailures") > 0;
        });
    }

    [Fact]
    public async Task A_chip_that_is_not_there_is_bad_and_is_asked_for_again()
    {
        var chip = Chip();
        chip.Unplugged = true;
        await using var source = Over(chip, Level("lamp", 3), Count("press", 2));
        Assert.Equal(["lamp  Bad/Disconnected", "press  Bad/Disconnected"], await Read(source));
        Assert.Equal("disconnected", source.Health.State);
        Assert.Equal("There is no such chip.", source.Health.Sentence);
        chip.Unplugged = false;
        Assert.Equal(["lamp  Bad/Disconnected", "press  Bad/Disconnected"], await Read(source));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["lamp false Good", "press 0 Good"], await Read(source));
        Assert.Equal("connected", source.Health.State);
    }

    [Fact]
    public async Task A_chip_that_is_pulled_and_put_back_goes_on_counting_and_says_so()
    {
        var chip = Chip();
        await using var source = Over(chip, Level("lamp", 3), Count("press", 2));
        await Read(source);
        chip.Pulse(2, 4);
        chip.Unplugged = true;
        Assert.Equal(["lamp  Bad/Disconnected", "press  Bad/Disconnected"], await Read(source));
        chip.Pulse(2, 100);
        chip.Unplugged = false;
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["lamp false Good", "press 4 Uncertain/EdgesLost"], await Read(source));
        chip.Pulse(2, 2);
        Assert.Equal(["lamp false Good", "press 6 Good"], await Read(source));
    }

    [Fact]
    public async Task A_line_in_use_elsewhere_does_not_stop_the_others()
    {
        var chip = Chip();
        chip.Busy.Add(3);
        await using var source = Over(chip, Level("lamp", 3), Count("press", 2));
        Assert.Equal(["lamp  Bad/Disconnected", "press 0 Good"], await Read(source));
        Assert.Equal("connected in part", source.Health.State);
        Assert.Contains("in use by", source.Health.Sentence, StringComparison.Ordinal);
        chip.Pulse(2, 3);
        chip.Busy.Clear();
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["lamp false Good", "press 3 Good"], await Read(source));
    }

    [Fact]
    public async Task A_name_needs_a_driver_that_knows_names()
    {
        await using var source = Over(
            Chip(), new GpioSignal { Signal = Made("door"), Line = new GpioLine(-1, "DI1") });
        Assert.Equal(["door  Bad/Disconnected"], await Read(source));
        Assert.Contains("by number only", source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_kernels_own_driver_says_what_is_wrong_with_the_chip()
    {
        await using var missing = new GpioSource(
            "line", [Level("lamp", 3)], "/dev/gpiochip-that-is-not-there", new GpioOptions(), state, clock);
        Assert.Equal(["lamp  Bad/Disconnected"], await Read(missing));
        Assert.Contains("There is no GPIO chip /dev/gpiochip-that-is-not-there", missing.Health.Sentence,
            StringComparison.Ordinal);

        await using var other = new GpioSource(
            "line", [Level("lamp", 3)], "/dev/null", new GpioOptions(), state, clock);
        Assert.Equal(["lamp  Bad/Disconnected"], await Read(other));
        Assert.Contains("/dev/null is not a GPIO chip", other.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Signals_of_one_line_that_disagree_on_it_are_our_mistake()
    {
        Assert.Throws<ArgumentException>(() => Over(
            Chip(), Level("a", 3), Level("b", 3, new LineSettings(true, LineBias.AsIs, default))));
    }

    private SimulatedChip Chip(EdgeTelling telling = EdgeTelling.Numbered) => new(8, telling, clock);

    [Fact]
    public async Task A_line_written_in_two_ways_was_closed_under_the_first_by_the_failure_of_the_second()
    {
        var chip = Chip();
        var twin = Level("twin", 3) with { Line = new GpioLine(3, "DI3") };
        await using var source = Over(chip, Level("lamp", 3), twin);
        Assert.Equal(["lamp false Good", "twin  Bad/Disconnected"], await Read(source));
        Assert.Contains("another signal of this source watches", source.Health.Sentence, StringComparison.Ordinal);
        for (var turn = 0; turn < 5; turn++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            chip[3] = turn % 2 == 0;
            var readings = await Read(source);
            Assert.Equal($"lamp {(turn % 2 == 0 ? "true" : "false")} Good", readings[^2]);
            Assert.Equal("twin  Bad/Disconnected", readings[^1]);
        }

        Assert.Equal(1, source.Health.Counters.Single(each => each.Key == "openings").Value);
    }

    private GpioSource Over(SimulatedChip chip, params GpioSignal[] signals) =>
        new("line", signals, chip.MakeDriver, new GpioOptions(), state, clock);

    private static GpioSignal Level(string name, int line, LineSettings settings = default) =>
        new() { Signal = Made(name), Line = new GpioLine(line, ""), Settings = settings };

    private static GpioSignal Count(string name, int line, LineSettings settings = default) =>
        Of(name, line, GpioQuantity.Count, EdgeKinds.Rising) with { Settings = settings };

    private static GpioSignal Of(string name, int line, GpioQuantity quantity, EdgeKinds edges) =>
        new() { Signal = Made(name), Line = new GpioLine(line, ""), Quantity = quantity, Edges = edges };

    private static Signal Made(string name) =>
        new() { Name = "line/" + name, Source = "line", Type = new SignalType(SignalKind.Count) };

    private static async Task<List<string>> Read(GpioSource source) =>
        [.. (await ReadBatch(source)).Select(each => $"{each.Signal.Name[5..]} {each.Value} {each.Quality}")];

    private static async Task<Reading[]> ReadBatch(GpioSource source)
    {
        var batch = new ReadingBatch();
        await source.ReadAsync(
            Enumerable.Range(0, source.Signals.Count).ToArray(), batch, TestContext.Current.CancellationToken);
        return batch.Readings.ToArray();
    }

    private static long Counter(GpioSource source, string name) =>
        source.Health.Counters.Single(pair => pair.Key == name).Value;

    private static async Task Eventually(Func<bool> condition)
    {
        for (var turn = 0; turn < 5_000 && !condition(); turn++)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.True(condition());
    }

    private sealed class DamagedState : ICounterState
    {
        public CounterTotals Load() => CounterTotals.None with { Problem = "The file is damaged." };

        public bool Save(IReadOnlyDictionary<string, KeptTotal> totals) => false;
    }
}
