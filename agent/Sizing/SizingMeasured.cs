using Sluice.Agent.Health;

namespace Sluice.Agent.Sizing;

/// <summary>What a running agent has measured, taken from its status. A core.</summary>
internal static class SizingMeasured
{
    /// <summary>Null where it has not run for long enough.</summary>
    public static SizingFacts? By(StatusReport report)
    {
        var up = TimeSpan.FromSeconds(report.UptimeSeconds);
        if (up < FlashWear.MeasuredMin)
        {
            return null;
        }

        var (stored, uplink) = (report.Buffer.Flash, report.Uplink);
        return new SizingFacts
        {
            ReadingsPerSecond = report.Sources.Sum(source => source.Reported) / up.TotalSeconds,
            MeasuredOver = up,
            DiskBytesPerReading = stored is { SealedReadings: > 0 }
                ? (double)stored.SealedBytes / stored.SealedReadings
                : null,
            WireBytesPerReading = uplink is { Acknowledged: > 0, AcknowledgedBytes: > 0 }
                ? (double)uplink.AcknowledgedBytes / uplink.Acknowledged
                : null,
            BytesPerDay = stored?.BytesPerDay,
        };
    }
}
