using Sluice.Agent.Enrolment;
using Sluice.Agent.Time;
using Sluice.Fast.Health;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Validity;

/// <summary>The loop around the keeper: what it writes, and what it says where the disk does not take it.</summary>
public sealed class GoodTimeLoopTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Begin = TimeProvider.System.GetUtcNow();

    private readonly EnrolledGateway gateway = new();
    private readonly HandTimers timers = new();
    private readonly KeptLog<GoodTimeLoop> log = new();
    private readonly WallAbove clock;
    private bool isSet = true;

    public GoodTimeLoopTests()
    {
        gateway.UseIdentity().Dispose();
        clock = new WallAbove(timers)
        {
            Offset = Begin - DateTimeOffset.UnixEpoch - TimeSpan.FromTicks(timers.GetTimestamp()),
        };
    }

    public async ValueTask DisposeAsync() => await gateway.DisposeAsync();

    [Fact]
    public async Task Saves_after_an_hour_of_a_set_clock_then_hourly_and_once_more_at_the_stop()
    {
        using var loop = Loop(File());
        await loop.StartAsync(CancellationToken.None);
        await MinutesAsync(59);
        Assert.Null(File().Read());

        await MinutesAsync(2);
        var first = File().Read();
        Assert.NotNull(first);
        await MinutesAsync(30);
        Assert.Equal(first, File().Read());

        await loop.StopAsync(CancellationToken.None);
        Assert.True(File().Read() > first);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Saves_nothing_of_a_clock_that_nobody_set_or_that_is_certainly_wrong_also_not_at_the_stop()
    {
        isSet = false;
        using (var loop = Loop(File()))
        {
            await loop.StartAsync(CancellationToken.None);
            await MinutesAsync(90);
            await loop.StopAsync(CancellationToken.None);
        }

        isSet = true;
        clock.Offset -= TimeSpan.FromDays(2 * 366);
        using (var loop = Loop(File()))
        {
            await loop.StartAsync(CancellationToken.None);
            await MinutesAsync(90);
            await loop.StopAsync(CancellationToken.None);
        }

        Assert.Null(File().Read());
    }

    [Fact]
    public async Task Takes_back_what_a_wrong_clock_had_saved_and_says_so_once()
    {
        File().Write(Begin.AddYears(3));
        using var loop = Loop(File());
        await loop.StartAsync(CancellationToken.None);
        await MinutesAsync(61);

        Assert.InRange(File().Read()!.Value, Begin, Begin.AddHours(2));
        Assert.Single(log.Lines, line => line.Contains("A clock that was wrong had saved", StringComparison.Ordinal));
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Says_once_that_the_disk_does_not_take_it_and_goes_on_trying()
    {
        // A folder under the name of what is written first: nobody can write a file there, root neither.
        var way = Path.Combine(gateway.IdentityPath, GoodTimeFile.Name + ".agent");
        Directory.CreateDirectory(Path.Combine(way, "full"));
        using var loop = Loop(File());
        await loop.StartAsync(CancellationToken.None);
        await MinutesAsync(65);
        Assert.Single(log.Lines, line => line.Contains("cannot be saved", StringComparison.Ordinal));

        Directory.Delete(way, recursive: true);
        await MinutesAsync(2);
        Assert.NotNull(File().Read());
        await loop.StopAsync(CancellationToken.None);
    }

    private GoodTimeFile File() => new(LinuxIdentityDisk.Beside(gateway.IdentityPath), ".agent");

    private GoodTimeLoop Loop(GoodTimeFile file) => new(
        new ValidityClock(clock, () => isSet, file.Read), gateway.Configuration, file, clock, log);

    private async Task MinutesAsync(int minutes)
    {
        for (var minute = 0; minute < minutes; minute++)
        {
            timers.Advance(await timers.NextAsync());
            await timers.NextAsync();
        }
    }

    /// <summary>A wall clock of its own above timers that are moved by hand.</summary>
    private sealed class WallAbove(HandTimers timers) : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override long TimestampFrequency => timers.TimestampFrequency;

        public override long GetTimestamp() => timers.GetTimestamp();

        public override DateTimeOffset GetUtcNow() =>
            DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(timers.GetTimestamp()) + Offset;

        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            timers.CreateTimer(callback, state, dueTime, period);
    }
}
