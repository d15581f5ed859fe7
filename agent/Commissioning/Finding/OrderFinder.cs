using Sluice.Hal;

namespace Sluice.Agent.Commissioning.Finding;

/// <summary>What a person read on the screen, and the registers around that moment, oldest first.</summary>
internal sealed record Observation(ShownValue Shown, IReadOnlyList<ushort[]> Samples);

/// <summary>What one observation came to.</summary>
internal enum FinderVerdict
{
    /// <summary>At least one candidate goes on fitting.</summary>
    Fits,

    /// <summary>Nothing that fitted until now shows this: it was set aside, and counts only if the next says the same.
    /// </summary>
    SetAside,

    /// <summary>Two in a row fitted nothing that was left: the first ones were wrong, and it began anew.</summary>
    BegunAnew,
}

/// <summary>
/// Finds by which types and orders registers read as a screen shows them. A core.
/// <para>
/// Invariants: a candidate is left only if every observation that counts can be read by it; the right one is never
/// dropped because the value moved while somebody typed, for then anything that it passed on its way is taken; one slip
/// of the finger drops nothing.
/// </para>
/// </summary>
internal sealed class OrderFinder(IReadOnlyList<OrderCandidate> candidates)
{
    /// <summary>Observations that are kept for golden samples, the newest.</summary>
    private const int ObservationsMax = 32;

    private readonly List<Observation> counted = [];
    private List<OrderCandidate> left = [.. candidates];
    private Observation? aside;

    /// <summary>What still fits, likeliest first. Everything before the first observation.</summary>
    public IReadOnlyList<OrderCandidate> Left => left;

    /// <summary>The observations that count, oldest first.</summary>
    public IReadOnlyList<Observation> Counted => counted;

    /// <summary>Whether any register was ever seen to change.</summary>
    public bool HasMoved
    {
        get
        {
            var all = counted.SelectMany(each => each.Samples).ToList();
            return all.Exists(each => !each.AsSpan().SequenceEqual(all[0]));
        }
    }

    public FinderVerdict Observe(Observation observation)
    {
        var fitting = left.FindAll(each => CanShow(each, observation));
        if (fitting.Count > 0)
        {
            aside = null;
            Count(observation);
            left = Sorted(fitting);
            return FinderVerdict.Fits;
        }

        var anew = aside is { } before
            ? Sorted(candidates.Where(each => CanShow(each, before) && CanShow(each, observation)))
            : [];
        if (anew.Count == 0)
        {
            aside = observation;
            return FinderVerdict.SetAside;
        }

        counted.Clear();
        Count(aside!);
        Count(observation);
        aside = null;
        left = anew;
        return FinderVerdict.BegunAnew;
    }

    /// <summary>Where registers and screen certainly belong together: the sample by itself shows what was read.
    /// </summary>
    public IEnumerable<(Observation Observation, ushort[] Registers)> Proofs(OrderCandidate candidate) =>
        from observation in counted
        let sample = observation.Samples.LastOrDefault(each => observation.Shown.Fits(candidate.Decode(each)))
        where sample is not null
        select (observation, sample);

    /// <summary>Whether a screen fed by this candidate could have shown this, at a sample or between two.</summary>
    private static bool CanShow(OrderCandidate candidate, Observation observation)
    {
        var last = SignalValue.None;
        foreach (var sample in observation.Samples)
        {
            var value = candidate.Decode(sample);
            if (observation.Shown.Fits(value) || observation.Shown.FitsBetween(last, value))
            {
                return true;
            }

            last = value;
        }

        return false;
    }

    private void Count(Observation observation)
    {
        counted.Add(observation);
        if (counted.Count > ObservationsMax)
        {
            counted.RemoveAt(0);
        }
    }

    private static List<OrderCandidate> Sorted(IEnumerable<OrderCandidate> some) =>
        [.. some.OrderBy(each => each.Rank)];
}
