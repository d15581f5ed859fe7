using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Watchdog;
using Sluice.Hal;

namespace Sluice.Agent.Sampling;

/// <summary>
/// The loop of one source: asks the schedule what is due, the source for readings, the filters what is worth reporting,
/// and hands that to the buffer. One loop for each source, so that one that is slow or dead delays no other.
/// A full buffer inlet makes it wait; the turns it misses meanwhile are counted by the schedule.
/// </summary>
public sealed class Sampler : BackgroundService
{
    private readonly ISignalSource source;
    private readonly BufferLoop buffer;
    private readonly TimeProvider clock;
    private readonly ILogger<Sampler> log;
    private readonly DeviceRoll? devices;
    private readonly long origin;
    private readonly PollSchedule schedule;
    private readonly Dictionary<Signal, int> indexes;
    private readonly ReportFilter[] filters;
    private readonly LatestReadings latest;
    private readonly LoopProgress progress;
    private readonly LoopStep waits;
    private readonly LoopStep reads;
    private readonly ReadingBatch read = new();
    private string lastState = "";
    private SamplerHealth health;

    public Sampler(
        SourceSettings settings, ISignalSource source, BufferLoop buffer, TimeProvider clock, ILogger<Sampler> log,
        DeviceRoll? devices = null)
    {
        this.devices = devices;
        this.source = source;
        this.buffer = buffer;
        this.clock = clock;
        this.log = log;
        origin = clock.GetTimestamp();
        schedule = new PollSchedule([.. settings.Signals.Select(signal => signal.Every)], TimeSpan.Zero);
        filters = [.. settings.Signals.Select(signal => new ReportFilter(signal.Report))];
        indexes = source.Signals.Select((signal, index) => (signal, index)).ToDictionary(p => p.signal, p => p.index);
        latest = new LatestReadings(source.Signals);
        health = SamplerHealth.Before(source);
        progress = new LoopProgress($"Source {source.Name}");
        waits = new LoopStep(
            "waits until a signal is due", settings.Signals.Select(signal => signal.Every).DefaultIfEmpty().Max()
                + LoopStep.Grace);
        reads = new LoopStep("reads", settings.StepMax + LoopStep.Grace);
    }

    /// <summary>
    /// Whether the loop comes on: within a turn by what the source has asked and counted, however long the bus is, and
    /// whatever it says.
    /// </summary>
    internal LoopSign Sign => progress.Look(read.Count + source.Health.Counters.Sum(counter => counter.Value));

    /// <summary>How sampling goes: a snapshot, from any thread.</summary>
    public SamplerHealth Health => Volatile.Read(ref health);

    /// <summary>The latest reading of each signal, in the order of the list: a copy, from any thread.</summary>
    public IReadOnlyList<Reading> Latest => latest.Copy();

    /// <summary>When the counters that the source counts itself began at 0.</summary>
    public IReadOnlyDictionary<Signal, Guid> CounterEpochs => source.CounterEpochs;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Off the starter's thread at once: a source's first connect must not delay the others' start.
        await Task.Yield();
        await using (source.ConfigureAwait(false))
        {
            Log.SourceStarted(log, source.Name, source.Signals.Count);
            try
            {
                await RunAsync(stoppingToken).ConfigureAwait(false);
            }
            finally
            {
                progress.Enter(LoopStep.NotThere);
            }
        }
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        var due = new int[source.Signals.Count];
        var report = new ReadingBatch();
        long reported = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            progress.Enter(waits);
            await WaitUntilAsync(schedule.NextDue, stoppingToken).ConfigureAwait(false);
            var count = schedule.TakeDue(Now, due);
            if (count == 0)
            {
                continue;
            }

            progress.Enter(reads);
            read.Clear();
            report.Clear();
            var began = Now;
            await source.ReadAsync(due.AsMemory(0, count), read, stoppingToken).ConfigureAwait(false);
            var took = Now - began;
            Filter(read, report);
            reported += report.Count;
            Account(took, reported);
            if (report.Count > 0)
            {
                progress.Enter(LoopStep.OfTheBuffer);
                await buffer.AppendAsync(report.Memory, stoppingToken).ConfigureAwait(false);
            }

            var spare = schedule.NextDue - Now;
            if (spare > TimeSpan.Zero)
            {
                progress.Enter(waits);
                await source.UseSpareTimeAsync(spare, stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(origin);

    private void Filter(ReadingBatch read, ReadingBatch report)
    {
        var now = Now;
        latest.Observe(read.Readings, indexes);
        foreach (ref readonly var reading in read.Readings)
        {
            filters[indexes[reading.Signal]].Observe(reading, now, report);
        }
    }

    private void Account(TimeSpan took, long reported)
    {
        var next = SamplerHealth.After(source, latest.Own, took, schedule.Skipped, reported);
        if (next.Source.State != lastState)
        {
            lastState = next.Source.State;
            Log.SourceState(log, source.Name, next.Source.State, next.Source.Sentence);
        }

        devices?.Observe(source.Name, next.Source.Devices);
        Volatile.Write(ref health, next);
    }

    private async ValueTask WaitUntilAsync(TimeSpan due, CancellationToken cancellationToken)
    {
        var wait = due == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : due - Now;
        if (wait > TimeSpan.Zero || wait == Timeout.InfiniteTimeSpan)
        {
            await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
