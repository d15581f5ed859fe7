using Microsoft.Extensions.Logging;
using Sluice.Agent.Health;
using Sluice.Plant.Gpio;
using Xunit;

namespace Sluice.Fast.Health;

/// <summary>The loop that drives the light, on a simulated line and a clock moved by hand.</summary>
public sealed class LightLoopTests : IAsyncDisposable
{
    private const int Line = 3;

    private readonly HandTimers clock = new();
    private readonly KeptLog<LightLoop> log = new();
    private readonly SimulatedChip chip;
    private readonly SimulatedLight light;
    private readonly LightLoop loop;
    private LightSnapshot snapshot = Snapshots.Of("connected");

    public LightLoopTests()
    {
        chip = new SimulatedChip(8, EdgeTelling.Plain, clock);
        light = new SimulatedLight(chip, Line);
        loop = new LightLoop(light, () => snapshot, clock, log);
    }

    [Fact]
    public async Task The_light_is_steady_while_readings_are_published()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);

        Assert.DoesNotContain(false, await WatchAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_broker_that_goes_away_shows_within_half_a_second_as_a_slow_blink()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await WatchAsync(TimeSpan.FromSeconds(1));

        snapshot = Snapshots.Of("waiting", waiting: 10);
        await WatchAsync(TimeSpan.FromSeconds(0.5));

        Assert.Equal(5, Changes(await WatchAsync(TimeSpan.FromSeconds(5))));
    }

    [Fact]
    public async Task A_storage_fault_is_a_fast_blink()
    {
        snapshot = Snapshots.Of("connected", fault: "The disk is read-only.");
        await loop.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(16, Changes(await WatchAsync(TimeSpan.FromSeconds(2))));
    }

    [Fact]
    public async Task A_clean_stop_leaves_the_light_dark()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        Assert.True(Assert.Single(await WatchAsync(TimeSpan.Zero)));

        await loop.StopAsync(TestContext.Current.CancellationToken);

        Assert.False(chip[Line]);
        Assert.True(light.IsDisposed);
        Assert.True(loop.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_light_that_cannot_be_driven_is_one_warning_and_not_the_end()
    {
        chip.Busy.Add(Line);
        await loop.StartAsync(TestContext.Current.CancellationToken);

        await WatchAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(7, light.Asked);
        var line = Assert.Single(log.Lines);
        Assert.StartsWith("Warning ", line, StringComparison.Ordinal);
        Assert.Contains("Line 3 is in use by \"somebody\".", line, StringComparison.Ordinal);
        Assert.False(loop.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task A_chip_that_is_plugged_in_again_gets_its_light_back()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await WatchAsync(TimeSpan.FromSeconds(1));
        chip.Unplugged = true;
        await WatchAsync(TimeSpan.FromSeconds(30));
        chip[Line] = false;

        chip.Unplugged = false;
        await WatchAsync(LightLoop.RetryEvery);

        Assert.True(chip[Line]);
        Assert.Equal(["Warning", "Information"], log.Lines.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task A_stop_while_the_chip_is_gone_is_a_clean_stop()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        chip.Unplugged = true;
        await WatchAsync(TimeSpan.FromSeconds(1));

        await loop.StopAsync(TestContext.Current.CancellationToken);

        Assert.True(loop.ExecuteTask!.IsCompletedSuccessfully);
    }

    public async ValueTask DisposeAsync()
    {
        await loop.StopAsync(CancellationToken.None);
        loop.Dispose();
    }

    /// <summary>Lets so much time pass, a turn of the loop at a time; the light after each turn.</summary>
    private async Task<List<bool>> WatchAsync(TimeSpan during)
    {
        var left = during;
        var wait = await clock.NextAsync();
        var seen = new List<bool> { chip[Line] };
        while (wait <= left)
        {
            clock.Advance(wait);
            left -= wait;
            wait = await clock.NextAsync();
            seen.Add(chip[Line]);
        }

        clock.Advance(left);
        return seen;
    }

    private static int Changes(List<bool> seen) =>
        seen.Zip(seen.Skip(1)).Count(pair => pair.First != pair.Second);
}
