namespace Sluice.Agent.Egress.Proof;

/// <summary>What the last proof came to. Immutable, but for which is the last.</summary>
/// <param name="Utc">When it was made.</param>
/// <param name="Number">Of this run, from 1.</param>
/// <param name="Attempts">Each attempt, in the order of <see cref="EscapeAttempt"/>.</param>
internal sealed record ProofView(DateTime Utc, int Number, IReadOnlyList<ProvedAttempt> Attempts)
{
    /// <summary>A wall that is said to stand did not hold.</summary>
    public IEnumerable<ProvedAttempt> Open => Attempts.Where(attempt => attempt.Verdict == WallVerdict.Open);

    public bool IsAlarm => Open.Any();

    /// <summary>Whether another one says the same of the same attempts.</summary>
    public bool SaysTheSameAs(ProofView? other) => other is not null && Attempts.SequenceEqual(other.Attempts);
}
