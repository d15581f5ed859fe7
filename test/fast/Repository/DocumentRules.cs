using System.Text.RegularExpressions;

namespace Sluice.Fast.Repository;

/// <summary>Decision records are numbered and reachable from the index; no document has a dead link.</summary>
internal static partial class DocumentRules
{
    public static IEnumerable<string> Decisions(RepositoryTree tree)
    {
        var index = tree.Files.Single(file => file.Path == "docs/adr/README.md").Text;
        var numbers = new Dictionary<string, string>();
        foreach (var file in tree.Files.Where(file => file.Folder == "docs/adr" && file.Name != "README.md"))
        {
            if (DecisionName().Match(file.Name) is not { Success: true } name)
            {
                yield return $"{file.Path}: a decision is called NNNN-what-was-decided.md";
                continue;
            }

            var number = name.Groups[1].Value;
            if (!numbers.TryAdd(number, file.Path))
            {
                yield return $"{file.Path}: number {number} is already that of {numbers[number]}";
            }

            if (!index.Contains($"({file.Name})", StringComparison.Ordinal))
            {
                yield return $"{file.Path}: not in docs/adr/README.md";
            }

            if (!file.Text.StartsWith($"# {number} ", StringComparison.Ordinal))
            {
                yield return $"{file.Path}: the first line is '# {number} <what was decided>'";
            }
        }
    }

    public static IEnumerable<string> Links(RepositoryTree tree)
    {
        var paths = tree.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        var folders = tree.Files.SelectMany(file => Above(file.Folder)).ToHashSet(StringComparer.Ordinal);
        return from file in tree.Files
               where file.Path.EndsWith(".md", StringComparison.Ordinal)
               from Match link in Link().Matches(CodeBlock().Replace(file.Text, ""))
               let target = link.Groups[1].Value
               where !target.Contains("://") && !target.StartsWith('#') && !target.StartsWith("mailto:")
               let resolved = Resolve(file.Folder, target.Split('#')[0])
               where !paths.Contains(resolved) && !folders.Contains(resolved)
               select $"{file.Path}: the link to {target} leads nowhere";
    }

    private static IEnumerable<string> Above(string folder)
    {
        for (var at = folder; at.Length > 0; at = at.Contains('/') ? at[..at.LastIndexOf('/')] : "")
        {
            yield return at;
        }
    }

    private static string Resolve(string folder, string target)
    {
        var at = new Uri(folder.Length == 0 ? "file:///" : $"file:///{folder}/");
        return Uri.UnescapeDataString(new Uri(at, target).AbsolutePath).Trim('/');
    }

    [GeneratedRegex(@"^(\d{4})-[a-z0-9-]+\.md$")]
    private static partial Regex DecisionName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
