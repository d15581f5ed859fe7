namespace Sluice.Agent.Configuration;

internal enum FileNodeKind : byte
{
    Object,
    List,
    Text,
    Number,
    TrueFalse,
    Null,
}

/// <summary>
/// A value of the file, and where it stands. What System.Text.Json's own documents do not know is the line.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Line">Line of its first character, from 1.</param>
/// <param name="Column">Column of its first character, from 1.</param>
internal sealed record FileNode(FileNodeKind Kind, int Line, int Column)
{
    private readonly List<FileMember> members = [];
    private readonly List<FileNode> items = [];

    /// <summary>The text without its quotes, or a number or word as it stands.</summary>
    public string Text { get; init; } = "";

    /// <summary>Members of an object, in the file's order, doubles included.</summary>
    public IReadOnlyList<FileMember> Members => members;

    public IReadOnlyList<FileNode> Items => items;

    /// <summary>False while the file broke off inside it: nothing is said to be missing then.</summary>
    public bool Complete { get; set; } = true;

    public void Add(FileMember member) => members.Add(member);

    public void Add(FileNode item) => items.Add(item);

    public FileNode? Member(string name) =>
        members.Find(member => string.Equals(member.Name, name, StringComparison.Ordinal))?.Value;

    /// <summary>Follows names from here; the deepest node that exists, so that a problem always has a line.</summary>
    public FileNode At(params ReadOnlySpan<string> names)
    {
        var node = this;
        foreach (var name in names)
        {
            if (node.Member(name) is not { } next)
            {
                return node;
            }

            node = next;
        }

        return node;
    }

    /// <summary>How a person would name what stands there.</summary>
    public string Describe() => Kind switch
    {
        FileNodeKind.Object => "{ … }",
        FileNodeKind.List => "[ … ]",
        FileNodeKind.Text => $"\"{Clip(Text)}\"",
        FileNodeKind.Null => "null",
        _ => Clip(Text),
    };

    /// <summary>Not more of a foreign text than a line can carry, and no control characters.</summary>
    public static string Clip(string text, int charactersMax = 60)
    {
        var clipped = text.Length <= charactersMax ? text : string.Concat(text.AsSpan(0, charactersMax - 1), "…");
        return string.Create(clipped.Length, clipped, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '\uFFFD' : source[i];
            }
        });
    }
}

/// <summary>A name and its value.</summary>
internal sealed record FileMember(string Name, int Line, int Column, FileNode Value);
