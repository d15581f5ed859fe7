using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Stamps;

/// <summary>
/// The times of these readings were moved, because they were read before the clock was set: the durable rule that
/// corrects them once (contract v1, Delivery).
/// </summary>
/// <param name="Boot">In which boot they were read.</param>
/// <param name="Range">Which readings. Those whose clock was set already are not touched.</param>
/// <param name="OffsetMilliseconds">What was added to their wall clock.</param>
public sealed record ClockCorrection(Guid Boot, PositionRange Range, long OffsetMilliseconds);

/// <summary>Readings in a row that one clock stamped before it was set.</summary>
internal sealed record ClockStretch(PositionRange Range, ReadingClock Clock);

/// <summary>What a store has to keep of its clocks.</summary>
/// <param name="Stretches">Ascending.</param>
/// <param name="IsOpen">The last stretch goes on to the end of the store.</param>
/// <param name="Released">What must stay as it was read.</param>
/// <param name="Corrections">Ascending, disjoint.</param>
internal sealed record ClockRecord(
    IReadOnlyList<ClockStretch> Stretches,
    bool IsOpen,
    IReadOnlyList<PositionRange> Released,
    IReadOnlyList<ClockCorrection> Corrections);

/// <summary>
/// What of a store was read before the clock was set, and what becomes of it. A core: the stores write it down.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A reading looks the same from the moment it may go to the link on, for ever: what was released is never
/// corrected, what was corrected was never released, and neither counts before it is durable
/// (<see cref="IsWritten"/>).</item>
/// <item>A reading is corrected once at most, and only by a clock of its own boot.</item>
/// <item>Every list is bounded. At a bound readings stay Uncertain/ClockNotSet; none is lost, none gets a wrong
/// time.</item>
/// </list>
/// </summary>
internal sealed class StoreClock
{
    public const int StretchesMax = 64;
    public const int CorrectionsMax = 256;

    private readonly List<ClockStretch> stretches = [];
    private readonly PositionRanges released = new(StoreLedger.AcknowledgedRangesMax);
    private readonly List<ClockCorrection> corrections = [];
    private readonly List<ClockCorrection> unwritten = [];

    // Of stretches that are over: a release among them may never have become durable, and then another start, or the
    // disk opened again, knows nothing of it and corrects. Nothing of it is handed out before the disk took the word.
    private readonly PositionRanges unproven = new(StoreLedger.AcknowledgedRangesMax);
    private bool isOpen;

    /// <summary>Everything here is durable.</summary>
    public bool IsWritten { get; private set; } = true;

    /// <summary>Something could be corrected if the clock of its boot were set.</summary>
    public bool IsWaiting => stretches.Count > 0;

    /// <summary>The durable rules.</summary>
    public IReadOnlyList<ClockCorrection> Corrections => corrections;

    public ClockRecord Record => new([.. stretches], isOpen, released.ToList(), [.. corrections, .. unwritten]);

    /// <summary>These were appended, stamped by this clock.</summary>
    public void Note(PositionRange range, ReadingClock clock)
    {
        if (clock.IsSet)
        {
            IsWritten &= !isOpen;
            isOpen = false;
        }
        else if (isOpen && stretches[^1].Clock == clock && stretches[^1].Range.To + 1 == range.From)
        {
            stretches[^1] = stretches[^1] with { Range = stretches[^1].Range with { To = range.To } };
        }
        else if (stretches.Count < StretchesMax)
        {
            stretches.Add(new ClockStretch(range, clock));
            isOpen = true;
            IsWritten = false;
        }
        else
        {
            IsWritten &= !isOpen;
            isOpen = false;
        }
    }

    /// <summary>These are about to go to the link: they stay as they are now.</summary>
    public void Release(PositionRange range)
    {
        foreach (var stretch in stretches)
        {
            var from = Math.Max(range.From, stretch.Range.From);
            var to = Math.Min(range.To, stretch.Range.To);
            if (from <= to && !released.ContainsAll(new PositionRange(from, to)))
            {
                released.Cover(new PositionRange(from, to));
                IsWritten = false;
            }
        }
    }

    /// <summary>
    /// The clock of a boot is set: what was never released gets the right time. What other boots left can never be
    /// corrected, because their monotonic clock is gone.
    /// </summary>
    public void Correct(ReadingClock right)
    {
        if (stretches.Count == 0)
        {
            return;
        }

        foreach (var stretch in stretches.Where(stretch => stretch.Clock.Boot == right.Boot))
        {
            if (!IsWritten)
            {
                unproven.Cover(stretch.Range);
            }

            var offset = right.OffsetMilliseconds - stretch.Clock.OffsetMilliseconds;
            foreach (var range in released.MissingIn(stretch.Range))
            {
                if (corrections.Count + unwritten.Count < CorrectionsMax)
                {
                    unwritten.Add(new ClockCorrection(right.Boot, range, offset));
                }
            }
        }

        stretches.Clear();
        released.RemoveBelow(long.MaxValue);
        isOpen = false;
        IsWritten = false;
    }

