using Sluice.Agent.Buffering;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Stamps;

/// <summary>What the ledger says of readings that no disk took: whatever happens to the process, nobody forgets them.
/// </summary>
public sealed class MemoryGapTests
{
    private readonly ClockBench bench = new(isSynchronised: true);

    [Fact]
    public void A_kill_behind_a_disk_fault_took_the_memory_along_and_nothing_said_that_there_had_been_one()
    {
        Run();
        bench.Disk.Mood = DiskMood.ReadOnly;
        var from = bench.Machine.GetUtcNow().UtcDateTime;
        Run();
        var to = bench.Machine.GetUtcNow().UtcDateTime;
        DiskWorks();
        Run();

        bench.Kill();
        Run();

        var gap = Assert.Single(Gaps(), gap => gap.Reason == GapReason.Volatile);
        Assert.True(gap.From > from && gap.To == to && gap.From < to, $"{gap}, of {from:O} to {to:O}");
    }

    [Fact]
    public void A_kill_before_the_disk_took_anything_again_is_one_silence_over_all_of_it()
    {
        Run();
        var durable = bench.Machine.GetUtcNow().UtcDateTime;
        bench.Disk.Mood = DiskMood.ReadOnly;
        Run();
        bench.Kill();
        Run();

        var gap = Assert.Single(Gaps());
        Assert.Equal((GapReason.NotClosed, durable), (gap.Reason, gap.From));
    }

    /// <summary>A day of faults, seed 9: the agent was killed and started while the disk was full.</summary>
    [Fact]
    public void A_start_on_a_disk_that_could_not_be_read_forgot_the_interval_before_it()
    {
        Run();
        var durable = bench.Machine.GetUtcNow().UtcDateTime;
        bench.Advance(TimeSpan.FromSeconds(20));
        bench.Disk.FailsAfter = 0;
        bench.Disk.ReleaseLock();
        bench.StartAgain();
        var first = bench.Machine.GetUtcNow().UtcDateTime;
        Run();
        bench.Disk.FailsAfter = null;
        DiskWorks();

        var (silence, memory) = (Gaps()[0], Gaps()[1]);
        Assert.Equal((GapReason.NotClosed, durable), (silence.Reason, silence.From));
        Assert.InRange(silence.To, first, first + TimeSpan.FromMilliseconds(10));
        Assert.Equal((GapReason.Volatile, silence.To), (memory.Reason, memory.From));
        Assert.Equal(GapReason.NotClosed, bench.Stores.View.Record!.Start!.Before);
    }

    [Fact]
    public void A_step_of_the_clock_while_the_disk_failed_parts_the_interval_in_two()
    {
        Run();
        bench.Disk.Mood = DiskMood.ReadOnly;
        Run();
        bench.Machine.Step(TimeSpan.FromHours(-3));
        Run();
        DiskWorks();

        var (before, after) = (Gaps()[0], Gaps()[1]);
        Assert.True(before.From < before.To && after.From < after.To, $"{before} and {after}");
        Assert.InRange(before.From - after.From, TimeSpan.FromHours(2.9), TimeSpan.FromHours(3));
    }

    private IReadOnlyList<RecordingGap> Gaps() => bench.Stores.View.Record!.Gaps;

    private void DiskWorks()
    {
        bench.Disk.Mood = DiskMood.Works;
        bench.Advance(StoreSwitch.ProbeEvery);
        Assert.True(bench.Stores.Probe());
        Assert.Equal("disk", bench.Stores.View.Storage);
    }

    private void Run()
    {
        bench.Append(20);
        bench.Stores.Commit();
    }
}
