using Sluice.Agent.Time;

namespace Sluice.Agent.Buffering;

/// <summary>Why nothing was recorded for a while.</summary>
public enum GapReason : byte
{
    /// <summary>The agent was stopped; everything before the gap is durable.</summary>
    Stopped,

    /// <summary>
    /// Nobody closed the store: a power cut, a kill, a crash. What was younger than <c>commitEvery</c> is lost.
    /// </summary>
    NotClosed,

    /// <summary>
    /// The disk took nothing, and what was read went to memory. It is delivered as long as that run goes on; what was
    /// not delivered when it ended is lost.
    /// </summary>
    Volatile,
}

/// <summary>
/// An interval in which nothing was recorded, as the start behind it found it; or of which nothing is on the disk.
/// </summary>
/// <param name="From">The last moment that is durable: of the last reading, or of the stop.</param>
/// <param name="To">The first reading behind it.</param>
/// <param name="Reason">How the recording ended.</param>
/// <param name="IsRebooted">The machine was started again meanwhile.</param>
/// <param name="IsClockNotSet">One of the two moments was read from a clock that was not set.</param>
/// <param name="LossMilliseconds">
/// How much may be missing before <paramref name="From"/> was followed by silence: readings younger than this at the
/// end were not durable yet. 0 after a clean stop.
/// </param>
public sealed record RecordingGap(
    DateTime From, DateTime To, GapReason Reason, bool IsRebooted, bool IsClockNotSet, long LossMilliseconds);

/// <summary>What lay before this start of the agent.</summary>
/// <param name="Before">How the recording before it ended; null where nothing was ever recorded here.</param>
/// <param name="BootBefore">The boot in which that was.</param>
public sealed record AgentStart(GapReason? Before, Guid BootBefore);

/// <summary>What the ledger says of clock and recording, immutable.</summary>
/// <param name="Clock">The clock as it was last seen.</param>
/// <param name="Steps">Newest last, bounded.</param>
/// <param name="StepsTotal">All ever noticed in this directory.</param>
/// <param name="Gaps">Newest last, bounded.</param>
/// <param name="GapsTotal">All ever found.</param>
public sealed record RecordView(
    ReadingClock Clock,
    IReadOnlyList<ClockStep> Steps,
    long StepsTotal,
    IReadOnlyList<RecordingGap> Gaps,
    long GapsTotal)
{
    /// <summary>Why the agent runs; null where the disk cannot say. Not kept: the next start has its own.</summary>
    public AgentStart? Start { get; init; }
}

/// <summary>What is kept of it on disk.</summary>
/// <param name="ClosedAt">When it was closed cleanly; null while it is recorded.</param>
/// <param name="View">The rest.</param>
internal sealed record BookRecord(DateTime? ClosedAt, RecordView View);

/// <summary>
/// When readings were recorded and when not, and how the clock was moved. A core: the disk store writes it down.
/// <para>
/// Invariants: both lists are bounded and their totals never shrink; a store that was not closed is never said to have
/// been stopped, whatever a crash left.
/// </para>
/// </summary>
internal sealed class RecordBook
{
    public const int StepsMax = 100;
    public const int GapsMax = 100;

    private readonly List<ClockStep> steps = [];
    private readonly List<RecordingGap> gaps = [];
    private long stepsTotal;
    private long gapsTotal;
    private ReadingClock clock = ReadingClock.Unknown;
    private DateTime? closedAt;
    private AgentStart? start;
    private (DateTime From, ReadingClock Clock, GapReason Reason, long LossMilliseconds)? silence;
    private (DateTime Utc, ReadingClock By)? first;

    // What went to memory since the disk failed: one interval for each clock, because a step may lie between.
    private readonly List<(DateTime From, DateTime To, ReadingClock By)> inMemory = [];

    /// <summary>Everything here is durable.</summary>
    public bool IsWritten { get; private set; } = true;

    /// <summary>The clock as it was last seen, by this run or by the one before it.</summary>
    public ReadingClock Clock => clock;

    public RecordView View => new(clock, [.. steps], stepsTotal, [.. gaps], gapsTotal) { Start = start };

    public BookRecord Record => new(closedAt, View);

