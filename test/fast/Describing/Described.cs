using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Describing;
using Sluice.Hal;

namespace Sluice.Fast.Describing;

/// <summary>Descriptions and buffers, made short.</summary>
internal static class Described
{
    public static readonly StoreId Store = StoreId.Parse("0199c6f1000070008000000000000001");
    public static readonly StoreId Younger = StoreId.Parse("0199c6f1000070008000000000000002");

    public static DescribedSignal As(string name, string unit = "", Guid epoch = default) => new(
        new Signal
        {
            Name = name, Source = "hmi1", Type = new SignalType(SignalKind.Uint32), EngineeringUnit = unit,
            CounterBits = epoch == default ? 0 : 64,
        },
        epoch);

    public static BufferView View(long first, long next) => View((Store, first, next, false));

    public static BufferView View(params (StoreId Store, long First, long Next, bool IsVolatile)[] stores) => new(
        [
            .. stores.Select(each => new StoreView
            {
                Store = each.Store, IsVolatile = each.IsVolatile, First = each.First, Next = each.Next,
                Acknowledged = [], Drops = [], DroppedCount = 0, SizeBytes = 1, Waiting = 0,
            }),
        ],
        null);

    /// <summary>What the receiver's rule gives for a reading.</summary>
    public static DescribedSignal? Of(
        SignalHistory history, string name, StoreId store, long position) =>
        history.Told
            .Where(each => each.Was.Signal.Name == name)
            .SelectMany(each => each.Until!.Where(end => end.Store == store && end.Before > position)
                .Select(end => (end.Before, each.Was)))
            .OrderBy(each => each.Before)
            .Select(each => each.Was)
            .FirstOrDefault() ?? history.Present.FirstOrDefault(each => each.Signal.Name == name);
}
