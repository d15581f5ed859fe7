using System.Text;
using System.Text.RegularExpressions;

namespace Sluice.Fast.Repository;

/// <summary>
/// Nothing is left open in silence: no skipped test, no stub, no bare suppression, no path of somebody's machine,
/// no binary, no key. The patterns are written so that they do not find themselves.
/// </summary>
internal static partial class HonestyRules
{
    public static IEnumerable<string> Skipped(RepositoryTree tree) =>
        Found(tree.Files.Where(file => file.IsCSharp), SkippedTest(), "a test is run or removed, never skipped");

    public static IEnumerable<string> LeftOpen(RepositoryTree tree) =>
        Found(tree.Files.Where(IsWritten), OpenEnd(), "something is left open here; finish it or file an issue");

    public static IEnumerable<string> MachinePaths(RepositoryTree tree) =>
        Found(tree.Files.Where(file => file.Name != "packages.lock.json"), MachinePath(),
            "the path of one machine");

    public static IEnumerable<string> Suppressions(RepositoryTree tree) =>
        from file in tree.Files
        where file.IsCSharp
        from line in file.Lines.Select((text, index) => (text, number: index + 1))
        where Suppression().IsMatch(line.text) && !Reasoned().IsMatch(line.text)
        select $"{file.Path}:{line.number}: a suppression carries its reason on the same line";

    public static IEnumerable<string> TestNames(RepositoryTree tree) =>
        from file in tree.Files
        where file.IsCSharp && file.IsUnder("test")
        from Match test in TestMethod().Matches(CSharpText.Mask(file.Text))
        where !test.Groups["name"].Value.Contains('_')
        select $"{file.Path}: {test.Groups["name"].Value}: the name of a test is a sentence with underscores";

    public static IEnumerable<string> Binaries(RepositoryTree tree)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        foreach (var file in tree.Files)
        {
            var text = true;
            try
            {
                _ = strict.GetCharCount(file.Bytes);
            }
            catch (DecoderFallbackException)
            {
                text = false;
            }

            if (!text || file.Bytes.Contains((byte)0))
            {
                yield return $"{file.Path}: not text; binaries are built, not kept";
            }
        }
    }

    /// <summary>
    /// An archive or another system makes a file of a link, with where it led as its text, and what needed it is
    /// quietly not there any more.
    /// </summary>
    public static IEnumerable<string> SymbolicLinks(RepositoryTree tree) =>
        from file in tree.Files
        where file.LinkTarget is not null || WasALink().IsMatch(file.Text)
        select $"{file.Path}: a symbolic link, or what was one; the script that needs it makes it";

    public static IEnumerable<string> Keys(RepositoryTree tree) =>
        from file in tree.Files
        where Pem().IsMatch(file.Text) || KeyFile().IsMatch(file.Name)
        select $"{file.Path}: keys and certificates are made on the spot by the tests, never kept";

    private static bool IsWritten(TreeFile file) =>
        file.IsCSharp || file.Name is "Makefile" or "run" or "Dockerfile.arm64"
        || file.Path.EndsWith(".sh", StringComparison.Ordinal) || file.Path.EndsWith(".py", StringComparison.Ordinal);

    private static IEnumerable<string> Found(IEnumerable<TreeFile> files, Regex what, string sentence) =>
        from file in files
        from line in file.Lines.Select((text, index) => (text, number: index + 1))
        let match = what.Match(line.text)
        where match.Success
        select $"{file.Path}:{line.number}: '{match.Value}': {sentence}";

    [GeneratedRegex(@"\(\s*Sk[i]p\s*=|,\s*Sk[i]p\s*=|Sk[i]p(Unless|When|Type)\s*=|Assert\.Sk[i]p|Exp[l]icit\s*=\s*true"
        + @"|Assert\.True\(tr[u]e\)|#if\s+fal[s]e")]
    private static partial Regex SkippedTest();

    [GeneratedRegex(@"\bTO[D]O\b|\bFIX[M]E\b|\bXX[X]\b|\bHA[C]K\b|NotImplemen[t]ed")]
    private static partial Regex OpenEnd();

    [GeneratedRegex(@"(?<![\w.~*}>)-])/(work|home|root|Users)/[\w.]|[A-Za-z]:\\Users")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"#pragma\s+warning\s+disable|\[(assembly:\s*)?(Unconditional)?Suppress[M]essage")]
    private static partial Regex Suppression();

    [GeneratedRegex(@"disable\s+[\w, ]+//\s*\S+(\s+\S+){2,}|Justification\s*=\s*""[^""]{10,}")]
    private static partial Regex Reasoned();

    [GeneratedRegex(@"\[(?:Fact|Theory)\b[^{;]*?\b(?:void|Task|ValueTask)\s+(?<name>\w+)\s*\(")]
    private static partial Regex TestMethod();

    [GeneratedRegex(@"-----BEGI[N] [A-Z ]*(PRIVATE KEY|CERTIFICATE)-----\s*\n\s*[A-Za-z0-9+/]{32}")]
    private static partial Regex Pem();

    [GeneratedRegex(@"\.(pem|key|pfx|p12|crt|cer|jks)$")]
    private static partial Regex KeyFile();

    [GeneratedRegex(@"\A(\.\.?)?/\S+\z")]
    private static partial Regex WasALink();
}
