namespace Sluice.Plant.Day;

/// <summary>
/// How far the gateway's wall clock was from the plant's, and since when: one stretch after the other. A core. Times
/// are Unix milliseconds of the plant's clock.
/// </summary>
public sealed class ClockCourse
{
    // A step is made at a moment that two processes see a little apart.
    private const long SlackMilliseconds = 1_500;

    private readonly List<(long From, long Offset)> stretches = [(long.MinValue, 0)];

    /// <summary>Steps so far, as (when, by how much).</summary>
    public IEnumerable<(long At, long By)> Steps =>
        stretches.Skip(1).Select((stretch, before) => (stretch.From, stretch.Offset - stretches[before].Offset));

    public void Step(long atMilliseconds, long offsetMilliseconds)
    {
        if (atMilliseconds < stretches[^1].From)
        {
            throw new ArgumentOutOfRangeException(nameof(atMilliseconds), "Steps come in order.");
        }

        stretches.Add((atMilliseconds, offsetMilliseconds));
    }

    /// <summary>Every moment of the plant in which the gateway's clock showed this: none, one, or more where it was
    /// put back.</summary>
    public IEnumerable<long> When(long shownMilliseconds)
    {
        for (var at = 0; at < stretches.Count; at++)
        {
            var (from, offset) = stretches[at];
            var until = at + 1 < stretches.Count ? stretches[at + 1].From : long.MaxValue;
            var moment = shownMilliseconds - offset;
            if (moment >= Earlier(from) && moment <= Later(until))
            {
                yield return moment;
            }
        }
    }

    private static long Earlier(long moment) => moment == long.MinValue ? moment : moment - SlackMilliseconds;

    private static long Later(long moment) => moment == long.MaxValue ? moment : moment + SlackMilliseconds;
}
