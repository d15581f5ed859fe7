using Sluice.Mes.Schemas;
using static Sluice.Plant.World.WorldFaultException;

namespace Sluice.Plant.World;

/// <summary>
/// How live readings and the backlog share a thin line that is steady, after a long outage. Live readings wait for what
/// is under way before them: <see cref="LateFactor"/> messages of history, the one that showed that these were late,
/// and their own, beside the commit. History comes on while live readings do. The ledger says when it ends, within
/// <see cref="Factor"/>.
/// </summary>
internal sealed class PacingBook(WorldClock clock)
{
    /// <summary>BackfillWindow halves what is under way when an answer takes so many times the fastest.</summary>
    private const int LateFactor = 4;

    /// <summary>
    /// The ledger looks every five seconds at a backlog that shrinks by a message of 500 readings at a time: a message
    /// more or less in one look is a third of it, and a new look counts for a third of what it says.
    /// </summary>
    private const double Factor = 2;

    /// <summary>Until the window has grown and the rate is known.</summary>
    private static readonly TimeSpan Begins = TimeSpan.FromMinutes(1);

    private readonly List<(TimeSpan At, long CatchUpSeconds)> promises = [];
    private bool isMended;
    private TimeSpan begunAt = TimeSpan.MaxValue;
    private TimeSpan historyAt;
    private TimeSpan historyPause;
    private TimeSpan liveWait;
    private long live;

    /// <summary>The line is there again: it begins with the first piece of history.</summary>
    public void Begin() => isMended = true;

    public void Arrives(bool isHistory, TimeSpan takenAt)
    {
        if (isMended && isHistory && begunAt == TimeSpan.MaxValue)
        {
            begunAt = historyAt = clock.Now;
        }

        if (clock.Now < begunAt)
        {
            return;
        }

        if (isHistory)
        {
            historyPause = clock.Now - historyAt > historyPause ? clock.Now - historyAt : historyPause;
            historyAt = clock.Now;
        }
        else if (takenAt > begunAt)
        {
            live++;
            liveWait = clock.Now - takenAt > liveWait ? clock.Now - takenAt : liveWait;
        }
    }

    public void Hears(LedgerMessage ledger)
    {
        if (clock.Now > begunAt && ledger.CatchUpSeconds is { } seconds and > 0)
        {
            promises.Add((clock.Now, seconds));
        }
    }

    /// <param name="message">How long the largest message takes on the line, alone.</param>
    /// <param name="commitEvery">How long a live reading waits for the disk.</param>
    public void Settle(TimeSpan message, TimeSpan commitEvery)
    {
        var drain = historyAt - begunAt;
        Require(drain > 3 * Begins && live > 20, Checker.Pacing,
            () => $"the backlog was gone in {drain} and {live} live readings came: nothing can be judged");
        var bound = ((LateFactor + 2) * message) + commitEvery;
        Require(liveWait <= bound, Checker.Pacing,
            () => $"a live reading took {liveWait}, and {bound} is what history may make it wait");
        Require(historyPause <= bound, Checker.Pacing,
            () => $"history paused for {historyPause} although there was more, and {bound} is the most");
        var judged = promises
            .Where(promise => promise.At > begunAt + Begins && promise.At < historyAt - Begins).ToList();
        Require(judged.Count > 3, Checker.Pacing, () => $"only {judged.Count} ledgers said when it ends");
        var wrong = judged.FirstOrDefault(promise => IsWrong(promise.CatchUpSeconds, historyAt - promise.At));
        Require(wrong == default, Checker.Pacing,
            () => $"a ledger at {wrong.At} promised {wrong.CatchUpSeconds} s and it took {historyAt - wrong.At}");
    }

    private static bool IsWrong(double promised, TimeSpan took) =>
        promised > Factor * took.TotalSeconds || promised * Factor < took.TotalSeconds;
}
