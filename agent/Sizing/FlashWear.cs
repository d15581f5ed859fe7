namespace Sluice.Agent.Sizing;

/// <summary>
/// What the buffer writes a day, and how long a flash of a given endurance lasts under it. A core.
/// <para>
/// The bytes are those that are handed to the disk. A flash writes more inside where writes are small (write
/// amplification), and the maker's figure (TBW) is for large ones: what comes out here is the longest that it can be.
/// </para>
/// </summary>
/// <param name="BytesPerDay">Null while nobody can say: too little time has passed.</param>
/// <param name="LifeYears">Null where nothing is written or nobody can say.</param>
public readonly record struct FlashWear(double? BytesPerDay, double? LifeYears)
{
    /// <summary>Before this a rate would be that of the start, not that of the plant.</summary>
    public static readonly TimeSpan MeasuredMin = TimeSpan.FromMinutes(1);

    private const double DaysPerYear = 365.25;

    public static FlashWear Measured(long bytesWritten, TimeSpan since, long enduranceBytes) =>
        since < MeasuredMin ? default : OfDay(bytesWritten / since.TotalDays, enduranceBytes);

    public static FlashWear OfDay(double bytesPerDay, long enduranceBytes) =>
        new(bytesPerDay, bytesPerDay > 0 ? enduranceBytes / bytesPerDay / DaysPerYear : null);
}
