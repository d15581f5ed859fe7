using System.Text.RegularExpressions;

namespace Sluice.Evidence;

/// <summary>One test that a row of the guide names.</summary>
/// <param name="Suite">fast, field or zones.</param>
/// <param name="Class">Its class, without the namespace.</param>
/// <param name="Method">Its name.</param>
internal sealed record NamedTest(string Suite, string Class, string Method)
{
    public override string ToString() => $"{Suite}/{Class}.{Method}";
}

/// <summary>One row of the table of requirements.</summary>
internal sealed record Requirement(string Ids, string Mechanism, IReadOnlyList<NamedTest> Tests);

/// <summary>One row of the table of what is not shown.</summary>
internal sealed record OpenPoint(string What, string Why);

/// <summary>
/// The tables of docs/guides/security-officer.md: the one place where it is written which test shows what. A core; it
/// reads a text and says what is wrong with it.
/// </summary>
internal sealed partial class SecurityGuide
{
    public const string File = "docs/guides/security-officer.md";

    private const string Shown = "## Requirements and what shows them";
    private const string Open = "## What is not shown";

    public static IReadOnlyList<string> Suites { get; } = ["fast", "field", "zones"];

    public required IReadOnlyList<Requirement> Requirements { get; init; }

    public required IReadOnlyList<OpenPoint> NotShown { get; init; }

    /// <summary>What cannot be read as a row, a sentence each; a report of half a table would look like a whole one.
    /// </summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>Each named test once.</summary>
    public IReadOnlyList<NamedTest> Tests => [.. Requirements.SelectMany(row => row.Tests).Distinct()];

    public static SecurityGuide Read(string text)
    {
        var problems = new List<string>();
        var requirements = new List<Requirement>();
        foreach (var cells in Rows(text, Shown, 3, problems))
        {
            var tests = TestName().Matches(cells[2])
                .Select(match => new NamedTest(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value))
                .ToList();
            var rest = TestName().Replace(cells[2], "").Trim();
            if (tests.Count == 0 || rest.Length > 0)
            {
                problems.Add($"{cells[0]}: '{(rest.Length > 0 ? rest : cells[2])}' is no test as suite/Class.Method");
            }

            problems.AddRange(tests.Where(test => !Suites.Contains(test.Suite))
                .Select(test => $"{cells[0]}: {test}: there is no suite {test.Suite} here"));
            requirements.Add(new Requirement(cells[0], cells[1], tests));
        }

        var open = Rows(text, Open, 2, problems).Select(cells => new OpenPoint(cells[0], cells[1])).ToList();
        if (requirements.Count == 0)
        {
            problems.Add($"there is no table under '{Shown}'");
        }

        return new SecurityGuide { Requirements = requirements, NotShown = open, Problems = problems };
    }

    /// <summary>The rows under a heading, without the head of the table.</summary>
    private static IEnumerable<string[]> Rows(string text, string heading, int columns, List<string> problems)
    {
        var lines = text.Split('\n').SkipWhile(line => line != heading).Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith('|')).Skip(2);
        foreach (var line in lines)
        {
            var cells = line.Trim().Trim('|').Split('|').Select(cell => cell.Trim()).ToArray();
            if (cells.Length == columns)
            {
                yield return cells;
            }
            else
            {
                problems.Add($"not {columns} columns: {line}");
            }
        }
    }

    [GeneratedRegex(@"`(\w+)/(\w+)\.(\w+)`")]
    private static partial Regex TestName();
}
