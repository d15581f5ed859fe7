namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// Where totals (counts, losses, run times) wait for the next start. Given to a source from outside; called from one
/// place at a time.
/// </summary>
public interface ICounterState
{
    /// <summary>
    /// What was kept, by name. Nothing kept yet is an empty answer; something kept that cannot be read is a problem, a
    /// sentence, and the counters begin anew.
    /// </summary>
    CounterTotals Load();

    /// <summary>Replaces what is kept. False where it could not be kept.</summary>
    bool Save(IReadOnlyDictionary<string, KeptTotal> totals);
}

/// <summary>A total as it is kept.</summary>
/// <param name="Total">The total.</param>
/// <param name="Epoch">
/// Given when it began at 0, and kept with it: a total that has another one is another count, however it stands to this
/// one. Empty where the total was kept by an agent that had none yet.
/// </param>
public readonly record struct KeptTotal(long Total, Guid Epoch);

/// <summary>What a state gave back.</summary>
/// <param name="Totals">By name; empty where nothing was kept.</param>
/// <param name="Problem">Why what was kept cannot be used; empty where all is well.</param>
public sealed record CounterTotals(IReadOnlyDictionary<string, KeptTotal> Totals, string Problem)
{
    public static CounterTotals None { get; } = new(new Dictionary<string, KeptTotal>(), "");
}

/// <summary>Totals that live as long as the process: tests, and gateways without a disk.</summary>
public sealed class MemoryCounterState : ICounterState
{
    private Dictionary<string, KeptTotal> kept = [];

    /// <summary>How often something was kept.</summary>
    public int Saves { get; private set; }

    public CounterTotals Load() => new(new Dictionary<string, KeptTotal>(kept), "");

    public bool Save(IReadOnlyDictionary<string, KeptTotal> totals)
    {
        kept = new Dictionary<string, KeptTotal>(totals);
        Saves++;
        return true;
    }
}
