using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Publishing.Delivery;

/// <summary>The ways a reading goes out.</summary>
internal enum Lane : byte
{
    /// <summary>Stored on the present connection, in order, at once.</summary>
    Live,

    /// <summary>Stored before it, or overtaken: history.</summary>
    Backfill,

    /// <summary>Acknowledged long ago, and asked for once more by the MES: history too.</summary>
    Replay,
}

/// <summary>A stretch of a store to read and send next.</summary>
internal readonly record struct PlannedBatch(StoreId Store, PositionRange Range, Lane Lane, int ReadingsMax);

/// <summary>A message of readings that is on its way.</summary>
internal sealed record SentBatch(StoreId Store, PositionRange Range, Lane Lane, int Readings, int PayloadBytes,
    TimeSpan At);

/// <summary>
/// Decides which readings are sent next, and what the broker's answers mean for them. A core: no clock, no I/O; time is
/// handed in as the span since some start and never goes back.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>What <see cref="Settle"/> gives back to be acknowledged was accepted by the broker, all of it, and nothing
/// else.</item>
/// <item>No position is in flight twice, but for a replay; never more messages in flight than the window.</item>
/// <item>Nothing is forgotten: what was not accepted is unsent again, or set aside until the next connection, and no
/// longer than <see cref="SetAsideMax"/>.</item>
/// <item>Live goes first; backfill gets its share of the messages while live waits, and all of them while it does not.
/// Inside the live messages of a connection positions of a store ascend.</item>
/// </list>
/// </summary>
internal sealed class DeliveryPlan(DeliveryLimits limits)
{
    /// <summary>
    /// A connection may last for weeks, and whoever checks payloads at the broker is put right within the hour.
    /// </summary>
    public static readonly TimeSpan SetAsideMax = TimeSpan.FromMinutes(10);

    private readonly List<StoreLanes> stores = [];
    private readonly List<SentBatch> inFlight = [];
    private readonly BackfillWindow backfillWindow = new();
    private BufferView? seen;
    private StoreId writing;
    private bool connected;
    private int window;
    private int readingsMax = limits.ReadingsMax;
    private double backfillCredit;
    private TimeSpan? setAsideUntil;

    /// <summary>While the broker takes nothing: when to try again, and how it went so far.</summary>
    public HoldPolicy Hold { get; } = new();

    /// <summary>What the MES asked for once more: it goes where backfill has nothing, at backfill's pace.</summary>
    public ReplayLane Replay { get; } = new();

    public int InFlight => inFlight.Count;

    /// <summary>
    /// Readings set aside because the broker refused their message for its own sake.
    /// </summary>
    public long SetAsideCount => stores.Sum(lanes => lanes.SetAsideCount);

    /// <summary>Readings that are history and not delivered yet.</summary>
    public long Backlog => stores.Sum(lanes => lanes.Backlog);

    /// <summary>Readings of this connection that were not handed to the broker yet.</summary>
    public long Fresh => stores.Sum(lanes => lanes.Fresh);

    /// <summary>Messages of history that may be under way at once right now.</summary>
    public int BackfillInFlightMax => backfillWindow.Messages;

    /// <param name="view">The buffer at the moment of the connection: what it holds is history.</param>
    /// <param name="receiveMaximum">What the broker allows in flight.</param>
    public void Connected(BufferView view, int receiveMaximum)
    {
        Disconnected();
        window = Math.Clamp(receiveMaximum, 1, limits.WindowMax);
        connected = true;
        Hold.Clear();
        backfillWindow.Reset();
        readingsMax = limits.ReadingsMax;
        seen = null;
        Follow(view);
        if (view.Stores.Count > 0)
        {
            var current = view.Stores[^1];
            writing = current.Store;
            LanesOf(current.Store).BeginLive(current.Next);
        }
    }

    /// <summary>Everything that was in flight is unsent again: nobody knows what became of it.</summary>
    public void Disconnected()
    {
        connected = false;
        setAsideUntil = null;
        inFlight.Clear();
        stores.ForEach(lanes => lanes.Disconnected());
        Replay.Disconnected();
    }

