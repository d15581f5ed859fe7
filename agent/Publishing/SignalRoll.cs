using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Describing;

namespace Sluice.Agent.Publishing;

/// <summary>
/// The signals as a birth tells them, and the memory of those that a list had before. Opened by the publisher's start,
/// before anything of the present list is read; then called on the publisher's loop. What takes a worn disk long, the
/// writing, happens beside it, one at a time.
/// </summary>
/// <param name="present">The signals of the configuration.</param>
/// <param name="file">Where descriptions outlive the run; null where nothing does.</param>
/// <param name="clock">Monotonic, for the tries.</param>
/// <param name="logger">The journal.</param>
internal sealed class SignalRoll(
    IReadOnlyList<DescribedSignal> present, SignalHistoryFile? file, TimeProvider clock, ILogger logger)
{
    /// <summary>A disk that did not take them is asked again after this.</summary>
    public static readonly TimeSpan SaveAgain = TimeSpan.FromMinutes(1);

    private readonly SignalHistory history = new(present);
    private Task<bool> saving = Task.FromResult(true);
    private bool isDue;
    private bool isWarned;
    private int forgotten;
    private long? triedAt;

    public IReadOnlyList<DescribedSignal> Present => present;

    /// <summary>Another list whenever it changes.</summary>
    public IReadOnlyList<RetiredSignal> Retired => history.Told;

    /// <summary>A roll of a list that was never another one.</summary>
    public static SignalRoll Of(IReadOnlyList<DescribedSignal> present) =>
        new(present, null, TimeProvider.System, NullLogger.Instance);

    /// <summary>Once, when the buffer is open and no source was read yet.</summary>
    public void Open(BufferView view)
    {
        if (file is null)
        {
            return;
        }

        var kept = file.Load();
        if (kept.Problem.Length > 0)
        {
            Log.DescriptionsDamaged(logger, kept.Problem);
        }

        history.Restore(kept.Present, kept.Retired);
        var isSame = kept.IsWhole && kept.Present.Count == present.Count
            && kept.Present.Zip(present).All(pair => pair.First.IsSameAs(pair.Second))
            && history.Retired.Count == kept.Retired.Count;
        history.Observe(view);
        if (!isSame)
        {
            Save(beside: false);
        }
    }

    /// <summary>What the buffer is now.</summary>
    public void Observe(BufferView view)
    {
        isDue |= history.Observe(view);
        if (file is null || !saving.IsCompleted)
        {
            return;
        }

        isDue |= !saving.Result;
        Tell(saving.Result);
        saving = Task.FromResult(true);
        if (isDue && (triedAt is not { } tried || clock.GetElapsedTime(tried) >= SaveAgain))
        {
            Save(beside: true);
        }
    }

    private void Save(bool beside)
    {
        isDue = false;
        triedAt = clock.GetTimestamp();
        history.Shorten(file!.Fit(present, history.Retired));
        var retired = history.Retired;
        saving = beside ? Task.Run(() => file.Save(present, retired)) : Task.FromResult(file.Save(present, retired));
        if (history.Forgotten > forgotten)
        {
            forgotten = history.Forgotten;
            Log.DescriptionsForgotten(logger, forgotten);
        }
    }

    private void Tell(bool isKept)
    {
        if (!isKept && !isWarned)
        {
            Log.DescriptionsNotKept(logger, SaveAgain.TotalSeconds);
        }

        isWarned = !isKept;
    }
}
