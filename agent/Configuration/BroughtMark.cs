namespace Sluice.Agent.Configuration.Brought;

/// <summary>What a bundle had brought when a configuration was read.</summary>
/// <param name="Stamp">SHA-256 of it; empty where there was nothing. It differs: the agent starts again.</param>
/// <param name="Version">The version of the identity with which it came, where it is what counts; else null.</param>
public sealed record BroughtMark(string Stamp, string? Version)
{
    public static BroughtMark None { get; } = new("", null);
}