    /// <summary>Takes in what the buffer is now.</summary>
    public void Observe(BufferView view)
    {
        if (ReferenceEquals(view, seen) || view.Stores.Count == 0)
        {
            return;
        }

        var current = view.Stores[^1];
        var before = stores.Find(lanes => lanes.Store == current.Store)?.Next ?? current.First;
        Follow(view);
        if (connected && current.Store != writing)
        {
            // Another store took over while we were connected: what it got since then is as live as can be.
            writing = current.Store;
            LanesOf(current.Store).BeginLive(before);
        }

        stores.ForEach(lanes => lanes.HandOver(limits.LiveLagMax, limits.ReadingsMax));
    }

    /// <summary>
    /// What to send next; null while there is nothing, the window is full or the broker takes nothing.
    /// </summary>
    public PlannedBatch? Next(TimeSpan now)
    {
        if (setAsideUntil <= now)
        {
            setAsideUntil = null;
            stores.ForEach(lanes => lanes.TakeUpSetAside());
        }

        if (!connected || inFlight.Count >= Hold.Window(window, now))
        {
            return null;
        }

        var live = Find(Lane.Live);
        var backfillFull = inFlight.Count(sent => sent.Lane != Lane.Live) >= BackfillRoom();
        var backfill = backfillFull ? null : FindHistory();
        if (live is null || backfill is null)
        {
            backfillCredit = 0;
            return live ?? backfill;
        }

        // Tenths do not add up to one exactly.
        return backfillCredit + limits.BackfillShare >= 1 - 1e-9 ? backfill : live;
    }

    /// <summary>How long until something is due by time alone; null: not before something happens.</summary>
    public TimeSpan? Wait(TimeSpan now)
    {
        var held = Hold.IsHolding && Hold.Until > now ? Hold.Until - now : (TimeSpan?)null;
        var aside = setAsideUntil - now;
        return held is null || aside < held ? aside : held;
    }

    /// <summary>The planned batch is on its way, as far as it was found and fits into one message.</summary>
    public SentBatch Sent(in PlannedBatch planned, PositionRange range, int payloadBytes, TimeSpan now)
    {
        if ((planned.Lane == Lane.Live ? FindHistory() : Find(Lane.Live)) is not null)
        {
            backfillCredit += limits.BackfillShare - (planned.Lane == Lane.Live ? 0 : 1);
        }

        var sent = new SentBatch(planned.Store, range, planned.Lane, (int)range.Count, payloadBytes, now);
        if (planned.Lane == Lane.Replay)
        {
            Replay.Sent(planned.Store, range);
        }
        else
        {
            LanesOf(planned.Store).Sent(range, planned.Lane);
        }

        inFlight.Add(sent);
        return sent;
    }

    /// <summary>These are not held any more; the ledger names them.</summary>
    public void Gone(in PlannedBatch planned, PositionRange range)
    {
        if (planned.Lane == Lane.Replay)
        {
            Replay.Gone(planned.Store, range);
        }
        else
        {
            LanesOf(planned.Store).Gone(range);
        }
    }

    /// <summary>The store gave nothing: ask again when the buffer has changed. A replay ends there.</summary>
    public void Stall(in PlannedBatch planned)
    {
        if (planned.Lane == Lane.Replay)
        {
            Replay.Exhausted(planned.Store);
        }
        else
        {
            LanesOf(planned.Store).Stall();
        }
    }

