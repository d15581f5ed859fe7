namespace Sluice.Agent.Configuration;

/// <summary>
/// Collects the problems of one file. Bounded: a file of a million mistakes is told with its first thousand.
/// </summary>
internal sealed class ProblemList(string file)
{
    public const int ProblemsMax = 1000;

    private readonly List<ConfigurationProblem> problems = [];

    public string File => file;

    public IReadOnlyList<ConfigurationProblem> Problems => problems;

    public int ErrorCount { get; private set; }

    public int LeftOff { get; private set; }

    public void Error(int line, int column, string path, string sentence) =>
        Add(new ConfigurationProblem(file, line, column, path, sentence));

    public void Error(FileNode at, string path, string sentence) => Error(at.Line, at.Column, path, sentence);

    public void Warning(int line, int column, string path, string sentence) =>
        Add(new ConfigurationProblem(file, line, column, path, sentence, ProblemSeverity.Warning));

    public void Warning(FileNode at, string path, string sentence) => Warning(at.Line, at.Column, path, sentence);

    /// <summary>What was found, with a line that says how many were left off.</summary>
    public IEnumerable<ConfigurationProblem> All() => LeftOff == 0
        ? problems
        : problems.Append(new ConfigurationProblem(file, 0, 0, "", $"{LeftOff} more problems are not listed."));

    private void Add(ConfigurationProblem problem)
    {
        ErrorCount += problem.IsError ? 1 : 0;
        if (problems.Count < ProblemsMax)
        {
            // A sentence may quote the file, and what the file holds must not steer a terminal.
            problems.Add(problem with { Sentence = FileNode.Clip(problem.Sentence, 1_000) });
        }
        else
        {
            LeftOff++;
        }
    }
}
