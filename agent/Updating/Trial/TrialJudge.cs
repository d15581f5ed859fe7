using Sluice.Agent.Health;

namespace Sluice.Agent.Updating.Trial;

internal enum TrialVerdict
{
    /// <summary>Not yet; after the time it falls back.</summary>
    Wait,

    /// <summary>All that is missing is a broker that was away before: the update is not to blame, however long.
    /// </summary>
    WaitForBroker,

    Good,

    FallBack,
}

/// <param name="Verdict">What to do.</param>
/// <param name="Why">In a sentence, for a person.</param>
internal sealed record TrialWord(TrialVerdict Verdict, string Why);

/// <summary>
/// Whether a new version holds: it has to do what the one before did. The agent answers; each source that delivered
/// delivers again; the broker acknowledged readings of it. A machine that was off before may stay off. A core, stepped
/// with each look at the agent.
/// <para>Invariants: a source that delivered once in this trial has shown that it can, and may be switched off while
/// the broker is waited for; an agent that answered once falls back only after it was silent for the whole time.</para>
/// </summary>
internal sealed class TrialJudge(HealthBefore before, TimeSpan within)
{
    /// <summary>How long a gateway without an agent before (it has no identity yet) is to run without falling over.
    /// </summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> seen = [];
    private TimeSpan answered;

    /// <summary>How the gateway is now, for the record.</summary>
    public static HealthBefore Look(StatusReport? now) =>
        new(now is not null, now?.Uplink.State == "connected", now is null ? [] : [.. Delivering(now)]);

    /// <param name="elapsed">Since the trial began.</param>
    /// <param name="now">What the agent says; null where it does not answer.</param>
    public TrialWord Step(TimeSpan elapsed, StatusReport? now)
    {
        if (!before.Agent)
        {
            return elapsed >= Quiet
                ? new(TrialVerdict.Good, "No agent answered before the update either; the system is up.")
                : new(TrialVerdict.Wait, "The system is up; it is given a moment.");
        }

        if (now is null)
        {
            return WaitOr(elapsed - answered, "The agent does not answer.");
        }

        answered = elapsed;
        seen.UnionWith(Delivering(now));
        var silent = before.Sources.Where(name => !seen.Contains(name)).ToList();
        if (silent.Count > 0)
        {
            return WaitOr(elapsed, $"Nothing comes from {string.Join(", ", silent)}, which delivered before.");
        }

        // Where nothing delivered before, there may be nothing to acknowledge: then the session has to do.
        if (now.Uplink.State == "connected" && (now.Uplink.Acknowledged > 0 || before.Sources.Count == 0))
        {
            return new(TrialVerdict.Good, before.Sources.Count == 0 ? "The broker takes its session."
                : $"The broker acknowledged its readings; {string.Join(", ", before.Sources)} delivered.");
        }

        var word = now.Uplink.Sentence.Length > 0 ? now.Uplink.Sentence : now.Uplink.State;
        return before.Broker
            ? WaitOr(elapsed, $"The broker acknowledged nothing yet: {word.TrimEnd('.')}.")
            : new(TrialVerdict.WaitForBroker, "The broker was away before the update and still is; readings are "
                + "stored. The trial goes on until it is back.");
    }

    private TrialWord WaitOr(TimeSpan missing, string why) =>
        new(missing < within ? TrialVerdict.Wait : TrialVerdict.FallBack, why);

    private static IEnumerable<string> Delivering(StatusReport now) =>
        now.Sources.Where(source => source.Good + source.Uncertain > 0).Select(source => source.Name);
}
