using Sluice.Agent.Buffering;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Stamps;

/// <summary>Why the agent runs, as the disk tells it to the posture.</summary>
public sealed class AgentStartTests
{
    private readonly ClockBench bench = new(isSynchronised: true);

    [Fact]
    public void The_first_start_ever_is_the_first() => Assert.Equal((null, false), Start());

    [Fact]
    public void After_a_stop_on_purpose_it_was_stopped_and_after_one_of_the_machine_rebooted_too()
    {
        Run();
        bench.Stop();
        bench.StartAgain();
        Assert.Equal((GapReason.Stopped, false), Start());
        bench.Stop();
        bench.CutPower(bench.Disk, TimeSpan.FromMinutes(5), TimeSpan.Zero, isSynchronised: true);
        Assert.Equal((GapReason.Stopped, true), Start());
    }

    [Fact]
    public void After_a_kill_it_was_not_closed_and_after_a_power_cut_rebooted_too()
    {
        Run();
        bench.Kill();
        Assert.Equal((GapReason.NotClosed, false), Start());
        Run();
        bench.Disk.ReleaseLock();
        bench.CutPower(bench.Disk, TimeSpan.FromMinutes(5), TimeSpan.Zero, isSynchronised: true);
        Assert.Equal((GapReason.NotClosed, true), Start());
    }

    [Fact]
    public void It_stays_what_it_was_while_the_agent_runs()
    {
        Run();
        bench.Kill();
        Run();
        Run();
        Assert.Equal((GapReason.NotClosed, false), Start());
    }

    [Fact]
    public void Where_the_disk_cannot_be_read_nobody_says()
    {
        Run();
        bench.Stop();
        bench.Disk.FailsAfter = 0;
        bench.StartAgain();
        Assert.Equal("memory", bench.Stores.View.Storage);
        Assert.Null(bench.Stores.View.Record!.Start);
    }

    private void Run()
    {
        bench.Append(20);
        bench.Stores.Commit();
    }

    private (GapReason? Before, bool IsRebooted) Start()
    {
        var record = bench.Stores.View.Record!;
        var start = record.Start!;
        return (start.Before, start.Before is not null && start.BootBefore != record.Clock.Boot);
    }
}
