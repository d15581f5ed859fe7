using System.Globalization;
using System.Text;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// Problems for a person at a terminal: each with the line that it stands in and a mark below it. A core.
/// </summary>
internal sealed class ProblemText(string gatewayPath, ConfigurationFiles? files)
{
    private const int LineCharactersMax = 100;

    private readonly Dictionary<string, string[]> lines = new(StringComparer.Ordinal);

    /// <summary>The problem in one line and, where the line is known, the line itself with a caret.</summary>
    public string Render(ConfigurationProblem problem)
    {
        var text = new StringBuilder().AppendLine(problem.ToString());
        var all = Lines(problem.File);
        if (problem.Line < 1 || problem.Line > all.Length)
        {
            return text.ToString();
        }

        var number = problem.Line.ToString(CultureInfo.InvariantCulture);
        var (quoted, caret) = Quote(all[problem.Line - 1], problem.Column);
        text.AppendLine(CultureInfo.InvariantCulture, $"  {number} | {quoted}");
        if (caret >= 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {new string(' ', number.Length)} | "
                + $"{new string(' ', caret)}^");
        }

        return text.ToString();
    }

    /// <summary>
    /// The line, or the part of it around the column where it is long; and where the caret goes, or -1.
    /// </summary>
    private static (string Quoted, int Caret) Quote(string line, int column)
    {
        var shown = new string([.. line.Select(letter => char.IsControl(letter) ? ' ' : letter)]).TrimEnd();
        var at = column - 1;
        var indent = shown.Length - shown.TrimStart().Length;
        var start = at > LineCharactersMax * 2 / 3 ? at - (LineCharactersMax / 2) : Math.Min(indent, Math.Max(0, at));
        start = Math.Clamp(column == 0 ? indent : start, 0, shown.Length);
        var part = shown[start..Math.Min(shown.Length, start + LineCharactersMax)];
        var cutBefore = start > indent ? "…" : "";
        var cutAfter = start + LineCharactersMax < shown.Length ? "…" : "";
        return (cutBefore + part + cutAfter, at < 0 ? -1 : at - start + cutBefore.Length);
    }

    private string[] Lines(string file)
    {
        if (!lines.TryGetValue(file, out var found))
        {
            found = Bytes(file) is { } bytes
                ? Encoding.UTF8.GetString(bytes.Span).TrimStart('\uFEFF')
                    .Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n')
                : [];
            lines.Add(file, found);
        }

        return found;
    }

    private ReadOnlyMemory<byte>? Bytes(string file)
    {
        if (file == gatewayPath)
        {
            return files?.Gateway;
        }

        var folder = Path.GetDirectoryName(gatewayPath) ?? "";
        foreach (var (name, bytes) in files?.Lists ?? [])
        {
            if (Path.Combine(folder, name) == file)
            {
                return bytes;
            }
        }

        return null;
    }
}
