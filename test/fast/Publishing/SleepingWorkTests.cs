using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Sampling;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Fast.Health;
using Sluice.Fast.Posture;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>How long the publisher's work has its session sleep.</summary>
public sealed class SleepingWorkTests : IDisposable
{
    private const long BytesPerSecond = 10_000;

    private readonly HandTimers clock = new();
    private readonly PublishDesk desk;
    private readonly PublishWork work;

    public SleepingWorkTests()
    {
        var settings = PostureWorld.Configuration;
        desk = new PublishDesk(
            settings with { Publish = settings.Publish with { RateBytesPerSecondMax = BytesPerSecond } },
            new AnnouncementEncoder(
                new Speaker("plant1", "gw-042", Guid.NewGuid(), "0.1.0", new string('0', 64)), []),
            new UplinkJournal(TimeProvider.System, new KeptLog()), new DeviceRoll(), clock, new KeptLog());
        work = new PublishWork(desk, new ConnectTerms(100, int.MaxValue, "TLS 1.3", "here"), new BufferView([], null));
    }

    public void Dispose() => desk.Dispose();

    /// <summary>
    /// The budget let the next message go between the decision to wait for it and the question how long, and the sleep
    /// had no end but another reading.
    /// </summary>
    [Fact]
    public void A_backlog_behind_a_rate_slept_until_something_else_happened()
    {
        desk.Budget.Spend((int)BytesPerSecond * 3 / 2, desk.Now);

        var step = work.Next(desk.Now, desk.Utc);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((WorkKind.Sleep, TimeSpan.FromSeconds(0.5)), (step.Kind, step.Wait!.Value));
        Assert.NotEqual(WorkKind.Sleep, work.Next(desk.Now, desk.Utc).Kind);
    }

    /// <summary>A loop that is woken at the very moment must find the message due, and not sleep once more.</summary>
    [Theory]
    [InlineData(0.1)]
    [InlineData(1)]
    [InlineData(0.9)]
    public void What_was_waited_for_is_due_when_the_sleep_is_over(double secondsOverdrawn)
    {
        desk.Budget.Spend((int)(BytesPerSecond * (1 + secondsOverdrawn)), desk.Now);
        var wait = work.Next(desk.Now, desk.Utc).Wait!.Value;

        clock.Advance(wait - TimeSpan.FromMilliseconds(1));
        Assert.Equal(WorkKind.Sleep, work.Next(desk.Now, desk.Utc).Kind);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotEqual(WorkKind.Sleep, work.Next(desk.Now, desk.Utc).Kind);
    }
}
