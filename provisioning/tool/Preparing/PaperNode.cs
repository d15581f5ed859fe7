using System.Text;
using System.Text.Json;
using Sluice.Agent.Configuration;

namespace Sluice.Provision.Preparing;

/// <summary>A value of a gateway.json that is being written: an object whose members keep their order, or a value that
/// stands as it is. A core.</summary>
internal sealed class PaperNode
{
    private readonly List<(string Name, PaperNode Value)> members = [];
    private string? raw;

    /// <summary>An object without members, or what a file has.</summary>
    public static PaperNode Of(FileNode? node)
    {
        var paper = new PaperNode();
        if (node is null)
        {
            return paper;
        }

        if (node.Kind != FileNodeKind.Object)
        {
            paper.raw = RawOf(node);
            return paper;
        }

        foreach (var member in node.Members)
        {
            paper.members.RemoveAll(each => each.Name == member.Name);
            paper.members.Add((member.Name, Of(member.Value)));
        }

        return paper;
    }

    /// <summary>The members of an object that stands at a path; none where there is none.</summary>
    public IEnumerable<string> NamesAt(string path) =>
        At(path.Split('.'))?.members.Select(member => member.Name) ?? [];

    /// <summary>The value at a path as JSON; null where there is none, or an object.</summary>
    public string? RawAt(string path) => At(path.Split('.'))?.raw;

    /// <summary>Puts a value there, and what is missing above it.</summary>
    public void Set(string path, string json)
    {
        var node = this;
        foreach (var name in path.Split('.'))
        {
            node.raw = null;
            var at = node.members.FindIndex(member => member.Name == name);
            if (at < 0)
            {
                node.members.Add((name, new PaperNode()));
                at = node.members.Count - 1;
            }

            node = node.members[at].Value;
        }

        node.members.Clear();
        node.raw = json;
    }

    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions
        {
            Indented = true, NewLine = "\n",
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            Write(json);
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private void Write(Utf8JsonWriter json)
    {
        if (raw is not null)
        {
            json.WriteRawValue(raw);
            return;
        }

        json.WriteStartObject();
        foreach (var (name, value) in members)
        {
            json.WritePropertyName(name);
            value.Write(json);
        }

        json.WriteEndObject();
    }

    private PaperNode? At(ReadOnlySpan<string> names)
    {
        var node = this;
        foreach (var name in names)
        {
            var at = node.members.FindIndex(member => member.Name == name);
            if (at < 0)
            {
                return null;
            }

            node = node.members[at].Value;
        }

        return node;
    }

    private static string RawOf(FileNode node)
    {
        var text = new StringBuilder();
        switch (node.Kind)
        {
            case FileNodeKind.Text:
                return Quoted(node.Text);
            case FileNodeKind.List:
                return $"[{string.Join(", ", node.Items.Select(RawOf))}]";
            case FileNodeKind.Object:
                foreach (var member in node.Members)
                {
                    text.Append(text.Length > 0 ? ", " : "").Append(Quoted(member.Name)).Append(": ")
                        .Append(RawOf(member.Value));
                }

                return $"{{ {text} }}";
            default:
                return node.Text;
        }
    }

    /// <summary>A text in quotes.</summary>
    public static string Quoted(string text) => $"\"{JsonEncodedText.Encode(
        text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
