namespace Sluice.Evidence;

/// <summary>What came of a test or of a requirement.</summary>
internal enum Outcome
{
    Passed,
    Failed,

    /// <summary>Named and not run: as good as failed.</summary>
    NotRun,
}

/// <summary>One named test and what came of it.</summary>
internal sealed record JudgedTest(NamedTest Test, Outcome Outcome, double Seconds, int Runs, string Said);

/// <summary>One requirement: passed where each of its tests is.</summary>
internal sealed record JudgedRequirement(Requirement Row, Outcome Outcome, IReadOnlyList<JudgedTest> Tests);

/// <summary>A binary that the tests ran, or that was built beside it.</summary>
internal sealed record Binary(string Name, long Bytes, string Sha256, bool WasTested);

/// <summary>Where and with what the tests ran.</summary>
internal sealed record Surroundings
{
    public required DateTime Utc { get; init; }

    public required string Version { get; init; }

    public required string Commit { get; init; }

    public required string Kernel { get; init; }

    public required string System { get; init; }

    public required string Processor { get; init; }

    public required IReadOnlyList<string> Parts { get; init; }

    public required IReadOnlyList<Binary> Binaries { get; init; }
}

/// <summary>The guide's table, judged by what the tests wrote. A core.</summary>
internal sealed class EvidenceReport
{
    public required IReadOnlyList<JudgedRequirement> Requirements { get; init; }

    public required IReadOnlyList<OpenPoint> NotShown { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    public required Surroundings Surroundings { get; init; }

    /// <summary>Each test once, however many requirements it shows.</summary>
    public IReadOnlyList<JudgedTest> Tests =>
        [.. Requirements.SelectMany(row => row.Tests).DistinctBy(test => test.Test)];

    /// <summary>Every requirement of the table is shown, and the table could be read.</summary>
    public bool Holds => Problems.Count == 0 && Requirements.All(row => row.Outcome == Outcome.Passed);

    public static EvidenceReport Of(
        SecurityGuide guide, TestResults results, IEnumerable<string> problems, Surroundings surroundings) => new()
    {
        Requirements = [.. guide.Requirements.Select(row => Judge(row, results))],
        NotShown = guide.NotShown,
        Problems = [.. guide.Problems, .. problems],
        Surroundings = surroundings,
    };

    private static JudgedRequirement Judge(Requirement row, TestResults results)
    {
        JudgedTest[] tests = [.. row.Tests.Select(test => Judge(test, results.Of(test)))];
        var worst = tests.Length == 0 || tests.Any(test => test.Outcome == Outcome.NotRun) ? Outcome.NotRun
            : Outcome.Passed;
        return new JudgedRequirement(
            row, tests.Any(test => test.Outcome == Outcome.Failed) ? Outcome.Failed : worst, tests);
    }

    private static JudgedTest Judge(NamedTest test, IReadOnlyList<TestRun> runs) => new(
        test,
        runs.Count == 0 ? Outcome.NotRun : runs.All(run => run.Passed) ? Outcome.Passed : Outcome.Failed,
        runs.Sum(run => run.Seconds), runs.Count,
        string.Join("\n\n", runs.Where(run => run.Said.Length > 0).Select(run => run.Said)));
}
