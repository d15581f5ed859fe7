using System.Text.Json;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Schemas;

/// <summary>
/// The published schemas (docs/contract/schemas), and whether a message is what they say. Every message that a test
/// sees passes here, because <see cref="StreamLedger"/> asks for each.
/// </summary>
public sealed class ContractSchemas
{
    private readonly Dictionary<string, JsonDocument> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SchemaNode> nodes = new(StringComparer.Ordinal);

    private ContractSchemas()
    {
        var assembly = typeof(ContractSchemas).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".json")))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            files.Add(name, JsonDocument.Parse(stream));
        }

        foreach (var name in files.Keys)
        {
            Node(name);
        }
    }

    /// <summary>The schemas as this build has them.</summary>
    public static ContractSchemas Published { get; } = new();

    /// <summary>Kinds of messages that have a schema: data, birth, ...</summary>
    public IEnumerable<string> Kinds =>
        files.Keys.Select(name => Path.GetFileNameWithoutExtension(name)).Where(kind => kind != "words").Order();

    /// <summary>Adds a sentence for each thing in the message that its schema does not allow.</summary>
    public void Judge(string kind, JsonElement message, List<string> faults)
    {
        if (nodes.TryGetValue(kind + ".json", out var schema))
        {
            schema.Judge(message, kind, faults);
        }
        else
        {
            faults.Add($"{kind}: no schema is published for it");
        }
    }

    /// <param name="reference">A file, a place in it, or both: <c>words.json#/definitions/id</c>.</param>
    /// <param name="from">The file in which it stands.</param>
    private SchemaNode Node(string reference, string from = "")
    {
        var (file, place) = reference.Split('#') is [var first, var second] ? (first, second) : (reference, "");
        file = file.Length == 0 ? from : file;
        var key = place.Length == 0 ? file : $"{file}#{place}";
        if (nodes.TryGetValue(key, out var known))
        {
            return known;
        }

        var element = files[file].RootElement;
        foreach (var step in place.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            element = element.GetProperty(step);
        }

        return nodes[key] = SchemaNode.Read(element, inner => Node(inner, file));
    }
}