    /// <summary>A new boot: what waited for the clock of another one waits no more.</summary>
    public void Forget(Guid allBut)
    {
        if (stretches.RemoveAll(stretch => stretch.Clock.Boot != allBut) > 0)
        {
            isOpen &= stretches.Count > 0;
            IsWritten = false;
        }
    }

    public void Written()
    {
        corrections.AddRange(unwritten);
        unwritten.Clear();
        unproven.RemoveBelow(long.MaxValue);
        IsWritten = true;
    }

    /// <summary>A reading as it goes out: its time corrected, or with the word that the clock was not set.</summary>
    public StoredReading Effective(in StoredReading raw)
    {
        if (raw.Clock.IsSet)
        {
            return raw;
        }

        if (Find(corrections, raw.Position) is { } rule && rule.Boot == raw.Clock.Boot
            && Moved(raw.SourceTimestamp, rule.OffsetMilliseconds) is { } time)
        {
            var offset = raw.Clock.OffsetMilliseconds + rule.OffsetMilliseconds;
            return raw with { SourceTimestamp = time, Clock = new ReadingClock(rule.Boot, true, offset) };
        }

        var position = raw.Position;
        return raw with
        {
            Quality = raw.Quality.IsGood ? Quality.Uncertain(QualityReason.ClockNotSet) : raw.Quality,
            IsProvisional = Find(unwritten, position) is not null || unproven.Contains(position)
                || (IsInStretch(position) && !(IsWritten && released.Contains(position))),
        };
    }

    /// <summary>A loop, because this is asked for each reading and a predicate would be an object for each.</summary>
    private bool IsInStretch(long position)
    {
        foreach (var stretch in stretches)
        {
            if (stretch.Range.Contains(position))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes over what was written down, in a store whose next position is known.</summary>
    public void Restore(ClockRecord record, long next)
    {
        stretches.AddRange(record.Stretches);
        isOpen = record.IsOpen && stretches.Count > 0 && next > stretches[^1].Range.From;
        if (isOpen)
        {
            stretches[^1] = stretches[^1] with { Range = stretches[^1].Range with { To = next - 1 } };
        }

        foreach (var range in record.Released)
        {
            released.Cover(range);
        }

        corrections.AddRange(record.Corrections);

        // What lies behind the end was never handed out, and its positions are given again: to readings of which the
        // record on the disk must not speak.
        IsWritten = isOpen == record.IsOpen && (released.Count == 0 || released[^1].To < next);
        IsWritten &= !Cut(1, next);
    }

    /// <summary>
    /// Nothing below <paramref name="first"/> is held any more. A start cuts the same off what it reads.
    /// </summary>
    public void MoveFirst(long first)
    {
        var wasOpen = isOpen;
        Cut(first, long.MaxValue);
        IsWritten &= isOpen == wasOpen;
    }

    /// <summary>True where a list had more.</summary>
    private bool Cut(long first, long next)
    {
        var had = false;
        Clip(stretches, stretch => stretch.Range, (stretch, range) => stretch with { Range = range });
        Clip(corrections, rule => rule.Range, (rule, range) => rule with { Range = range });
        Clip(unwritten, rule => rule.Range, (rule, range) => rule with { Range = range });
        released.RemoveBelow(first);
        released.RemoveFrom(next);
        isOpen &= stretches.Count > 0;
        return had;

        void Clip<T>(List<T> list, Func<T, PositionRange> of, Func<T, PositionRange, T> with)
        {
            for (var i = list.Count - 1; i >= 0; i--)
            {
                var range = new PositionRange(Math.Max(first, of(list[i]).From), Math.Min(next - 1, of(list[i]).To));
                had |= range != of(list[i]);
                if (range.From > range.To)
                {
                    list.RemoveAt(i);
                }
                else if (range != of(list[i]))
                {
                    list[i] = with(list[i], range);
                }
            }
        }
    }

    private static ClockCorrection? Find(List<ClockCorrection> ascending, long position)
    {
        int low = 0, high = ascending.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ascending[middle].Range.To < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < ascending.Count && ascending[low].Range.From <= position ? ascending[low] : null;
    }

    /// <summary>Null where no date is that far: the reading then stays as it was read.</summary>
    private static DateTime? Moved(DateTime time, long milliseconds)
    {
        var ticks = time.Ticks + ((Int128)milliseconds * TimeSpan.TicksPerMillisecond);
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new DateTime((long)ticks, DateTimeKind.Utc) : null;
    }
}
