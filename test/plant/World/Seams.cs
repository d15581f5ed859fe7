using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Time;
using Sluice.Agent.Uplink;
using Sluice.Hal;

namespace Sluice.Plant.World;

/// <summary>
/// Where the parts of the gateway meet in the world. As it stands everything passes unchanged; a test of the checkers
/// overrides one of these with a mistake, and a checker has to find it.
/// </summary>
internal class Seams
{
    /// <summary>The disk, as the buffer sees it.</summary>
    public virtual IStorage Storage(IStorage storage) => storage;

    /// <summary>The power is back, or the process is started again: what lies on the disk.</summary>
    public virtual void Started(Disk.SimulatedDisk disk)
    {
        // As it is.
    }

    /// <summary>What the buffer counts its intervals on.</summary>
    public virtual TimeProvider Clock(WorldClock clock) => clock;

    /// <summary>What the machine says of its clock.</summary>
    public virtual IHostClock Host(WorldClock clock) => clock;

    /// <summary>The loss window that the buffer works with.</summary>
    public virtual TimeSpan CommitEvery(TimeSpan configured) => configured;

    /// <summary>The payload bytes a second that the publisher keeps to.</summary>
    public virtual long RateMax(long configured) => configured;

    /// <summary>What of the sampled readings reaches the buffer.</summary>
    public virtual ReadOnlySpan<Reading> Appended(ReadOnlySpan<Reading> readings) => readings;

    /// <summary>The buffer as the publisher sees it.</summary>
    public virtual BufferView View(BufferView view) => view;

    /// <summary>What was read to be published.</summary>
    public virtual void Peeked(StoreId store, StoredBatch batch)
    {
        // As it is.
    }

    /// <summary>What the publisher decided to do.</summary>
    public virtual WorkStep Step(WorkStep step) => step;

    /// <summary>What is acknowledged because it was handed over: nothing, ever.</summary>
    public virtual PositionRange? AcknowledgedAtOnce(SentBatch sent) => null;

    /// <summary>How much longer than the others a message takes.</summary>
    public virtual TimeSpan Delay(OutboundMessage message) => TimeSpan.Zero;

    /// <summary>The bytes of a message on their way to the broker.</summary>
    public virtual byte[] Bytes(OutboundMessage message, byte[] payload) => payload;

    /// <summary>The broker's answer, as the publisher takes it.</summary>
    public virtual DeliveryOutcome Answer(DeliveryOutcome outcome) => outcome;

    /// <summary>What the publisher acknowledges to the buffer.</summary>
    public virtual PositionRange? Acknowledged(StoreId store, PositionRange? accepted) => accepted;

    /// <summary>Whether a change of the buffer wakes the publisher.</summary>
    public virtual bool Wakes(long connection) => true;
}
