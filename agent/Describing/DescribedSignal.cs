using Sluice.Agent.Buffering;
using Sluice.Hal;

namespace Sluice.Agent.Describing;

/// <summary>A signal as a birth describes it.</summary>
/// <param name="Signal">What the configuration says of it.</param>
/// <param name="Epoch">
/// Given when its count began at 0; empty where nobody but a device knows, and where it is no counter.
/// </param>
internal sealed record DescribedSignal(Signal Signal, Guid Epoch)
{
    /// <summary>Whether an MES would read the same of both.</summary>
    public bool IsSameAs(DescribedSignal other) =>
        Signal.Name == other.Signal.Name && Signal.Source == other.Signal.Source && Signal.Type == other.Signal.Type
        && Signal.EngineeringUnit == other.Signal.EngineeringUnit && Signal.Description == other.Signal.Description
        && Signal.CounterBits == other.Signal.CounterBits && Signal.Texts.SequenceEqual(other.Signal.Texts)
        && Epoch == other.Epoch;
}

/// <summary>A description that holds no more for what is read from now on, and still does for what was read.</summary>
/// <param name="Was">The description.</param>
/// <param name="Until">
/// Where it ends, for each store that still holds readings from before. Null while the disk is away that held them.
/// </param>
internal sealed record RetiredSignal(DescribedSignal Was, IReadOnlyList<StoreEnd>? Until);

/// <summary>A description holds for readings below this position of a store.</summary>
internal readonly record struct StoreEnd(StoreId Store, long Before);
