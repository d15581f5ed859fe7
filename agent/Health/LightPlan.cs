using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Publishing;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Light;

namespace Sluice.Agent.Health;

/// <summary>What the light is decided from: what the loops say of themselves.</summary>
/// <param name="Buffer">The buffer's view.</param>
/// <param name="Uplink">The publisher's health.</param>
/// <param name="LastGoodRuns">The configuration file was refused, and the last good one runs.</param>
public sealed record LightSnapshot(BufferView Buffer, UplinkHealth Uplink, bool LastGoodRuns);

/// <summary>What to do with the light now, and when to ask again.</summary>
internal readonly record struct LightStep(LightMessage Message, bool IsOn, TimeSpan Wait);

/// <summary>
/// What the status light says, and whether it is lit. A core: told what is, and what monotonic time it is.
/// <para>
/// Invariants: steady only while the broker takes what there is; a fault that waits for somebody is never hidden behind
/// a broker that is away; a pattern begins with the light on; a wait is at least 1 ms and at most
/// <see cref="LookEvery"/>. What does not blink fast: a source that is silent (a machine switched off for the night is
/// no fault), and readings that were dropped once (their count never falls again, so the light would never come back).
/// </para>
/// </summary>
internal sealed class LightPlan
{
    /// <summary>A change of state is shown within this.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Readings wait and none is acknowledged for so long: then they are stored, not published, whatever the connection
    /// says. Longer than a broker takes to answer.
    /// </summary>
    public static readonly TimeSpan StalledAfter = TimeSpan.FromSeconds(10);

    private LightMessage message = LightMessage.Off;
    private TimeSpan since;
    private long delivered;
    private TimeSpan progressAt;

    public LightStep Step(LightSnapshot snapshot, TimeSpan now)
    {
        if (snapshot.Uplink.State != "connected" || snapshot.Buffer.Waiting == 0
            || snapshot.Uplink.DeliveredReadings != delivered)
        {
            delivered = snapshot.Uplink.DeliveredReadings;
            progressAt = now;
        }

        var decided = Decide(snapshot, isStalled: now - progressAt >= StalledAfter);
        if (decided != message)
        {
            message = decided;
            since = now;
        }

        var stood = now - since;
        var wait = Wait(LightPattern.UntilChange(message, stood));
        return new LightStep(message, LightPattern.IsOn(message, stood), wait);
    }

    private static LightMessage Decide(LightSnapshot snapshot, bool isStalled)
    {
        if (snapshot.Buffer.Fault is not null || snapshot.LastGoodRuns || snapshot.Uplink.NeedsPerson
            || snapshot.Uplink.IsContested)
        {
            return LightMessage.NeedsPerson;
        }

        return snapshot.Uplink.State == "connected" && !isStalled ? LightMessage.Publishing : LightMessage.Storing;
    }

    /// <summary>Rounded up to what a timer can wait: a wait of none would turn the loop in place.</summary>
    private static TimeSpan Wait(TimeSpan untilChange) => untilChange >= LookEvery
        ? LookEvery
        : TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(untilChange.TotalMilliseconds)));
}
