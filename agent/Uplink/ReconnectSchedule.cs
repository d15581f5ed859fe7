using Sluice.Agent.Standing;

namespace Sluice.Agent.Uplink;

/// <summary>
/// When to try again. A core: randomness is handed in with each question, as a number from 0 to below 1.
/// <para>
/// The first try comes within 3 s, spread so that a hundred gateways whose broker comes back do not knock at once; each
/// further one waits up to twice as long, at most 60 s.
/// Minutes pass where another client fights for the id. A connection counts as good only after it has lasted: a broker
/// that takes us and throws us out again would otherwise be stormed.
/// </para>
/// </summary>
public sealed class ReconnectSchedule
{
    public static readonly TimeSpan FirstMax = TimeSpan.FromSeconds(2.5);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan GoodAfter = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstMin = TimeSpan.FromSeconds(0.1);

    private int failures;

    /// <summary>How long to wait after an attempt that failed.</summary>
    public TimeSpan AfterFailure(double random) => Step(random);

    /// <summary>How long to wait after a connection that was lost.</summary>
    /// <param name="lasted">How long it had held.</param>
    /// <param name="takenOver">Another client took our id: two that fight for one id must not do it quickly.</param>
    /// <param name="random">From 0 to below 1.</param>
    /// <param name="contest">That happens again and again, or may.</param>
    public TimeSpan AfterLoss(
        TimeSpan lasted, bool takenOver, double random, Contest contest = Contest.None)
    {
        if (takenOver && contest == Contest.Named)
        {
            failures = Math.Max(failures, 5);
            return TakeoverWatch.Wait(random);
        }

        if (takenOver || contest == Contest.Suspected)
        {
            failures = Math.Max(failures, 5);
        }
        else if (lasted >= GoodAfter)
        {
            failures = 0;
        }

        return Step(random);
    }

    private TimeSpan Step(double random)
    {
        if (random is < 0 or >= 1)
        {
            throw new ArgumentOutOfRangeException(nameof(random), random, "From 0 to below 1.");
        }

        var step = failures;
        failures = Math.Min(failures + 1, 30);
        if (step == 0)
        {
            return FirstMin + ((FirstMax - FirstMin) * random);
        }

        var most = Math.Min(Longest.TotalSeconds, FirstMax.TotalSeconds * Math.Pow(2, step));
        return TimeSpan.FromSeconds(most * (0.5 + (random / 2)));
    }
}
