using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Describing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Uplink;
using Sluice.Hal;

namespace Sluice.Agent.Publishing;

internal enum Announcement : byte
{
    Status,
    Birth,
    Ledger,

    /// <summary>Beside the others: <see cref="Posture.PosturePlan"/> says when, and nothing waits for it.</summary>
    Posture,
}

/// <summary>
/// Decides when status, birth and ledger go. A core; time as in <see cref="DeliveryPlan"/>.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>On each connection status, birth and ledger are accepted, in this order, before any reading goes.</item>
/// <item>When the stores change, no reading goes before a birth and a ledger that name them were accepted.</item>
/// <item>One announcement is in flight at a time, so a ledger can never overtake an older one.</item>
/// <item>A drop, a correction, a step of the clock and a gap in the recording go out with a ledger within a second;
/// mere progress within five.</item>
/// <item>What devices tell, and that a retired signal's readings are gone, goes out with a birth, and no two births for
/// that follow within thirty seconds; readings wait for none of them.</item>
/// </list>
/// </summary>
internal sealed class AnnouncementPlan
{
    public static readonly TimeSpan DropEvery = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan NewsEvery = TimeSpan.FromSeconds(30);

    private BufferView? view;
    private BufferView? inLedger;
    private Announcement? inFlight;
    private bool birthTooLarge;
    private bool birthLost;
    private bool statusDue;
    private bool birthDue;
    private bool ledgerDue;
    private TimeSpan ledgerAt;
    private TimeSpan birthAt;
    private IReadOnlyList<SourceDevice> devices = [];
    private IReadOnlyList<RetiredSignal> retired = [];
    private (IReadOnlyList<SourceDevice> Devices, IReadOnlyList<RetiredSignal> Retired) inBirth = ([], []);

    /// <summary>While the broker refuses announcements: when to try again.</summary>
    public HoldPolicy Hold { get; } = new();

    /// <summary>What the next birth carries.</summary>
    public IReadOnlyList<SourceDevice> Devices => devices;

    /// <summary>The same of what the signal list had before.</summary>
    public IReadOnlyList<RetiredSignal> Retired => retired;

    /// <summary>The broker found the whole birth too large.</summary>
    public bool ReduceBirth { get; private set; }

    /// <summary>True where readings may go.</summary>
    public bool IsOpen { get; private set; }

    public void Connected(BufferView now)
    {
        view = now;
        inLedger = null;
        inFlight = null;
        statusDue = birthDue = ledgerDue = true;
        birthLost = false;
        ReduceBirth = birthTooLarge;
        IsOpen = false;
        Hold.Clear();
    }

    /// <summary>
    /// The broker ended the connection because a message was too large. Where the whole birth was on its way it was
    /// that one as far as anybody can know, and the next connections get it reduced: else each of them would end there.
    /// True where it was.
    /// </summary>
    public bool HungUpOnBirth()
    {
        var whole = (inFlight == Announcement.Birth || birthLost) && !ReduceBirth;
        birthTooLarge |= whole;
        return whole;
    }

    public void Observe(BufferView now)
    {
        if (view is not null && !ReferenceEquals(now, view) && StoresOf(now) != StoresOf(view))
        {
            birthDue = ledgerDue = true;
            IsOpen = false;
        }

        view = now;
    }

    /// <summary>The MES wants the birth once more.</summary>
    public void AskBirth() => birthDue = true;

    /// <summary>The MES wants the ledger once more.</summary>
    public void AskLedger() => ledgerDue = true;

    /// <summary>What devices told so far: another list only where something changed.</summary>
    public void Observe(IReadOnlyList<SourceDevice> told) => devices = told;

    /// <summary>What the signal list had before: another list only where something changed.</summary>
    public void Observe(IReadOnlyList<RetiredSignal> now) => retired = now;

    public Announcement? Next(TimeSpan now)
    {
        if (inFlight is not null || (Hold.IsHolding && now < Hold.Until))
        {
            return null;
        }

        return statusDue ? Announcement.Status
            : birthDue || NewsWait(now) == TimeSpan.Zero ? Announcement.Birth
            : ledgerDue || LedgerWait(now) == TimeSpan.Zero ? Announcement.Ledger
            : null;
    }

    /// <summary>
    /// How long until the next announcement may be due by time alone; null: not before something changes.
    /// </summary>
    public TimeSpan? Wait(TimeSpan now)
    {
        if (inFlight is not null)
        {
            return null;
        }

        var held = Hold.IsHolding ? Hold.Until - now : TimeSpan.Zero;
        var wait = statusDue || birthDue || ledgerDue ? TimeSpan.Zero : LedgerWait(now);
        wait = NewsWait(now) is { } birth && (wait is null || birth < wait) ? birth : wait;
        return wait is { } due ? (held > due ? held : due) : null;
    }

    public void Sent(Announcement announcement, BufferView carried, TimeSpan now)
    {
        inFlight = announcement;
        if (announcement == Announcement.Ledger)
        {
            inLedger = carried;
            ledgerAt = now;
        }
        else if (announcement == Announcement.Birth)
        {
            inBirth = (devices, retired);
            birthAt = now;
        }
    }

    public void Settle(Announcement announcement, DeliveryVerdict verdict, TimeSpan now)
    {
        if (inFlight != announcement)
        {
            // Sent on a connection that is gone.
            return;
        }

        inFlight = null;
        birthLost |= announcement == Announcement.Birth && verdict == DeliveryVerdict.LinkLost;
        if (verdict == DeliveryVerdict.Accepted)
        {
            Accepted(announcement);
            return;
        }

        if (announcement == Announcement.Birth && verdict == DeliveryVerdict.TooLarge && !ReduceBirth)
        {
            ReduceBirth = birthDue = true;
            return;
        }

        ledgerDue |= announcement == Announcement.Ledger;
        birthDue |= announcement == Announcement.Birth;
        Hold.Failed(now);
    }

    private static string StoresOf(BufferView view) =>
        string.Join(' ', view.Stores.Select(store => store.Store)) + (view.Stores.Count > 0 ? view.Storage : "");

    private void Accepted(Announcement announcement)
    {
        Hold.Clear();
        switch (announcement)
        {
            case Announcement.Status:
                statusDue = false;
                break;
            case Announcement.Birth:
                birthDue = false;
                break;
            case Announcement.Ledger:
                // The stores may have changed while this one was on its way.
                ledgerDue = inLedger is null || view is null || StoresOf(inLedger) != StoresOf(view);
                break;
        }

        IsOpen = !statusDue && !birthDue && !ledgerDue;
    }

    private static bool IsNews(BufferView now, BufferView? told) =>
        now.Stores.Sum(store => store.DroppedCount) != told?.Stores.Sum(store => store.DroppedCount)
        || now.Stores.Sum(store => store.Corrections.Count) != told.Stores.Sum(store => store.Corrections.Count)
        || now.Record?.StepsTotal != told.Record?.StepsTotal
        || now.Record?.GapsTotal != told.Record?.GapsTotal
        || now.Record?.Clock.IsSet != told.Record?.Clock.IsSet;

    private TimeSpan? NewsWait(TimeSpan now)
    {
        if (ReferenceEquals(devices, inBirth.Devices) && ReferenceEquals(retired, inBirth.Retired))
        {
            return null;
        }

        var wait = birthAt + NewsEvery - now;
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    private TimeSpan? LedgerWait(TimeSpan now)
    {
        if (view is null || ReferenceEquals(view, inLedger))
        {
            return null;
        }

        var wait = ledgerAt + (IsNews(view, inLedger) ? DropEvery : ProgressEvery) - now;
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
