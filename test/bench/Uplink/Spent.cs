using Sluice.Bench.Footprint;

namespace Sluice.Bench.Uplink;

/// <summary>Time and processor time of everybody who has a part in it, at one moment or between two.</summary>
/// <param name="Elapsed">On the monotonic clock.</param>
/// <param name="Publisher">The agent, or the bare publisher.</param>
/// <param name="Broker">mosquitto.</param>
/// <param name="Receiver">This process.</param>
/// <param name="WireBytes">What the publisher sent (<see cref="Uplink.WireBytes"/>).</param>
internal readonly record struct Spent(
    TimeSpan Elapsed, TimeSpan Publisher, TimeSpan Broker, TimeSpan Receiver, long WireBytes)
{
    public static Spent Since(Spent before, Spent after) => new(
        after.Elapsed - before.Elapsed, after.Publisher - before.Publisher, after.Broker - before.Broker,
        after.Receiver - before.Receiver, after.WireBytes - before.WireBytes);

    /// <summary>What everybody but the publisher has taken so far: before there is one.</summary>
    public static Spent Others(UplinkRig rig, TimeProvider clock) => new(
        clock.GetElapsedTime(0), TimeSpan.Zero, ProcessFigures.Of(rig.Broker.Process.Id).Cpu,
        Environment.CpuUsage.TotalTime, 0);

    public static async Task<Spent> NowAsync(int publisher, UplinkRig rig, TimeProvider clock)
    {
        var wire = await Uplink.WireBytes.SentAsync(publisher, rig.Broker.Port);
        return Others(rig, clock) with { Publisher = ProcessFigures.Of(publisher).Cpu, WireBytes = wire };
    }
}
