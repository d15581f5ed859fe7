using Sluice.Agent.Buffering;
using Sluice.Plant.Disk;

namespace Sluice.Fast.Buffering.Stamps;

/// <summary>
/// A gateway's life with a clock that is set late, on a recorded disk. Then: is everything that had been sent when the
/// power went still the same afterwards?
/// </summary>
internal sealed class ClockSchedule
{
    private const int Steps = 60;

    private readonly int seed;
    private readonly ClockBench bench;

    public ClockSchedule(int seed, Func<string, bool>? ignoresSyncOf = null)
    {
        this.seed = seed;
        bench = new ClockBench(new DateTimeOffset(1970, 1, 1, 0, 0, 20, TimeSpan.Zero));
        bench.Disk.IgnoresSyncOf = ignoresSyncOf ?? (_ => false);
        var random = new Random(seed);
        for (var step = 0; step < Steps; step++)
        {
            // No kill in between: it would begin another record.
            ClockTests.Act(bench, random.Next(8), random.Next(1, 60), random.Next(1_000_000));
            bench.Disk.Mark(bench.Sent.Count);
        }
    }

    public List<string> Violations(int states)
    {
        var violations = new List<string>();
        var random = new Random(seed);
        var operations = bench.Disk.Operations;
        var cut = new PowerCut(operations);
        foreach (var point in Enumerable.Range(0, states).Select(_ => random.Next(operations.Count + 1)).Order())
        {
            // What is sent between two marks is sent after its writes: it counts from the mark on.
            var sent = operations.Take(point).OfType<DiskOperation.Mark>().LastOrDefault()?.Number ?? 0;
            var isKill = random.Next(2) == 0;
            var (after, how) = cut.Before(point, isKill ? new EverythingWritten() : random);
            var violation = Check(after, sent, isKill, random);
            if (violation.Length > 0)
            {
                violations.Add($"{how}, {sent} sent: {violation}");
            }
        }

        return violations;
    }

    /// <summary>
    /// A kill leaves the boot, so what was not released may still be corrected; a power cut leaves a choice of writes.
    /// </summary>
    private string Check(SimulatedDisk after, int sent, bool isKill, Random random)
    {
        var copy = bench.Copy(sent);
        try
        {
            if (isKill)
            {
                copy.KillOver(after.Resume(record: false));
                copy.Synchronise();
            }
            else
            {
                copy.CutPower(
                    after.Resume(record: false), TimeSpan.FromSeconds(random.Next(1, 100)),
                    TimeSpan.FromDays(random.Next(20_000)), isSynchronised: false);
            }

            copy.Replay();
            copy.Append(5);
            copy.Stores.Commit();
            copy.Synchronise();
            copy.Replay();
            return "";
        }
        catch (Exception violation) when (violation is InvalidOperationException or KeyNotFoundException)
        {
            return violation.Message;
        }
    }

    /// <summary>Dice by which a disk has every write and name so far: the page cache outlives a process.</summary>
    private sealed class EverythingWritten : Random
    {
        public override int Next(int maxValue) => Math.Min(1, maxValue - 1);
    }
}
