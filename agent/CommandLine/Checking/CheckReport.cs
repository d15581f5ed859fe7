using System.Text.Json.Serialization;
using Sluice.Agent.Commissioning.Live;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.CommandLine.Checking;

/// <summary>What <c>sluice-agent check --json</c> prints. Fields are only ever added.</summary>
internal sealed record CheckReport
{
    public required string File { get; init; }

    /// <summary>True where an agent would start with it.</summary>
    public required bool Accepted { get; init; }

    public required int Errors { get; init; }

    public required int Warnings { get; init; }

    /// <summary>SHA-256 as birth and posture announce it; null where it is not accepted.</summary>
    public string? Hash { get; init; }

    public required IReadOnlyList<CheckedSource> Sources { get; init; }

    public required IReadOnlyList<CheckedProblem> Problems { get; init; }

    /// <summary>What a look at each source came to; null where nobody asked for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LiveSource>? Live { get; init; }

    public static CheckReport Of(string file, LoadResult loaded, IReadOnlyList<ConfigurationProblem> problems) => new()
    {
        File = file,
        Accepted = loaded.Configuration is not null,
        Errors = problems.Count(problem => problem.IsError),
        Warnings = problems.Count(problem => !problem.IsError),
        Hash = loaded.Configuration?.Hash,
        Sources = [.. (loaded.Configuration?.Sources ?? [])
            .Select(source => new CheckedSource(
                source.Name,
                source.Signals.Count,
                (source as ModbusSettings)?.RequestsPerCycle() ?? 0,
                ReadingsPerSecondMax(source)))],
        Problems = [.. problems.Select(CheckedProblem.Of)],
    };

    private static double ReadingsPerSecondMax(SourceSettings source) =>
        Math.Round(source.Signals.Sum(signal => 1 / signal.Every.TotalSeconds), 3);
}

/// <param name="Name">The source.</param>
/// <param name="Signals">How many signals it has.</param>
/// <param name="RequestsPerCycle">Requests that read all of them once; 0 where nothing is asked.</param>
/// <param name="ReadingsPerSecondMax">Readings it takes in a second; the report rule lets fewer through.</param>
internal sealed record CheckedSource(string Name, int Signals, int RequestsPerCycle, double ReadingsPerSecondMax);

/// <param name="File">As <see cref="ConfigurationProblem.File"/>.</param>
/// <param name="Line">From 1; 0 for the whole file.</param>
/// <param name="Column">From 1; 0 for the whole line.</param>
/// <param name="Path">Key or signal.</param>
/// <param name="Severity"><c>error</c> or <c>warning</c>.</param>
/// <param name="Sentence">What is wrong and what to write.</param>
internal sealed record CheckedProblem(
    string File, int Line, int Column, string Path, string Severity, string Sentence)
{
    public static CheckedProblem Of(ConfigurationProblem problem) => new(
        problem.File,
        problem.Line,
        problem.Column,
        problem.Path,
        problem.IsError ? "error" : "warning",
        problem.Sentence);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class CheckJson : JsonSerializerContext;
