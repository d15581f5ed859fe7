using System.Text.RegularExpressions;

namespace Sluice.Fast.Repository;

/// <summary>Files up to 400 lines, methods up to 60, lines up to 120: what one head holds at once.</summary>
internal static partial class SizeRules
{
    public const int FileLinesMax = 400;
    public const int MethodLinesMax = 60;
    public const int LineCharactersMax = 120;

    private static readonly string[] Code = [".cs", ".sh", ".py", ".kt"];

    public static IEnumerable<string> Files(RepositoryTree tree) =>
        from file in tree.Files.Where(IsCode)
        let lines = file.Text.Count(c => c == '\n')
        where lines > FileLinesMax
        select $"{file.Path}: {lines} lines; at most {FileLinesMax}. Split it by what it decides.";

    public static IEnumerable<string> Lines(RepositoryTree tree) =>
        from file in tree.Files.Where(IsCode)
        from line in file.Lines.Select((text, index) => (text, number: index + 1))
        where line.text.Length > LineCharactersMax
        select $"{file.Path}:{line.number}: {line.text.Length} characters; at most {LineCharactersMax}.";

    public static IEnumerable<string> Methods(RepositoryTree tree) =>
        from file in tree.Files.Where(file => file.IsCSharp)
        from method in MethodsOf(CSharpText.Mask(file.Text))
        where method.Lines > MethodLinesMax
        select $"{file.Path}:{method.Line}: a method of {method.Lines} lines; at most {MethodLinesMax}.";

    private static bool IsCode(TreeFile file) =>
        Code.Any(ending => file.Path.EndsWith(ending, StringComparison.Ordinal))
        || file.Name is "Makefile" or "run";

    /// <summary>
    /// Every block that stands directly in a type and whose header looks like a method, constructor or operator.
    /// </summary>
    public static IEnumerable<(int Line, int Lines)> MethodsOf(string masked)
    {
        var open = new Stack<(bool Type, bool Method, int Start)>();
        var header = 0;
        for (var at = 0; at < masked.Length; at++)
        {
            if (masked[at] == '{')
            {
                var text = masked[header..at];
                var inMember = open.Any(block => !block.Type);
                var type = !inMember && (TypeHeader().IsMatch(text) || text.Contains("namespace "));
                var start = header + (text.Length - text.TrimStart().Length);
                open.Push((type, !type && !inMember && IsMethodHeader(text), start));
                header = at + 1;
            }
            else if (masked[at] == '}')
            {
                if (open.TryPop(out var block) && block.Method)
                {
                    yield return (LineOf(masked, block.Start), LineOf(masked, at) - LineOf(masked, block.Start) + 1);
                }

                header = at + 1;
            }
            else if (masked[at] == ';')
            {
                header = at + 1;
            }
        }
    }

    private static bool IsMethodHeader(string header)
    {
        if (header.Contains("operator ", StringComparison.Ordinal) || ExpressionBody().IsMatch(header))
        {
            return true;
        }

        var depth = 0;
        foreach (var c in header)
        {
            depth += c switch { '(' or '[' => 1, ')' or ']' => -1, _ => 0 };
            if (c == '=' && depth == 0)
            {
                return false;
            }
        }

        return MethodEnd().IsMatch(header);
    }

    private static int LineOf(string text, int at) => text.AsSpan(0, at).Count('\n') + 1;

    [GeneratedRegex(@"\b(class|struct|record|interface|enum|extension)\b")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"\)\s*(where\b[^{]*)?\s*$")]
    private static partial Regex MethodEnd();

    [GeneratedRegex(@"\)\s*=>")]
    private static partial Regex ExpressionBody();
}
