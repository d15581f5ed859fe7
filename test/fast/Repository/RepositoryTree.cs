using System.Text;

namespace Sluice.Fast.Repository;

/// <summary>One file of the repository: its path from the root with forward slashes, and its bytes.</summary>
internal sealed record TreeFile(string Path, byte[] Bytes)
{
    private string? _text;

    /// <summary>Where it leads, for a symbolic link.</summary>
    public string? LinkTarget { get; init; }

    public TreeFile(string path, string text)
        : this(path, Encoding.UTF8.GetBytes(text))
    {
    }

    public string Text => _text ??= Encoding.UTF8.GetString(Bytes);

    public string[] Lines => Text.Split('\n');

    public string Folder => Path.Contains('/') ? Path[..Path.LastIndexOf('/')] : "";

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    /// <summary>True for agent, hal and provisioning: what a customer runs.</summary>
    public bool Ships => Path.StartsWith("agent/", StringComparison.Ordinal)
        || Path.StartsWith("hal/", StringComparison.Ordinal)
        || Path.StartsWith("provisioning/", StringComparison.Ordinal);

    public bool IsUnder(params ReadOnlySpan<string> folders)
    {
        foreach (var folder in folders)
        {
            if (Path.StartsWith(folder + "/", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>
/// The files that make the repository, without what is built or downloaded (the folders that .gitignore names).
/// A rule is a function from a tree to sentences; a test hands in a made-up tree to see the rule bite.
/// </summary>
internal sealed class RepositoryTree(IReadOnlyList<TreeFile> files)
{
    private static readonly string[] Generated =
        [".git", "bin", "obj", "out", ".cache", "TestResults", ".vs", ".idea", "__pycache__"];

    private static readonly Lazy<RepositoryTree> Loaded = new(() => Load(FindRoot()));

    public static RepositoryTree Here => Loaded.Value;

    public IReadOnlyList<TreeFile> Files => files;

    public static RepositoryTree Of(params (string Path, string Text)[] files) =>
        new([.. files.Select(file => new TreeFile(file.Path, file.Text))]);

    public static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "agent.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("The tests run from inside the repository; no agent.sln above them.");
    }

    private static RepositoryTree Load(string root)
    {
        var found = new List<TreeFile>();
        var open = new Stack<string>([root]);
        while (open.TryPop(out var folder))
        {
            foreach (var inner in Directory.EnumerateDirectories(folder))
            {
                if (!Generated.Contains(Path.GetFileName(inner)))
                {
                    open.Push(inner);
                }
            }

            foreach (var file in Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(".user")))
            {
                if (Path.GetFileName(file) != ".git")
                {
                    var path = Path.GetRelativePath(root, file).Replace('\\', '/');
                    var leads = new FileInfo(file).LinkTarget;
                    var bytes = leads is null ? File.ReadAllBytes(file) : [];
                    found.Add(new TreeFile(path, bytes) { LinkTarget = leads });
                }
            }
        }

        return new RepositoryTree([.. found.OrderBy(file => file.Path, StringComparer.Ordinal)]);
    }
}
