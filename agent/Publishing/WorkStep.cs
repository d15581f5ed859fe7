using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Publishing;

/// <summary>What the session has to do before it asks again.</summary>
internal enum WorkKind : byte
{
    /// <summary>Sleep until something happens, or as long as <see cref="WorkStep.Wait"/> says.</summary>
    Sleep,

    /// <summary>Ask again: something was settled without sending.</summary>
    GoOn,

    /// <summary>Ask the buffer for the last reading of each signal, then <see cref="PublishWork.Announce"/>.</summary>
    ReadPresent,

    /// <summary>Read <see cref="WorkStep.Wanted"/> into the desk's batch, then <see cref="PublishWork.Send"/>.
    /// </summary>
    ReadReadings,

    /// <summary>Hand <see cref="WorkStep.Message"/> to the link, and its answer to <see cref="PublishWork.Settle"/>.
    /// </summary>
    Deliver,
}

/// <param name="Kind">What to do.</param>
/// <param name="Wanted">What to read: this store, from this position on, so many.</param>
/// <param name="Message">What to hand over.</param>
/// <param name="Handed">What its answer is about.</param>
internal readonly record struct WorkStep(
    WorkKind Kind, WantedReadings Wanted = default, OutboundMessage? Message = null, HandedOver? Handed = null)
{
    /// <summary>
    /// How long nothing can be due by time alone, from the moment that the step was decided for; null: until something
    /// happens. Part of the step, because a later clock may find due what the step still waits for.
    /// </summary>
    public TimeSpan? Wait { get; init; }
}

internal readonly record struct WantedReadings(StoreId Store, long From, int ReadingsMax);

/// <summary>A message that is with the link: readings, an announcement, an errand, or, with none of these, an answer.
/// </summary>
internal sealed record HandedOver(PayloadBuffer Payload, SentBatch? Sent, Announcement? Announcement)
{
    public Errand? Errand { get; init; }
}