    /// <summary>The broker's answer. Returns what may be acknowledged, or null.</summary>
    public PositionRange? Settle(SentBatch sent, DeliveryVerdict verdict, TimeSpan now)
    {
        if (!inFlight.Remove(sent))
        {
            // The connection it was sent on is gone, and with it the right to believe this answer to be the last word.
            return verdict == DeliveryVerdict.Accepted && sent.Lane != Lane.Replay ? AcceptedLate(sent) : null;
        }

        if (sent.Lane == Lane.Replay)
        {
            SettleReplay(sent, verdict, now);
            return null;
        }

        var lanes = LanesOf(sent.Store);
        switch (verdict)
        {
            case DeliveryVerdict.Accepted:
                lanes.Accepted(sent.Range, sent.Lane);
                Hold.Clear();
                backfillWindow.Accepted(now - sent.At, now);
                return sent.Range;
            case DeliveryVerdict.TooLarge when sent.Readings > 1:
                readingsMax = Math.Max(1, sent.Readings / 2);
                lanes.Refused(sent.Range, sent.Lane);
                return null;
            case DeliveryVerdict.TooLarge:
            case DeliveryVerdict.SetAside:
                // A pause as well: a broker that finds everything wrong must not be run through the whole backlog.
                lanes.SetAside(sent.Range, sent.Lane);
                setAsideUntil ??= now + SetAsideMax;
                Hold.Failed(now);
                return null;
            case DeliveryVerdict.Unheard:
            case DeliveryVerdict.Refused:
            case DeliveryVerdict.Busy:
                lanes.Refused(sent.Range, sent.Lane);
                Hold.Failed(now);
                backfillWindow.Shrink(now);
                return null;
            case DeliveryVerdict.LinkLost:
                lanes.Refused(sent.Range, sent.Lane);
                return null;
            default:
                throw new ArgumentOutOfRangeException(nameof(verdict), verdict,
                    "A verdict that the plan does not know.");
        }
    }

    /// <summary>What the broker takes of a replay changes nothing in the buffer.</summary>
    private void SettleReplay(SentBatch sent, DeliveryVerdict verdict, TimeSpan now)
    {
        switch (verdict)
        {
            case DeliveryVerdict.Accepted:
                Replay.Settled(sent.Store, sent.Range, accepted: true);
                Hold.Clear();
                backfillWindow.Accepted(now - sent.At, now);
                break;
            case DeliveryVerdict.TooLarge when sent.Readings > 1:
                readingsMax = Math.Max(1, sent.Readings / 2);
                Replay.Refused(sent.Store, sent.Range);
                break;
            case DeliveryVerdict.TooLarge:
            case DeliveryVerdict.SetAside:
                Replay.Settled(sent.Store, sent.Range, accepted: false);
                Hold.Failed(now);
                break;
            case DeliveryVerdict.LinkLost:
                Replay.Refused(sent.Store, sent.Range);
                break;
            default:
                Replay.Refused(sent.Store, sent.Range);
                Hold.Failed(now);
                backfillWindow.Shrink(now);
                break;
        }
    }

    private PlannedBatch? FindHistory() => Find(Lane.Backfill)
        ?? (Replay.Next() is { } next
            ? new PlannedBatch(next.Store, next.Range, Lane.Replay, (int)Math.Min(readingsMax, next.Range.Count))
            : null);

    private PositionRange AcceptedLate(SentBatch sent)
    {
        LanesOf(sent.Store).Gone(sent.Range);
        return sent.Range;
    }

    /// <summary>One place is always kept free for live, where the window has more than one.</summary>
    private int BackfillRoom() => Math.Max(1, Math.Min(backfillWindow.Messages, window - 1));

    private PlannedBatch? Find(Lane lane)
    {
        foreach (var lanes in stores)
        {
            if (lanes.NextIn(lane) is { } range)
            {
                return new PlannedBatch(lanes.Store, range, lane, (int)Math.Min(readingsMax, range.Count));
            }
        }

        return null;
    }

    private void Follow(BufferView view)
    {
        seen = view;
        stores.RemoveAll(lanes =>
            !view.Stores.Any(store => store.Store == lanes.Store)
                && !inFlight.Exists(sent => sent.Store == lanes.Store));
        foreach (var store in view.Stores)
        {
            LanesOf(store.Store).Observe(store);
        }

        Replay.Observe(view);
    }

    private StoreLanes LanesOf(StoreId store)
    {
        var lanes = stores.Find(known => known.Store == store);
        if (lanes is null)
        {
            lanes = new StoreLanes(store);
            stores.Add(lanes);
        }

        return lanes;
    }
}
