using Sluice.Agent.Uplink;

namespace Sluice.Agent.Renewal;

/// <summary>What the loop has to do before it asks again.</summary>
internal enum RenewalWorkKind : byte
{
    /// <summary>Sleep until something happens, or as long as the step's own time says.</summary>
    Wait,

    /// <summary>Ask again: a step was done.</summary>
    GoOn,

    /// <summary>Hand the message to the publisher, and the broker's answer to <see cref="RenewalWork.Settle"/>.
    /// </summary>
    Deliver,

    /// <summary>Try the staged identity with a session of its own, then <see cref="RenewalWork.Proved"/>.</summary>
    Prove,

    /// <summary>Have the publisher connect anew, then <see cref="RenewalWork.Moved"/>.</summary>
    Move,
}

/// <param name="Kind">What to do.</param>
/// <param name="Message">What to hand over.</param>
/// <param name="Wait">
/// With <see cref="RenewalWorkKind.Wait"/>: how long nothing can be due by time alone, from when that was decided;
/// null: until something happens.
/// </param>
internal readonly record struct RenewalWorkStep(
    RenewalWorkKind Kind, OutboundMessage? Message = null, TimeSpan? Wait = null);
