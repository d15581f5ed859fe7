using System.Diagnostics;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>The GPIO source, compiled for ARM64, over the character devices of a real kernel.</summary>
[Collection(nameof(VirtualGateway))]
public sealed class Gpio_on_a_real_kernel(VirtualGateway machine)
{
    private const string BoardChip = "/dev/gpiochip0";

    [Fact]
    public async Task The_boards_own_lines_are_read_and_active_low_turns_them_round()
    {
        await machine.SetBoardLineAsync(1, false);
        await machine.SetBoardLineAsync(2, true);
        await using var probe = await Probe.WatchAsync(
            machine, BoardChip, "/tmp/levels",
            "lamp=gpio:1,Level,Both,0,AsIs,high", "stop=gpio:2,Level,Both,0,AsIs,low");
        Assert.Equal("false Good", probe["lamp"]);
        Assert.Equal("false Good", probe["stop"]);
        await machine.SetBoardLineAsync(1, true);
        await machine.SetBoardLineAsync(2, false);
        await probe.UntilAsync(() => probe["lamp"] == "true Good" && probe["stop"] == "true Good");
        Assert.Equal(0, probe.Counter("edgesLost"));
        Assert.Equal(0, probe.Counter("stampedOnArrival"));
    }

    [Fact]
    public async Task A_counter_is_exact_at_25_hertz()
    {
        const int warmUp = 5;
        const int pulses = 250;
        await machine.SetBoardLineAsync(2, false);
        await using var probe = await Probe.WatchAsync(
            machine, BoardChip, "/tmp/counter", "press=gpio:2,Count,Rising,0,AsIs,high",
            "cycle=gpio:2,CycleTime,Rising,0,AsIs,high");
        await PulseBoardAsync(warmUp, TimeSpan.FromMilliseconds(100));
        await probe.UntilAsync(() => probe.Value("press") == warmUp);
        var took = await PulseBoardAsync(pulses, TimeSpan.FromMilliseconds(20));
        await probe.UntilAsync(() => probe.Value("press") >= warmUp + pulses);
        Assert.Equal($"{warmUp + pulses} Good", probe["press"]);
        Assert.Equal(0, probe.Counter("edgesLost"));
        Figures.Say($"{pulses} pulses at {pulses / took.TotalSeconds:F1} Hz: {probe.Value("press") - warmUp} counted");
    }

    [Theory]
    [InlineData("Rising", 1)]
    [InlineData("Both", 2)]
    public async Task Counted_plus_lost_is_made_when_the_kernels_buffer_runs_over(string edges, int edgesEachPulse)
    {
        const int before = 10;
        const int burst = 1_500;
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1", "DI2");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, $"/tmp/burst-{edges}", $"press=gpio:DI2,Count,{edges},0,AsIs,high",
            $"lost=gpio:DI2,Lost,{edges},0,AsIs,high");
        await chip.PulseAsync(1, before);
        await probe.UntilAsync(() => probe.Value("press") == before * edgesEachPulse);

        // The reader stands still while the burst comes: the kernel keeps the youngest 1,024 edges, and no more.
        await probe.SignalAsync("STOP");
        await chip.PulseAsync(1, burst);
        await probe.SignalAsync("CONT");
        await chip.PulseAsync(1, 1);

