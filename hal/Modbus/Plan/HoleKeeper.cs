namespace Sluice.Hal.Modbus;

/// <summary>
/// Takes the holes of a device over from the last run, keeps them for the next one, and has each tried again in its
/// time, because a device may be repaired or its program changed. Called by the source's loop; the writing itself,
/// which a worn flash may take a second for, happens beside it, one at a time.
/// </summary>
internal sealed class HoleKeeper(ReadPlan plan, ReadHoleFile? file) : IAsyncDisposable
{
    /// <summary>After this a hole is tried again: it costs a few requests, once a day.</summary>
    public static readonly TimeSpan KeptMax = TimeSpan.FromHours(24);

    // One at a time: all of them at once would be a turn full of refusals.
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMinutes(1);

    // The ages move on, and a disk that took nothing may take it now.
    private static readonly TimeSpan KeepEvery = TimeSpan.FromHours(1);

    // Long enough for somebody to read that the file was damaged.
    private static readonly TimeSpan ReplaceAfter = TimeSpan.FromMinutes(10);

    private Task<bool> saving = Task.FromResult(true);
    private TimeSpan retryAt;
    private TimeSpan keepAt;
    private int keptChanges;

    /// <summary>Why what was kept is not used; empty where all is well.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Once, before the first plan.</summary>
    public void Resume(TimeSpan now)
    {
        if (file is not null)
        {
            var (holes, problem) = file.Load(plan.Fingerprint);
            Problem = problem;
            plan.Learn(holes, now);
        }

        keptChanges = plan.SplitChanges;
        keepAt = now + (Problem.Length > 0 ? ReplaceAfter : KeepEvery);
    }

    /// <summary>Before each plan: may be that one hole is to be tried again.</summary>
    public void Turn(TimeSpan now)
    {
        if (plan.Splits > 0 && now >= retryAt && plan.RetryOldest(now - KeptMax))
        {
            retryAt = now + RetryEvery;
        }
    }

    /// <summary>After each call: keeps what is new.</summary>
    public void Keep(TimeSpan now)
    {
        var isOld = now >= keepAt && (plan.Splits > 0 || Problem.Length > 0);
        var isDue = isOld || plan.SplitChanges != keptChanges;
        if (file is null || !isDue || !saving.IsCompleted)
        {
            return;
        }

        Problem = "";
        keptChanges = plan.SplitChanges;
        keepAt = now + KeepEvery;
        Save(now);
    }

    public async ValueTask DisposeAsync() => await saving.ConfigureAwait(false);

    private void Save(TimeSpan now)
    {
        var (fingerprint, holes) = (plan.Fingerprint, plan.Holes(now));
        saving = Task.Run(() => file!.Save(fingerprint, holes));
    }
}
