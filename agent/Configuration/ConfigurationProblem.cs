namespace Sluice.Agent.Configuration;

public enum ProblemSeverity
{
    /// <summary>Nothing starts with this.</summary>
    Error,

    /// <summary>It runs, but somebody should know.</summary>
    Warning,
}

/// <summary>
/// One thing that is wrong with a configuration, in words that the person who wrote the file understands.
/// </summary>
/// <param name="File">The file, as the person named it, or relative to it.</param>
/// <param name="Line">Line from 1; 0 where the problem is the whole file.</param>
/// <param name="Column">Column from 1, in characters; 0 where it is the whole line.</param>
/// <param name="Path">
/// Where in the file: <c>sources.hmi1.every</c>, or <c>oil/temperature, address</c> in a signal list.
/// </param>
/// <param name="Sentence">What is wrong and what to write instead.</param>
/// <param name="Severity">Whether anything can start with it.</param>
public sealed record ConfigurationProblem(
    string File, int Line, int Column, string Path, string Sentence, ProblemSeverity Severity = ProblemSeverity.Error)
{
    public bool IsError => Severity == ProblemSeverity.Error;

    /// <summary>One line: <c>gateway.json:12: sources.hmi1.every: 1000 has no unit ...</c></summary>
    public override string ToString()
    {
        var line = Line > 0 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $":{Line}") : "";
        var path = Path.Length > 0 ? Path + ": " : "";
        var severity = IsError ? "" : "warning: ";
        return $"{File}{line}: {severity}{path}{Sentence}";
    }

    /// <summary>
    /// By file in the order first seen, then by line and column: the order in which a person mends them.
    /// </summary>
    public static IReadOnlyList<ConfigurationProblem> Sort(IEnumerable<ConfigurationProblem> problems)
    {
        // Two sources may share a list, and then its mistakes.
        var found = problems.Distinct().ToList();
        var order = found.Select(problem => problem.File).Distinct(StringComparer.Ordinal).ToList();
        return [.. found
            .OrderBy(problem => order.IndexOf(problem.File))
            .ThenBy(problem => problem.Line)
            .ThenBy(problem => problem.Column)
            .ThenBy(problem => problem.Path, StringComparer.Ordinal)];
    }
}