        var made = (before + burst + 1) * edgesEachPulse;
        await probe.UntilAsync(() => probe.Value("press") + probe.Value("lost") >= made);
        Assert.Equal(made, probe.Value("press") + probe.Value("lost"));
        Assert.True(probe.Value("lost") > 0, "nothing was lost, so nothing was shown");
        Assert.Contains(probe.Course("press"), each => each.EndsWith("Uncertain/EdgesLost", StringComparison.Ordinal));
        await probe.UntilAsync(() => probe["press"].EndsWith(" Good", StringComparison.Ordinal));
        Figures.Say($"burst, {edges}: {made} made, {probe.Value("press")} counted, {probe.Value("lost")} lost and "
            + "told");
    }

    [Fact]
    public async Task A_burst_that_the_reader_keeps_up_with_is_counted_whole()
    {
        const int burst = 2_000;
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/keeps-up", "press=gpio:DI1,Count,Rising,0,AsIs,high",
            "lost=gpio:DI1,Lost,Rising,0,AsIs,high");
        var began = Stopwatch.GetTimestamp();
        await chip.PulseAsync(0, burst);
        var took = Stopwatch.GetElapsedTime(began);
        await probe.UntilAsync(() => probe.Value("press") + probe.Value("lost") >= burst);
        Assert.Equal(burst, probe.Value("press") + probe.Value("lost"));
        Figures.Say($"{burst} pulses at {burst / took.TotalSeconds:F0} Hz, reader running: {probe.Value("press")} "
            + "counted, "
            + $"{probe.Value("lost")} lost and told");
    }

    [Fact]
    public async Task A_count_survives_a_stop_and_a_kill()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        const string signal = "press=gpio:DI1,Count,Rising,0,AsIs,high";
        await using (var first = await Probe.WatchAsync(machine, chip.Device, "/tmp/survives", signal))
        {
            Assert.Equal("0 Good", first["press"]);
            await chip.PulseAsync(0, 12);
            await first.UntilAsync(() => first.Value("press") == 12);
            await first.CloseAsync();
        }

        await using (var second = await Probe.WatchAsync(machine, chip.Device, "/tmp/survives", signal))
        {
            Assert.Equal("12 Uncertain/EdgesLost", second.Course("press")[0]);
            await chip.PulseAsync(0, 3);
            await second.UntilAsync(() => second["press"] == "15 Good");
            await second.UntilKeptAsync("/tmp/survives", 15, "press");
            await second.SignalAsync("KILL");
        }

        await using var third = await Probe.WatchAsync(machine, chip.Device, "/tmp/survives", signal);
        Assert.Equal("15 Uncertain/EdgesLost", third.Course("press")[0]);
    }

    [Fact]
    public async Task The_kernel_debounces_what_is_shorter_than_the_period()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/bounces", "press=gpio:DI1,Count,Rising,200,AsIs,high");
        await chip.PulseAsync(0, 30);
        await chip.SetAsync(0, true);
        await probe.UntilAsync(() => probe.Value("press") > 0);
        await chip.SetAsync(0, false);
        await Task.Delay(600, TestContext.Current.CancellationToken);
        await chip.SetAsync(0, true);
        await probe.UntilAsync(() => probe.Value("press") >= 2);
        Assert.Equal("2 Good", probe["press"]);
    }

    [Fact]
    public async Task A_change_is_stamped_when_it_happened_and_not_when_it_was_read()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/stamps", "lamp=gpio:DI1,Level,Both,0,AsIs,high");
        await probe.SignalAsync("STOP");
        await chip.SetAsync(0, true);
        await machine.RunAsync("usleep 1000000");
        await chip.SetAsync(0, false);
        await machine.RunAsync("usleep 1000000");
        await probe.SignalAsync("CONT");
        await probe.UntilAsync(() => probe.Course("lamp").Count == 3);
        Assert.Equal(["false Good", "true Good", "false Good"], probe.Course("lamp"));
        var times = probe.Times("lamp");
        Assert.InRange((times[2] - times[1]).TotalSeconds, 0.9, 5);
    }

    [Fact]
    public async Task Run_time_and_cycle_time_are_what_the_kernel_stamped_while_nobody_read()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/times", "run=gpio:DI1,RunTime,Both,0,AsIs,high",
            "cycle=gpio:DI1,CycleTime,Rising,0,AsIs,high");
        Assert.Equal("0 Good", probe["run"]);
        Assert.Equal(" Bad/NotRead", probe["cycle"]);

        // Nobody reads while it happens: only the kernel's stamps can know how long each phase was.
        await probe.SignalAsync("STOP");
        var phases = await chip.PhasesAsync(0, milliseconds: [400, 700, 250, 900, 300]);
        await machine.RunAsync("usleep 1000000");
        await probe.SignalAsync("CONT");
        await probe.UntilAsync(() => probe.Course("cycle").Count(each => each.EndsWith(" Good")) == 2);

        var active = phases[0] + phases[2] + phases[4];
        await probe.UntilAsync(() => probe.Seconds("run")[^1] > active.Least - 0.001);
        Assert.InRange(probe.Seconds("run")[^1], active.Least, active.Most);
        var cycles = probe.Seconds("cycle");
        Assert.InRange(cycles[0], (phases[0] + phases[1]).Least, (phases[0] + phases[1]).Most);
        Assert.InRange(cycles[1], (phases[2] + phases[3]).Least, (phases[2] + phases[3]).Most);
        Assert.Equal(0, probe.Counter("stampedOnArrival"));
        Figures.Say($"run time {probe.Seconds("run")[^1]} s, wire {active}; cycles {string.Join(", ", cycles)} s, "
            + $"wire {phases[0] + phases[1]}, {phases[2] + phases[3]}");
    }

    [Fact]
    public async Task A_chip_that_is_pulled_is_bad_and_comes_back()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Label, "/tmp/pulled", "press=gpio:DI1,Count,Rising,0,AsIs,high");
        await chip.PulseAsync(0, 4);
        await probe.UntilAsync(() => probe["press"] == "4 Good");
        await chip.PlugAsync(false);
        await probe.UntilAsync(() => probe["press"] == " Bad/Disconnected");
        await chip.PlugAsync(true);
        await probe.UntilAsync(() => probe.Course("press").Contains("4 Uncertain/EdgesLost"));
        await chip.PulseAsync(0, 2);
        await probe.UntilAsync(() => probe["press"] == "6 Good");
    }

    [Fact]
    public async Task A_line_that_somebody_else_has_is_named_with_its_user()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var first = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/first", "lamp=gpio:DI1,Level,Both,0,AsIs,high");
        await using var second = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/second", "lamp=gpio:DI1,Level,Both,0,AsIs,high",
            "other=gpio:DI7,Level,Both,0,AsIs,high");
        Assert.Equal(" Bad/Disconnected", second["lamp"]);
        Assert.Equal(" Bad/Disconnected", second["other"]);
        await second.UntilAsync(() => second.Health.Contains("no line named DI7", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_written_by_name_and_by_number_is_told_and_the_first_one_keeps_it()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/twice", "lamp=gpio:DI1,Level,Both,0,AsIs,high",
            "twin=gpio:0,Level,Both,0,AsIs,high");
        Assert.Equal("false Good", probe["lamp"]);
        Assert.Equal(" Bad/Disconnected", probe["twin"]);
        Assert.Contains("gpio:0 is line 0, which another signal of this source watches", probe.Health);
        await chip.SetAsync(0, true);
        await probe.UntilAsync(() => probe["lamp"] == "true Good");
        Assert.Equal(["false Good", "true Good"], probe.Course("lamp"));
        Assert.Equal(" Bad/Disconnected", probe["twin"]);
    }

    [Fact]
    public async Task The_light_is_the_one_line_that_is_driven()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "LED1", "DI1");
        await machine.RunAsync($"/app/sluice-probe light {chip.Device} gpio:LED1 Publishing 5 > /tmp/light 2>&1 &");
        for (var turn = 0; turn < 100 && !await chip.LevelAsync(0); turn++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.True(await chip.LevelAsync(0), await machine.RunAsync("cat /tmp/light"));
        Assert.False(await chip.LevelAsync(1));
    }

    /// <summary>
    /// Pulses on a wire of the board chip. A real gateway is not stopped for 40 ms by the machine that it runs on; this
    /// one may be, and then an edge that the guest had no chance to see would be no finding about the agent. So the
    /// wire waits until the guest took the last edge, and never catches up with a schedule that it fell behind.
    /// </summary>
    private async Task<TimeSpan> PulseBoardAsync(int count, TimeSpan half)
    {
        var began = Stopwatch.GetTimestamp();
        var next = TimeSpan.Zero;
        for (var edge = 1; edge <= count * 2; edge++)
        {
            await machine.SetBoardLineAsync(2, edge % 2 == 1);
            var late = await machine.WaitForTakenAsync(2);
            var now = Stopwatch.GetElapsedTime(began);
            next = late || next + half < now ? now + half : next + half;
            await Task.Delay(next - now, TestContext.Current.CancellationToken);
        }

        return Stopwatch.GetElapsedTime(began);
    }
}
