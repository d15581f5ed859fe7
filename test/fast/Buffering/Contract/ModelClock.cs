using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Fast.Buffering.Contract;

/// <summary>
/// The clock of a buffer's readings, re-implemented as plainly as possible: for each position one word, as it is in
/// memory and as it is on the disk.
/// </summary>
internal sealed class ModelClock
{
    // Where the wall clock is when a time service has set it, against the monotonic one; by hand it is set anywhere.
    private const long RightOffset = 63_900_000_000_000;

    private Dictionary<long, Stamp> now = [];
    private Dictionary<long, Stamp> written = [];
    private int boots = 1;

    public ReadingClock Clock { get; private set; } = new(BootOf(1), true, RightOffset);

    /// <summary>The clock before the last step: readings may be stored later than they were read.</summary>
    public ReadingClock Before { get; private set; } = new(BootOf(1), true, RightOffset);

    /// <summary>Something may be in memory that is not on the disk.</summary>
    public bool IsDirty { get; private set; }

    public void Synchronise() => Move(Clock with { IsSet = true, OffsetMilliseconds = RightOffset });

    public void SetByHand(int hours) => Move(
        Clock with { IsSet = false, OffsetMilliseconds = RightOffset - (hours * 3_600_000L) });

    public void Reboot(int hours)
    {
        Clock = new ReadingClock(BootOf(++boots), false, RightOffset - (hours * 3_600_000L));
        Before = Clock;
    }

    public void Append(long position, ReadingClock by)
    {
        now[position] = new Stamp(by, by.IsSet ? Word.Right : Word.Waits, 0);
        IsDirty = true;
    }

    /// <summary>The buffer was told of the clock.</summary>
    public void Observe()
    {
        foreach (var (position, stamp) in now)
        {
            if (stamp.Word == Word.Waits && (stamp.By.Boot != Clock.Boot || Clock.IsSet))
            {
                now[position] = stamp.By.Boot != Clock.Boot
                    ? stamp with { Word = Word.Stays }
                    : stamp with
                    {
                        Word = Word.Corrected,
                        Offset = Clock.OffsetMilliseconds - stamp.By.OffsetMilliseconds,
                    };
                IsDirty = true;
            }
        }
    }

    /// <summary>These were handed out, if they could be.</summary>
    public void HandOut(PositionRange range)
    {
        foreach (var (position, stamp) in now)
        {
            if (range.Contains(position) && stamp.Word == Word.Waits)
            {
                now[position] = stamp with { Word = Word.Stays };
                IsDirty = true;
            }
        }
    }

    public void Commit()
    {
        written = new Dictionary<long, Stamp>(now);
        IsDirty = false;
    }

    /// <summary>
    /// The store was opened again without a clean stop, and not told of the clock yet. What was never committed may
    /// have been written all the same: as a whole, or not at all.
    /// </summary>
    /// <param name="read">A position's reading, or null where it holds none.</param>
    public void Reopen(Func<long, StoredReading?> read)
    {
        var arrived = now.Any(each => !written.ContainsKey(each.Key) && read(each.Key) is not null);
        var corrected = now.Where(each => each.Value.Word == Word.Corrected
                && written.GetValueOrDefault(each.Key)?.Word != Word.Corrected)
            .Select(each => read(each.Key)).FirstOrDefault(reading => reading is not null);
        if (!arrived && corrected is not { Clock.IsSet: true })
        {
            now = new Dictionary<long, Stamp>(written);
        }

        now = now.Where(each => read(each.Key) is not null).ToDictionary();
        written = new Dictionary<long, Stamp>(now);
        IsDirty = true;
    }

    public void Forget() => (now, written, IsDirty) = ([], [], true);

    /// <summary>As it was when a copy was made, of which nobody knows what was handed out since.</summary>
    public ModelClock Copied()
    {
        var copy = new ModelClock();
        foreach (var (position, stamp) in written)
        {
            copy.now[position] = stamp.Word == Word.Waits ? stamp with { Word = Word.Stays } : stamp;
        }

        copy.Commit();
        return copy;
    }

    /// <summary>Whether a reading looks as it has to, by what was stored.</summary>
    public bool Allows(in StoredReading reading, in StoredReading raw)
    {
        var stamp = now[raw.Position];
        var isWritten = written.GetValueOrDefault(raw.Position) == stamp;
        var expected = Look(raw, stamp, isWritten);
        return reading == expected || (IsDirty
            && (reading == expected with { IsProvisional = true } || reading == Look(raw, stamp, isWritten: true)));
    }

    /// <summary>A rule of the ledger has a reading that it corrected.</summary>
    public bool Corrects(ClockCorrection rule) => now.Any(each => rule.Range.Contains(each.Key)
        && each.Value.Word == Word.Corrected && each.Value.Offset == rule.OffsetMilliseconds
        && each.Value.By.Boot == rule.Boot);

    private static StoredReading Look(in StoredReading raw, Stamp stamp, bool isWritten)
    {
        var stored = raw with { Clock = stamp.By };
        if (stamp.Word == Word.Right)
        {
            return stored;
        }

        if (stamp.Word == Word.Corrected && isWritten)
        {
            return stored with
            {
                SourceTimestamp = raw.SourceTimestamp.AddMilliseconds(stamp.Offset),
                Clock = new ReadingClock(stamp.By.Boot, true, stamp.By.OffsetMilliseconds + stamp.Offset),
            };
        }

        return stored with
        {
            Quality = raw.Quality.IsGood ? Quality.Uncertain(QualityReason.ClockNotSet) : raw.Quality,
            IsProvisional = stamp.Word is Word.Waits or Word.Corrected,
        };
    }

    private static Guid BootOf(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 5]);

    private void Move(ReadingClock to) => (Before, Clock) = (Clock, to);

    private enum Word
    {
        Right,
        Waits,
        Stays,
        Corrected,
    }

    private sealed record Stamp(ReadingClock By, Word Word, long Offset);
}
