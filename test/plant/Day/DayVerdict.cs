using System.Globalization;

namespace Sluice.Plant.Day;

/// <summary>A value that a device gave away, each one once, and when (Unix milliseconds).</summary>
public readonly record struct GivenValue(string Signal, long Count, long AtMilliseconds);

/// <summary>A row of the MES's database. The time is the gateway's.</summary>
public sealed record KeptReading(
    string Signal, string Store, long Position, string Value, string Quality, string Reason, long TimeMilliseconds);

/// <summary>The ledger's word that nothing was recorded for a while, by the gateway's clock.</summary>
public readonly record struct ToldGap(long FromMilliseconds, long ToMilliseconds, long LossMilliseconds);

/// <summary>
/// A store that birth or ledger called volatile, of a run that is over: what waited there is gone. Known by the last
/// ledger: positions below <paramref name="Next"/>.
/// </summary>
public sealed record EndedMemory(string Store, long Next);

/// <summary>
/// Whether what the plant gave away is at the MES or in the ledger with a reason, value by value and not by anybody's
/// positions. A core.
/// <para>
/// A value may be missing where a Bad reading stands for it (the answer came too late for the gateway, which said so),
/// or where the ledger says that nothing was recorded, or where it waited in a memory that the ledger told of and that
/// ended with its run. Nothing else excuses it.
/// </para>
/// </summary>
public sealed record DayVerdict
{
    /// <summary>
    /// From the plant's own stamp to the gateway's: the answer's way on a busy machine, half a second at most (the
    /// sources' timeout), and a stamp that lay a moment before it was compared.
    /// </summary>
    private const long WayMilliseconds = 1_000;

    public required int Given { get; init; }

    public required int Arrived { get; init; }

    /// <summary>A Bad reading stands for it.</summary>
    public required int TooLate { get; init; }

    /// <summary>The ledger says that nothing was recorded then.</summary>
    public required int InGaps { get; init; }

    /// <summary>It waited in a memory that ended.</summary>
    public required int WithMemory { get; init; }

    /// <summary>Nobody says why they are missing.</summary>
    public required IReadOnlyList<GivenValue> Unexplained { get; init; }

    /// <summary>Values that were never given, came under two positions, or carry a time in which they were not given.
    /// </summary>
    public required IReadOnlyList<string> Wrong { get; init; }

    public static DayVerdict Of(
        IReadOnlyCollection<GivenValue> given, IReadOnlyCollection<KeptReading> kept, IReadOnlyCollection<ToldGap> gaps,
        IReadOnlyCollection<EndedMemory> memories, ClockCourse clock)
    {
        var mine = given.Select(value => value.Signal).ToHashSet();
        var counters = kept.Where(reading => mine.Contains(reading.Signal)).ToList();
        List<string> wrong = [];
        var arrived = Arrivals(given, counters.Where(reading => reading.Quality == "Good"), clock, wrong);
        var bad = counters.Where(reading => reading.Quality != "Good").GroupBy(reading => reading.Signal).ToDictionary(
            signal => signal.Key,
            signal => signal.SelectMany(reading => clock.When(reading.TimeMilliseconds)).ToList());
        List<GivenValue> unexplained = [];
        var holes = memories.SelectMany(memory => HolesOf(memory, kept, clock)).ToList();
        var (late, inGaps, withMemory) = (0, 0, 0);
        foreach (var value in given.Where(value => !arrived.Contains((value.Signal, value.Count))))
        {
            if (gaps.Any(gap => Covers(gap, value, clock)))
            {
                inGaps++;
            }
            else if (StandsFor(bad.GetValueOrDefault(value.Signal), value))
            {
                late++;
            }
            else if (holes.Find(hole => hole.Takes(value)) is not null)
            {
                withMemory++;
            }
            else
            {
                unexplained.Add(value);
            }
        }

        return new DayVerdict
        {
            Given = given.Count, Arrived = arrived.Count, TooLate = late, InGaps = inGaps, WithMemory = withMemory,
            Unexplained = unexplained,
            Wrong = wrong,
        };
    }

    private static HashSet<(string Signal, long Count)> Arrivals(
        IReadOnlyCollection<GivenValue> given, IEnumerable<KeptReading> good, ClockCourse clock, List<string> wrong)
    {
        var moments = given.ToDictionary(value => (value.Signal, value.Count), value => value.AtMilliseconds);
        HashSet<(string, long)> arrived = [];
        foreach (var reading in good)
        {
            if (!long.TryParse(reading.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                || !moments.TryGetValue((reading.Signal, count), out var at))
            {
                wrong.Add($"{reading}: the plant never gave this value");
            }
            else if (!arrived.Add((reading.Signal, count)))
            {
                wrong.Add($"{reading}: the plant gave this value once");
            }
            else if (!clock.When(reading.TimeMilliseconds).Any(moment => Math.Abs(moment - at) <= WayMilliseconds))
            {
                wrong.Add($"{reading}: given at {at} by the plant's clock");
            }
        }

        return arrived;
    }

    /// <summary>
    /// Durable before the gap's beginning is what is older than the loss window; the other end is the first reading
    /// behind it.
    /// </summary>
    private static bool Covers(ToldGap gap, GivenValue value, ClockCourse clock) =>
        clock.When(gap.FromMilliseconds).Any(from => value.AtMilliseconds >= from - gap.LossMilliseconds
            && clock.When(gap.ToMilliseconds).Any(to => to >= from && value.AtMilliseconds <= to));

    /// <summary>
    /// Where positions are missing between two rows of an ended memory, their values lie between the two in time as
    /// well; behind the last row they lie behind it.
    /// </summary>
    private static IEnumerable<Hole> HolesOf(
        EndedMemory memory, IEnumerable<KeptReading> kept, ClockCourse clock)
    {
        var rows = kept.Where(reading => reading.Store == memory.Store).OrderBy(reading => reading.Position).ToList();
        for (var at = 0; at <= rows.Count; at++)
        {
            var (before, behind) = (at > 0 ? rows[at - 1] : null, at < rows.Count ? rows[at] : null);
            var missing = (behind?.Position ?? memory.Next) - (before?.Position ?? 0) - 1;
            if (missing > 0)
            {
                yield return new Hole(
                    before is null ? [long.MinValue] : [.. clock.When(before.TimeMilliseconds)],
                    behind is null ? [long.MaxValue] : [.. clock.When(behind.TimeMilliseconds)])
                {
                    Missing = missing,
                };
            }
        }
    }

    /// <summary>So many positions of a store that nobody will see again, and when they were read.</summary>
    private sealed class Hole(long[] from, long[] to)
    {
        public required long Missing { get; set; }

        /// <summary>Each position stands for one value at most.</summary>
        public bool Takes(GivenValue value)
        {
            var mine = Missing > 0
                && from.Any(moment => moment == long.MinValue || value.AtMilliseconds >= moment - WayMilliseconds)
                && to.Any(moment => moment == long.MaxValue || value.AtMilliseconds <= moment + WayMilliseconds);
            Missing -= mine ? 1 : 0;
            return mine;
        }
    }

    /// <summary>Each Bad reading stands for one value.</summary>
    private static bool StandsFor(List<long>? bad, GivenValue value)
    {
        var nearest = bad?.FindIndex(moment => Math.Abs(moment - value.AtMilliseconds) <= WayMilliseconds) ?? -1;
        if (nearest >= 0)
        {
            bad!.RemoveAt(nearest);
        }

        return nearest >= 0;
    }
}
