using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;

namespace Sluice.Agent.Describing;

/// <summary>
/// Which descriptions of signals still hold for readings in the buffer although the signal list is another one by now.
/// A core.
/// <para>
/// A reading of signal s at position p of a store is described by that retired description of s with the lowest end
/// above p in that store; where there is none, by the present list.
/// </para>
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A description that changed, or went, is retired at the start that finds it so: its readings lie below what
/// was next in each store then, because nothing of another list was stored before.</item>
/// <item>It stays as long as a store holds a position below its end, acknowledged or not: a replay may ask for it.
/// </item>
/// <item>While the disk is away, nothing is known of its stores, and nothing is forgotten.</item>
/// <item>There are <see cref="RetiredMax"/> at most; the oldest go first, and are counted.</item>
/// </list>
/// </summary>
internal sealed class SignalHistory(IReadOnlyList<DescribedSignal> present)
{
    public const int RetiredMax = 1000;

    private readonly Dictionary<string, DescribedSignal> byName =
        present.ToDictionary(each => each.Signal.Name, StringComparer.Ordinal);

    private List<RetiredSignal> retired = [];

    /// <summary>The list that is in force.</summary>
    public IReadOnlyList<DescribedSignal> Present => present;

    /// <summary>All of them, oldest first: what has to outlive the run.</summary>
    public IReadOnlyList<RetiredSignal> Retired => retired;

    /// <summary>
    /// Those of which it is known where they end: another list whenever that changes, and never else.
    /// </summary>
    public IReadOnlyList<RetiredSignal> Told { get; private set; } = [];

    /// <summary>Descriptions that were let go although readings of them may be held.</summary>
    public int Forgotten { get; private set; }

    /// <summary>What the run before left.</summary>
    /// <param name="before">Its signal list.</param>
    /// <param name="earlier">What had been retired by then.</param>
    public void Restore(IReadOnlyList<DescribedSignal> before, IReadOnlyList<RetiredSignal> earlier)
    {
        retired = [.. earlier];
        foreach (var was in before)
        {
            if (!byName.TryGetValue(was.Signal.Name, out var now) || !now.IsSameAs(was))
            {
                retired.Add(new RetiredSignal(was, null));
            }
        }

        Shorten(RetiredMax);
        Tell();
    }

    /// <summary>What the buffer is now. True where another description has an end that must be written down.</summary>
    public bool Observe(BufferView view)
    {
        if (retired.Count == 0 || view.Stores.Count == 0 || view.Stores[^1].IsVolatile)
        {
            return false;
        }

        var (before, settled) = (retired, retired.Exists(each => each.Until is null));
        retired = [.. retired.Select(each => Settle(each, view)).Where(each => each.Until!.Count > 0)];
        retired = [.. retired.Where((each, index) => !IsSaidAgain(each, index))];
        if (settled || retired.Count != before.Count || !retired.SequenceEqual(before))
        {
            Tell();
        }

        return settled;
    }

    /// <summary>Lets the oldest go until so many are left.</summary>
    public void Shorten(int most)
    {
        if (retired.Count > most)
        {
            Forgotten += retired.Count - most;
            retired = [.. retired.TakeLast(most)];
            Tell();
        }
    }

    private void Tell() => Told = [.. retired.Where(each => each.Until is not null)];

    /// <summary>The same object where nothing changed.</summary>
    private static RetiredSignal Settle(RetiredSignal each, BufferView view)
    {
        if (each.Until is null)
        {
            return each with
            {
                Until = [.. view.Stores.Where(store => !store.IsVolatile && store.First < store.Next)
                    .Select(store => new StoreEnd(store.Store, store.Next))],
            };
        }

        return each.Until.All(end => IsHeld(end, view))
            ? each
            : each with { Until = [.. each.Until.Where(end => IsHeld(end, view))] };
    }

    private static bool IsHeld(StoreEnd end, BufferView view)
    {
        foreach (var store in view.Stores)
        {
            if (store.Store == end.Store)
            {
                return store.First < end.Before;
            }
        }

        return false;
    }

    /// <summary>The description that came after it says the same: a list that was changed and changed back.</summary>
    private bool IsSaidAgain(RetiredSignal each, int index)
    {
        var name = each.Was.Signal.Name;
        var next = retired.FindIndex(index + 1, later => later.Was.Signal.Name == name);
        var after = next >= 0 ? retired[next].Was : byName.GetValueOrDefault(name);
        return after is not null && after.IsSameAs(each.Was);
    }
}
