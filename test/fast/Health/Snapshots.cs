using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Health;
using Sluice.Agent.Publishing;
using Sluice.Agent.Standing;

namespace Sluice.Fast.Health;

/// <summary>What the loops say of themselves, made up for the light.</summary>
internal static class Snapshots
{
    public static LightSnapshot Of(
        string state, long waiting = 0, long delivered = 0, bool needsPerson = false, string fault = "",
        bool lastGood = false, bool contested = false) =>
        new(
            new BufferView([Store(waiting)], fault.Length == 0 ? null : new StorageFault(fault)),
            new UplinkHealth
            {
                State = state,
                Sentence = "",
                Since = DateTimeOffset.UnixEpoch,
                DeliveredReadings = delivered,
                NeedsPerson = needsPerson,
                Contest = contested ? Contest.Suspected : Contest.None,
            },
            lastGood);

    private static StoreView Store(long waiting) => new()
    {
        Store = default,
        IsVolatile = false,
        First = 0,
        Next = waiting,
        Acknowledged = [],
        Drops = [],
        DroppedCount = 0,
        SizeBytes = 0,
        Waiting = waiting,
    };
}
