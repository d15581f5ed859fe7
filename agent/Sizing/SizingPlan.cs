using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Sizing;

/// <summary>What a plan is made of: what was measured, and what is assumed where nothing was.</summary>
public sealed record SizingFacts
{
    /// <summary>Upper bounds of a plant with ordinary names and values; measured ones are better.</summary>
    public const double AssumedDiskBytesPerReading = 10;
    public const double AssumedWireBytesPerReading = 130;

    /// <summary>Readings that the report rules let through, all sources together.</summary>
    public required double ReadingsPerSecond { get; init; }

    /// <summary>How long that was measured; null where it is what the configuration allows at most.</summary>
    public TimeSpan? MeasuredOver { get; init; }

    /// <summary>Bytes on the disk for one sealed reading; null where none was sealed yet.</summary>
    public double? DiskBytesPerReading { get; init; }

    /// <summary>Bytes of payload for one reading; null where none was acknowledged yet.</summary>
    public double? WireBytesPerReading { get; init; }

    /// <summary>Bytes written a day; null where nobody measured.</summary>
    public double? BytesPerDay { get; init; }
}

/// <summary>What an outage needs. Durations and sizes as they are; null means for ever, or never.</summary>
public sealed record SizingAnswer
{
    public required TimeSpan Outage { get; init; }

    public required double Readings { get; init; }

    public required long RoomBytes { get; init; }

    public required long SizeBytesMax { get; init; }

    public required bool IsEnough { get; init; }

    /// <summary>What buffer.sizeMax should be where it is not enough: a quarter more than needed, rounded up.</summary>
    public required long SizeBytesToWrite { get; init; }

    /// <summary>The longest outage that the buffer holds as it is.</summary>
    public required TimeSpan? Holds { get; init; }

    /// <summary>How long the backlog takes to drain while new readings arrive; null: it never does.</summary>
    public required TimeSpan? Drain { get; init; }

    /// <summary>New readings are not held up while the backlog drains.</summary>
    public required bool LiveStaysFresh { get; init; }

    public required double DiskBytesPerReading { get; init; }

    public required double WireBytesPerReading { get; init; }

    public required FlashWear Flash { get; init; }
}

/// <summary>
/// Room, time to drain and flash life for an outage of a given length. A core: arithmetic of what was measured.
/// <para>
/// Room: what is sealed, two journals, a segment being written, and what the directories take. Drain: what
/// <c>rateMax</c> leaves beside the new readings; <c>backfillShare</c> decides only who waits for whom.
/// </para>
/// </summary>
public static class SizingPlan
{
    private const long RoundTo = 16L << 20;
    private const long DirectoriesBytes = 64 << 10;
    private const double PageBytes = 4096;
    private const double Margin = 1.25;
    private const double SecondsPerDay = 86_400;

    public static SizingAnswer For(
        TimeSpan outage, SizingFacts facts, BufferSettings buffer, PublishSettings publish)
    {
        var diskBytes = facts.DiskBytesPerReading ?? SizingFacts.AssumedDiskBytesPerReading;
        var wireBytes = facts.WireBytesPerReading ?? SizingFacts.AssumedWireBytesPerReading;
        var readings = facts.ReadingsPerSecond * outage.TotalSeconds;
        var fixedBytes = (3L * DiskStoreOptions.JournalBytes(buffer.SizeBytesMax)) + DirectoriesBytes;
        var room = fixedBytes + Whole(readings * diskBytes);
        var capacity = publish.RateBytesPerSecondMax / wireBytes;
        var bytesPerDay = facts.BytesPerDay ?? DeviceBytesPerDay(facts.ReadingsPerSecond, diskBytes, buffer);
        return new SizingAnswer
        {
            Outage = outage,
            Readings = readings,
            RoomBytes = room,
            SizeBytesMax = buffer.SizeBytesMax,
            IsEnough = room <= buffer.SizeBytesMax,
            SizeBytesToWrite = Whole(Math.Ceiling(room * Margin / RoundTo)) * RoundTo,
            Holds = Seconds((buffer.SizeBytesMax - fixedBytes) / (facts.ReadingsPerSecond * diskBytes)),
            Drain = capacity > facts.ReadingsPerSecond
                ? Seconds(readings / (capacity - facts.ReadingsPerSecond))
                : null,
            LiveStaysFresh = facts.ReadingsPerSecond <= capacity * (1 - publish.BackfillShare),
            DiskBytesPerReading = diskBytes,
            WireBytesPerReading = wireBytes,
            Flash = FlashWear.OfDay(bytesPerDay, buffer.FlashEnduranceBytes),
        };
    }

    /// <summary>
    /// The facts that the configuration allows at most: every reading is reported, whether its value changed or not.
    /// </summary>
    public static SizingFacts UpperBound(GatewayConfiguration configuration) => new()
    {
        ReadingsPerSecond = configuration.Sources.Sum(
            source => source.Signals.Sum(signal => 1 / signal.Every.TotalSeconds)),
    };

    /// <summary>A commit takes whole pages of the journal; a sealed reading is written once more.</summary>
    private static double DeviceBytesPerDay(double readingsPerSecond, double diskBytes, BufferSettings buffer)
    {
        var perCommit = Math.Max(1, readingsPerSecond * buffer.CommitEvery.TotalSeconds);
        var pages = Math.Ceiling(perCommit * diskBytes / PageBytes);
        return SecondsPerDay * readingsPerSecond * ((pages * PageBytes / perCommit) + diskBytes);
    }

    private static TimeSpan? Seconds(double seconds) =>
        seconds >= 0 && seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : null;

    private static long Whole(double number) => (long)Math.Min(Math.Ceiling(number), long.MaxValue / 2.0);
}
