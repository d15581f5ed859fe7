using Sluice.Agent.Buffering;

namespace Sluice.Agent.Publishing.Delivery;

/// <summary>
/// One store's account of what is left to deliver, split in two lanes by a cursor: at and above
/// <see cref="LiveCursor"/> is live and not sent yet, everything below it that is neither settled nor on its way is
/// backlog. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A position is in at most one of: settled, in flight, set aside, unsent.</item>
/// <item>Settled grows only by what the broker accepted, what the buffer says was acknowledged, and what is
/// gone.</item>
/// <item>The live cursor never goes below <see cref="LiveStart"/>: what was stored before the connection, or handed
/// over because live lagged, is history for good.</item>
/// </list>
/// </summary>
internal sealed class StoreLanes(StoreId store)
{
    // Far more than a window of 16 can make; what does not fit is delivered twice, never lost.
    private const int RangesMax = 4096;

    private readonly PositionRanges settled = new(RangesMax);
    private readonly List<(PositionRange Range, Lane Lane)> inFlight = [];
    private PositionRanges setAside = new(RangesMax);
    private StoreView? seen;
    private long liveAcceptedTo;
    private long brought;
    private bool rewindDue;

    public StoreId Store { get; } = store;

    public long First { get; private set; } = 1;

    /// <summary>Everything below is durable and may be sent.</summary>
    public long Next { get; private set; } = 1;

    /// <summary>
    /// Where live begins on this connection; <see cref="long.MaxValue"/> where the store is history only.
    /// </summary>
    public long LiveStart { get; private set; } = long.MaxValue;

    public long LiveCursor { get; private set; } = long.MaxValue;

    /// <summary>The store gave nothing where the view promised something: wait for another view.</summary>
    public bool IsStalled { get; private set; }

    public long SetAsideCount => setAside.CountIn(new PositionRange(1, long.MaxValue - 1));

    public void Observe(StoreView view)
    {
        if (ReferenceEquals(view, seen))
        {
            return;
        }

        seen = view;
        First = view.First;
        brought = view.Next > Next ? view.Next - Next : brought;
        Next = Math.Max(Next, view.Next);
        IsStalled = false;
        foreach (var range in view.Acknowledged)
        {
            settled.Add(range);
        }

        if (First > 1)
        {
            // One range instead of many: what is not held cannot be sent, whatever became of it.
            settled.Add(new PositionRange(1, First - 1));
        }
    }

    /// <summary>From here on the store's new readings are live, unless they were already.</summary>
    public void BeginLive(long from)
    {
        if (LiveStart == long.MaxValue)
        {
            LiveStart = LiveCursor = from;
            liveAcceptedTo = from - 1;
        }
    }

    /// <summary>
    /// The connection is gone: nothing is in flight, nothing is live, what was set aside gets another chance.
    /// </summary>
    public void Disconnected()
    {
        inFlight.Clear();
        setAside = new PositionRanges(RangesMax);
        LiveStart = LiveCursor = long.MaxValue;
        rewindDue = false;
        IsStalled = false;
    }

    /// <summary>
    /// Live lags: all but the newest becomes history, so that the present stays present. What the latest commit brought
    /// is no lag, however much it is: of ten thousand signals that are read once a second, most would never be present.
    /// </summary>
    public void HandOver(long lagMax, long keep)
    {
        if (LiveCursor < Next && Next - LiveCursor - brought > lagMax)
        {
            LiveStart = LiveCursor = Next - keep;
            liveAcceptedTo = Math.Max(liveAcceptedTo, LiveStart - 1);
        }
    }

    /// <summary>The next stretch of a lane that may be sent, or null.</summary>
    public PositionRange? NextIn(Lane lane)
    {
        if (IsStalled)
        {
            return null;
        }

        if (lane == Lane.Backfill)
        {
            return FirstUnsent(new PositionRange(First, Math.Min(LiveCursor, Next) - 1));
        }

        if (rewindDue || LiveCursor >= Next)
        {
            return null;
        }

        return FirstUnsent(new PositionRange(LiveCursor, Next - 1));
    }

    public void Sent(PositionRange range, Lane lane)
    {
        inFlight.Add((range, lane));
        if (lane == Lane.Live)
        {
            LiveCursor = range.To + 1;
        }
    }

    /// <summary>Nothing is held there any more: dropped, and named in the ledger by the buffer.</summary>
    public void Gone(PositionRange range) => settled.Add(range);

    public void Stall() => IsStalled = true;

    public void Accepted(PositionRange range, Lane lane)
    {
        Landed(range, lane);
        settled.Add(range);
        if (lane == Lane.Live)
        {
            liveAcceptedTo = Math.Max(liveAcceptedTo, range.To);
        }

        RewindWhenDue();
    }

    /// <summary>
    /// The broker did not take it. Live goes back to right behind the youngest live reading that was taken, once
    /// nothing live is on its way: earlier, an older reading could arrive as live behind a younger one.
    /// </summary>
    public void Refused(PositionRange range, Lane lane)
    {
        Landed(range, lane);
        rewindDue |= lane == Lane.Live;
        RewindWhenDue();
    }

    public void SetAside(PositionRange range, Lane lane)
    {
        Landed(range, lane);
        setAside.Add(range);
        RewindWhenDue();
    }

    /// <summary>What was set aside is unsent again. What was live is history by now.</summary>
    public void TakeUpSetAside() => setAside = new PositionRanges(RangesMax);

    /// <summary>
    /// Readings that are unsent or in flight below a position; an estimate where holes are not known yet.
    /// </summary>
    public long Backlog
    {
        get
        {
            var end = Math.Min(LiveCursor, Next) - 1;
            return end < First ? 0 : end - First + 1 - settled.CountIn(new PositionRange(First, end));
        }
    }

    /// <summary>Readings of this connection that were not handed to the broker yet.</summary>
    public long Fresh => LiveCursor >= Next ? 0 : Next - LiveCursor;

    private void Landed(PositionRange range, Lane lane)
    {
        if (!inFlight.Remove((range, lane)))
        {
            throw new InvalidOperationException($"{range} of store {Store} was not in flight.");
        }
    }

    private void RewindWhenDue()
    {
        if (rewindDue && !inFlight.Exists(sent => sent.Lane == Lane.Live))
        {
            rewindDue = false;
            LiveCursor = Math.Max(LiveStart, liveAcceptedTo + 1);
        }
    }

    private PositionRange? FirstUnsent(PositionRange within)
    {
        if (within.To < within.From)
        {
            return null;
        }

        foreach (var missing in settled.MissingIn(within))
        {
            if (FirstFree(missing) is { } free)
            {
                return free;
            }
        }

        return null;
    }

    /// <summary>The first part of a range that is neither in flight nor set aside.</summary>
    private PositionRange? FirstFree(PositionRange range)
    {
        foreach (var free in setAside.MissingIn(range))
        {
            var (from, to) = (free.From, free.To);
            while (from <= to)
            {
                var covering = inFlight.FindIndex(sent => sent.Range.Contains(from));
                if (covering >= 0)
                {
                    from = inFlight[covering].Range.To + 1;
                    continue;
                }

                foreach (var (sent, _) in inFlight)
                {
                    if (sent.From > from && sent.From <= to)
                    {
                        to = sent.From - 1;
                    }
                }

                return new PositionRange(from, to);
            }
        }

        return null;
    }
}
