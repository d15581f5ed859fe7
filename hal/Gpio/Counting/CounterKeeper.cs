namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// Takes totals over from the last run and keeps them for the next one. Called by the sampler's loop; the writing
/// itself, which a worn flash may take a second for, happens beside it, one at a time.
/// </summary>
internal sealed class CounterKeeper(
    ICounterState state, TimeSpan keepEvery, IReadOnlyList<GpioSignal> signals,
    (WatchedLine Line, int Quantity)[] places, Func<Guid> newEpoch)
{
    private readonly Dictionary<string, KeptTotal> kept = [];
    private readonly Guid[] epochs = new Guid[places.Length];
    private Task<bool> saving = Task.FromResult(true);
    private long nextAt = long.MinValue;
    private long failures;

    /// <summary>What is wrong with what was kept; empty where all is well.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Times that totals could not be kept.</summary>
    public long Failures => Interlocked.Read(ref failures);

    /// <summary>Of the signals that are counters, once <see cref="Resume"/> was called.</summary>
    public IReadOnlyDictionary<Signal, Guid> Epochs => Enumerable.Range(0, places.Length)
        .Where(index => signals[index].Quantity == GpioQuantity.Count)
        .ToDictionary(index => signals[index].Signal, index => epochs[index]);

    /// <summary>Once, before the first read. What was not kept begins at 0, and with that a new epoch.</summary>
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

            var isKept = loaded.Totals.TryGetValue(signals[index].TotalName, out var total);
            epochs[index] = total.Epoch != Guid.Empty ? total.Epoch : newEpoch();
            if (isKept)
            {
                line.QuantityAt(quantity).Resume(total.Total);
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

    private void Remember(Dictionary<string, KeptTotal> totals)
    {
        foreach (var (name, total) in totals)
        {
            kept[name] = total;
        }
    }

    private bool IsNew(Dictionary<string, KeptTotal> totals)
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

    private Dictionary<string, KeptTotal> Totals()
    {
        var totals = new Dictionary<string, KeptTotal>();
        for (var index = 0; index < places.Length; index++)
        {
            if (places[index].Line.TotalOf(places[index].Quantity) is { } total)
            {
                totals[signals[index].TotalName] = new KeptTotal(total, epochs[index]);
            }
        }

        return totals;
    }
}
