namespace Sluice.Agent.Configuration;

/// <summary>What reading a configuration came to.</summary>
public sealed record LoadResult
{
    /// <summary>The configuration; null where a problem is an error.</summary>
    public required GatewayConfiguration? Configuration { get; init; }

    /// <summary>Everything that was found, errors and warnings, by file and line.</summary>
    public required IReadOnlyList<ConfigurationProblem> Problems { get; init; }

    /// <summary>
    /// The bytes that were read, to be kept as the last good ones; null where gateway.json could not be read.
    /// </summary>
    public ConfigurationFiles? Files { get; init; }
}