    /// <summary>What the directory says of the time before this start.</summary>
    /// <param name="last">The last durable reading, as it goes out; null where there is none.</param>
    /// <param name="lossMax">How young a reading may have been that was not durable.</param>
    /// <param name="isRead">False where the directory could not be read: then nobody knows what was before.</param>
    public void Begin(StoredReading? last, TimeSpan lossMax, bool isRead)
    {
        if (isRead)
        {
            // A clock that was seen and nothing behind it: killed before the first reading was durable.
            var isFirst = closedAt is null && last is null && clock == ReadingClock.Unknown;
            start = new AgentStart(
                isFirst ? null : closedAt is null ? GapReason.NotClosed : GapReason.Stopped,
                closedAt is null && last is { } latest ? latest.Clock.Boot : clock.Boot);
        }

        if (closedAt is { } stopped)
        {
            silence = (stopped, clock, GapReason.Stopped, 0);
        }
        else if (last is { } reading)
        {
            silence = (reading.SourceTimestamp, reading.Clock, GapReason.NotClosed, (long)lossMax.TotalMilliseconds);
        }
    }

    /// <summary>
    /// A directory that this run began without can be read: what it says of the time before stands before what this
    /// run saw, and the silence between ends with this run's first reading.
    /// </summary>
    public void BeginLate(RecordBook found, StoredReading? last, TimeSpan lossMax)
    {
        Absorb(found.View);
        found.Begin(last, lossMax, isRead: true);
        (start, silence) = (found.start, found.silence);
        if (first is { } began)
        {
            Recorded(began.Utc, began.By);
        }
    }

    /// <summary>A reading goes to memory, because the disk took none.</summary>
    public void HeldInMemory(DateTime utc, ReadingClock by)
    {
        if (inMemory is [.., var last] && last.By == by)
        {
            inMemory[^1] = (utc < last.From ? utc : last.From, utc > last.To ? utc : last.To, by);
        }
        else if (inMemory.Count < GapsMax)
        {
            inMemory.Add((utc, utc, by));
        }
    }

    /// <summary>
    /// The disk takes readings again: from now on it is the disk that says what was in memory only. Else a kill would
    /// take the memory along, and nothing would ever tell that there had been one.
    /// </summary>
    public void DiskIsBack()
    {
        foreach (var (from, to, by) in inMemory)
        {
            Add(new RecordingGap(from, to, GapReason.Volatile, false, !by.IsSet, 0));
        }

        inMemory.Clear();
    }

    /// <summary>The first reading after a start ends the silence before it.</summary>
    public void Recorded(DateTime utc, ReadingClock by)
    {
        first ??= (utc, by);
        if (silence is { } before)
        {
            silence = null;
            closedAt = null;
            Add(new RecordingGap(
                before.From, utc, before.Reason, before.Clock.Boot != by.Boot, !before.Clock.IsSet || !by.IsSet,
                before.LossMilliseconds));
        }
    }

    /// <summary>What a look at the clock found.</summary>
    public void Observe(ReadingClock now, ClockStep? step)
    {
        if (step is not null)
        {
            steps.Add(step);
            stepsTotal++;
            Bound(steps, StepsMax);
            IsWritten = false;
        }

        IsWritten &= clock == now;
        clock = now;
    }

    /// <summary>A stop on purpose: the last thing that is written.</summary>
    public void Close(DateTime utc)
    {
        closedAt = utc;
        IsWritten = false;
    }

    public void Written() => IsWritten = true;

    /// <summary>Takes over what was written down.</summary>
    /// <param name="record">What was found.</param>
    /// <param name="isClosed">False where readings stand behind it: nobody closed that.</param>
    public void Restore(BookRecord record, bool isClosed)
    {
        Absorb(record.View);
        clock = record.View.Clock;
        closedAt = isClosed ? record.ClosedAt : null;
    }

    /// <summary>What an older book says stands before what this one says.</summary>
    public void Absorb(RecordView older)
    {
        steps.InsertRange(0, older.Steps);
        gaps.InsertRange(0, older.Gaps);
        Bound(steps, StepsMax);
        Bound(gaps, GapsMax);
        stepsTotal += older.StepsTotal;
        gapsTotal += older.GapsTotal;
    }

    /// <summary>To be written again, into a directory that knows nothing of it.</summary>
    public void MoveTo() => IsWritten = false;

    private void Add(RecordingGap gap)
    {
        gaps.Add(gap);
        gapsTotal++;
        Bound(gaps, GapsMax);
        IsWritten = false;
    }

    private static void Bound<T>(List<T> list, int max)
    {
        if (list.Count > max)
        {
            list.RemoveRange(0, list.Count - max);
        }
    }
}
