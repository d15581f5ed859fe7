using Sluice.Agent.Egress.Jail;

namespace Sluice.Agent;

/// <summary>What the verb <c>run</c> decided besides the configuration itself.</summary>
public sealed record RunOptions
{
    /// <summary>Where <c>sluice-agent status</c> asks.</summary>
    public required string SocketPath { get; init; }

    /// <summary>
    /// Why the configuration file was refused and the last good one runs; empty where the file itself runs.
    /// </summary>
    public IReadOnlyList<string> RefusedBecause { get; init; } = [];

    /// <summary>Digest of the refused one; empty where it could not be read.</summary>
    public string RefusedHash { get; init; } = "";

    /// <summary>Called once everything has started: the configuration has proved that it can run.</summary>
    public Action Started { get; init; } = () => { };

    /// <summary>Which walls the agent stands behind.</summary>
    internal JailStanding Jail { get; init; } = JailStanding.None;

    /// <summary>Where the agent's own files lie.</summary>
    internal JailedPaths Paths { get; init; } = new("/", "/", "/");
}
