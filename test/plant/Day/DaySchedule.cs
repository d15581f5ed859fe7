namespace Sluice.Plant.Day;

/// <summary>
/// What goes wrong when, from a seed. A core: no clock, and no randomness but the seed's.
/// <para>Invariants, for every seed and every length from <see cref="ShortestDay"/> on:</para>
/// <list type="bullet">
/// <item>The same seed and length give the same day.</item>
/// <item>Every kind of fault comes at least once.</item>
/// <item>Faults that bend the same part lie at least <see cref="Apart"/> apart; others may overlap, and some do.</item>
/// <item>It begins calm, and every fault is mended before the day is over.</item>
/// </list>
/// </summary>
public static class DaySchedule
{
    /// <summary>Shorter ones have no room for one of each kind.</summary>
    public static readonly TimeSpan ShortestDay = TimeSpan.FromMinutes(2);

    /// <summary>Between two faults of one part: what was mended needs a moment to be whole again.</summary>
    public static readonly TimeSpan Apart = TimeSpan.FromSeconds(3);

    /// <summary>Nothing goes wrong before everything has begun.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    private const int SecondsAFault = 7;
    private const int DaysTried = 1_000;
    private const int PlacesTried = 100;

    public static IReadOnlyList<DayFault> Of(int seed, TimeSpan length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, ShortestDay);
        var random = new Random(seed ^ 0xDA7);
        for (var tried = 0; tried < DaysTried; tried++)
        {
            if (TryOf(random, length) is { } day)
            {
                return [.. day.OrderBy(fault => fault.At)];
            }
        }

        throw new InvalidOperationException($"Seed {seed} leaves no day of {length} in {DaysTried} tries.");
    }

    /// <summary>Null where the dice left no room for one of each kind, or where nothing overlaps.</summary>
    private static List<DayFault>? TryOf(Random random, TimeSpan length)
    {
        List<DayFault> day = [];

        // One of each, those that need the most room first.
        var kinds = Enum.GetValues<DayFaultKind>();
        foreach (var kind in kinds.OrderByDescending(kind => Room(kind)))
        {
            if (!TryPlace(day, kind, random, length))
            {
                return null;
            }
        }

        // Then as many more as the day is long for; a kind that finds no room leaves its turn to the next.
        for (var more = (int)length.TotalSeconds / SecondsAFault - day.Count; more > 0; more -= kinds.Length)
        {
            random.Shuffle(kinds);
            foreach (var kind in kinds.Take(more))
            {
                _ = TryPlace(day, kind, random, length);
            }
        }

        return day.Exists(one => day.Exists(other => one != other && one.Overlaps(other))) ? day : null;
    }

    private static TimeSpan Room(DayFaultKind kind) =>
        DayFault.LengthOf(kind).Longest * int.PopCount((int)DayFault.PartsOf(kind));

    private static bool TryPlace(List<DayFault> day, DayFaultKind kind, Random random, TimeSpan length)
    {
        var (shortest, longest) = DayFault.LengthOf(kind);
        for (var tried = 0; tried < PlacesTried; tried++)
        {
            var lasts = Between(random, shortest, longest);
            var fault = new DayFault(kind, Between(random, Calm, length - lasts), lasts, random.Next(1000));
            if (!day.Exists(other => (other.Parts & fault.Parts) != 0 && IsNear(other, fault)))
            {
                day.Add(fault);
                return true;
            }
        }

        return false;
    }

    private static bool IsNear(DayFault one, DayFault other) =>
        one.At < other.Until + Apart && other.At < one.Until + Apart;

    /// <summary>Whole tenths of a second: what is printed is what happens.</summary>
    private static TimeSpan Between(Random random, TimeSpan from, TimeSpan to) =>
        TimeSpan.FromMilliseconds(100 * random.NextInt64(
            (long)from.TotalMilliseconds / 100, ((long)to.TotalMilliseconds / 100) + 1));
}
