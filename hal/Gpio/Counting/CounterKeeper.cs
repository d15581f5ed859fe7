namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// Takes totals over from the last run and keeps them for the next one. Called by the sampler's loop; the writing
/// itself, which a worn flash may take a second for, happens beside it, one at a time.
/// </summary>
internal sealed class CounterKeeper(
    ICounterState state, TimeSpan keepEvery, IReadOnlyList<GpioSignal> signals,
    (WatchedLine Line, int Quantity)[] places)
{
    private readonly Dictionary<string, long> kept = [];
    private Task<bool> saving = Task.FromResult(true);
    private long nextAt = long.MinValue;
    private long failures;

    /// <summary>What is wrong with what was kept; empty where all is well.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Times that totals could not be kept.</summary>
    public long Failures => Interlocked.Read(ref failures);

    /// <summary>Once, before the first read.</summary>
    public void Resume()
    {
        if (Totals().Count == 0)
        {
            return;
        }

        var loaded = state.Load();
        Problem = loaded.Problem;
        for (var index = 0; index < places.Length; index++)
        {
            var (line, quantity) = places[index];
            if (line.TotalOf(quantity) is null)
            {
                continue;
            }

            if (loaded.Totals.TryGetValue(signals[index].TotalName, out var total))
            {
                line.QuantityAt(quantity).Resume(total);
                line.MarkAway();
            }
            else if (loaded.Problem.Length > 0)
            {
                line.MarkAway();
            }
        }
    }

    public void Keep(long nowNanoseconds)
    {
        if (nowNanoseconds < nextAt || !saving.IsCompleted)
        {
            return;
        }

        nextAt = nowNanoseconds + (keepEvery.Ticks * 100);
        Account();
        var totals = Totals();
        if (totals.Count > 0 && IsNew(totals))
        {
            saving = Task.Run(() => state.Save(totals));
            Remember(totals);
        }
    }

    /// <summary>Keeps what there is, and returns when it is kept.</summary>
    public async ValueTask CloseAsync()
    {
        await saving.ConfigureAwait(false);
        Account();
        var totals = Totals();
        if (totals.Count > 0 && IsNew(totals) && !state.Save(totals))
        {
            Interlocked.Increment(ref failures);
        }

        Remember(totals);
    }

    private void Account()
    {
        if (!saving.Result)
        {
            Interlocked.Increment(ref failures);
            // Not kept: the next turn tries again, changed or not.
            kept.Clear();
        }

        saving = Task.FromResult(true);
    }

    private void Remember(Dictionary<string, long> totals)
    {
        foreach (var (name, total) in totals)
        {
            kept[name] = total;
        }
    }

    private bool IsNew(Dictionary<string, long> totals)
    {
        foreach (var (name, total) in totals)
        {
            if (!kept.TryGetValue(name, out var before) || before != total)
            {
                return true;
            }
        }

        return false;
    }

    private Dictionary<string, long> Totals()
    {
        var totals = new Dictionary<string, long>();
        for (var index = 0; index < places.Length; index++)
        {
            if (places[index].Line.TotalOf(places[index].Quantity) is { } total)
            {
                totals[signals[index].TotalName] = total;
            }
        }

        return totals;
    }
}
