namespace Sluice.Agent.Trust;

/// <summary>What the intake of trust bundles shows of itself, from any thread.</summary>
internal sealed record TrustView
{
    /// <summary>The newest that was ever taken in; 0 for none.</summary>
    public int Version { get; init; }

    /// <summary>Taken in since the agent started.</summary>
    public long Taken { get; init; }

    /// <summary>Refused since the agent started; the same one again counts once.</summary>
    public long Refused { get; init; }

    /// <summary>Why the last one was not taken in, or not yet; empty where it was.</summary>
    public string Sentence { get; init; } = "";
}
