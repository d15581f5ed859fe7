namespace Sluice.Agent.Watchdog;

/// <summary>A loop that does not come on.</summary>
/// <param name="Loop">Which.</param>
/// <param name="Doing">In what it is stuck.</param>
/// <param name="For">How long already, as far as was looked.</param>
internal readonly record struct StuckLoop(string Loop, string Doing, TimeSpan For);

/// <summary>
/// Says who owes progress and does not make it. A core: it is told the time and what the loops say of themselves.
/// <para>
/// Invariants. Nobody is stuck who came on since the look before, or whose step may rightly last. A time counts from
/// the first look that saw the step as it is, so that neither a late look nor a machine that slept makes anybody stuck.
/// Whether the world answers is no question here: a loop that waits for a silent device or an absent broker comes on by
/// its own deadlines.
/// </para>
/// </summary>
internal sealed class ProgressWatch
{
    private readonly Dictionary<string, (LoopSign Sign, TimeSpan Since)> seen = new(StringComparer.Ordinal);

    /// <summary>Those that are stuck; none where all come on.</summary>
    public IReadOnlyList<StuckLoop> Observe(TimeSpan now, IEnumerable<LoopSign> signs)
    {
        var stuck = new List<StuckLoop>();
        foreach (var sign in signs)
        {
            if (!seen.TryGetValue(sign.Loop, out var before) || before.Sign != sign)
            {
                seen[sign.Loop] = (sign, now);
            }
            else if (sign.Step.Owed != Timeout.InfiniteTimeSpan && now - before.Since > sign.Step.Owed)
            {
                stuck.Add(new StuckLoop(sign.Loop, sign.Step.Doing, now - before.Since));
            }
        }

        return stuck;
    }
}
