using System.Globalization;
using System.Text.Json;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>One key of an object.</summary>
/// <param name="Name">As it stands in the file.</param>
/// <param name="Shape">What may stand there.</param>
/// <param name="Sentence">What it means, for the schema's description and the documentation.</param>
internal sealed record Key(string Name, Shape Shape, string Sentence)
{
    public bool Required { get; init; }

    /// <summary>What counts where the key is absent, as JSON; null where absent means something else.</summary>
    public string? Default { get; init; }

    /// <summary>
    /// What to know instead, where this version does not build the key yet. It is refused, never ignored.
    /// </summary>
    public string? NotBuilt { get; init; }

    public static Key NotBuiltYet(string name, string instead) =>
        new(name, new ListShape(new TrueFalseShape(), 0, 0), instead) { NotBuilt = instead };
}

/// <summary>An object with known keys.</summary>
/// <param name="What">What it describes: <c>the broker</c>.</param>
/// <param name="Keys">All of them, in the order of the documentation.</param>
internal sealed record ObjectShape(string What, params Key[] Keys) : Shape
{
    public override string Wanted => "{ … } with " + string.Join(", ", BuiltKeys.Select(key => $"\"{key.Name}\""));

    private IEnumerable<Key> BuiltKeys => Keys.Where(key => key.NotBuilt is null);

    public override void Walk(FileNode node, string path, string? name, SchemaWalk walk)
    {
        if (node.Kind != FileNodeKind.Object)
        {
            walk.Problems.Error(node, path, WrongKind(node));
            return;
        }

        if (name is not null)
        {
            walk.Accepted.WritePropertyName(name);
        }

        walk.Accepted.WriteStartObject();
        var seen = new Dictionary<string, FileMember>(StringComparer.Ordinal);
        foreach (var member in node.Members)
        {
            WalkMember(member, path, seen, walk);
        }

        // A slip of the finger is one mistake: the key that was meant is not said to be missing too.
        var meant = seen.Keys.Where(written => Find(written) is null).Select(Meant).ToHashSet();
        foreach (var key in BuiltKeys.Where(key => !seen.ContainsKey(key.Name) && !meant.Contains(key.Name)))
        {
            WalkAbsent(key, node, Under(path, key.Name), walk);
        }

        walk.Accepted.WriteEndObject();
    }

    public override void WriteSchema(Utf8JsonWriter schema)
    {
        schema.WriteString("type", "object");
        schema.WriteBoolean("additionalProperties", false);
        var required = Keys.Where(key => key.Required).Select(key => key.Name).ToList();
        if (required.Count > 0)
        {
            schema.WriteStartArray("required");
            required.ForEach(schema.WriteStringValue);
            schema.WriteEndArray();
        }

        schema.WriteStartObject("properties");
        foreach (var key in BuiltKeys)
        {
            schema.WriteStartObject(key.Name);
            schema.WriteString("description", key.Sentence);
            key.Shape.WriteSchema(schema);
            if (key.Default is not null)
            {
                schema.WritePropertyName("default");
                schema.WriteRawValue(key.Default);
            }

            schema.WriteEndObject();
        }

        schema.WriteEndObject();
    }

    internal static string Under(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private void WalkMember(FileMember member, string path, Dictionary<string, FileMember> seen, SchemaWalk walk)
    {
        var under = Under(path, FileNode.Clip(member.Name));
        if (!seen.TryAdd(member.Name, member))
        {
            walk.Problems.Error(member.Line, member.Column, under, string.Create(
                CultureInfo.InvariantCulture, $"stands here a second time (first in line {seen[member.Name].Line}): "
                    + $"keep one."));
            return;
        }

        var key = Find(member.Name);
        if (key is null)
        {
            walk.Problems.Error(member.Line, member.Column, under, Unknown(member.Name));
        }
        else if (key.NotBuilt is not null)
        {
            walk.Problems.Error(
                member.Line, member.Column, under, $"this version does not build \"{key.Name}\" yet: {key.NotBuilt}");
        }
        else
        {
            key.Shape.Walk(member.Value, under, key.Name, walk);
        }
    }

    private Key? Find(string name) => Array.Find(Keys, key => key.Name == name);

    private string? Meant(string written) => Nearest.Of(written, Keys.Select(key => key.Name));

    private string Unknown(string name)
    {
        if (Meant(name) is { } meant)
        {
            return $"is not a key of {What}{Nearest.Ask(meant)}.";
        }

        var names = string.Join(", ", BuiltKeys.Select(key => key.Name));
        return $"is not a key of {What}: take it out, or write one of {names}.";
    }

    private static void WalkAbsent(Key key, FileNode node, string path, SchemaWalk walk)
    {
        if (key.Required)
        {
            if (node.Complete)
            {
                walk.Problems.Error(node, path, $"is missing: write {key.Shape.Wanted}. {key.Sentence}");
            }
        }
        else if (key.Shape is ObjectShape && key.Default is not null)
        {
            key.Shape.Walk(new FileNode(FileNodeKind.Object, node.Line, node.Column), path, key.Name, walk);
        }
        else if (key.Default is not null)
        {
            walk.Accepted.WritePropertyName(key.Name);
            walk.Accepted.WriteRawValue(key.Default);
        }
    }
}

/// <summary>A list of values of one shape.</summary>
internal sealed record ListShape(Shape Item, int Min, int Max) : Shape
{
    public override string Wanted => $"a list, [ … ], each item {Item.Wanted}";

    public override void Walk(FileNode node, string path, string? name, SchemaWalk walk)
    {
        if (node.Kind != FileNodeKind.List)
        {
            var isOneItem = node.Kind == FileNodeKind.Text && Item is LeafShape leaf && leaf.Refuse(node.Text) is null;
            walk.Problems.Error(node, path, isOneItem
                ? $"is a single value: write it as a list, [\"{node.Text}\"]."
                : WrongKind(node));
            return;
        }

        if (node.Items.Count > Max || (node.Items.Count < Min && node.Complete))
        {
            walk.Problems.Error(node, path, string.Create(
                CultureInfo.InvariantCulture, $"has {node.Items.Count} items: write {Min} to {Max}, each "
                    + $"{Item.Wanted}."));
        }

        walk.Accepted.WritePropertyName(name!);
        walk.Accepted.WriteStartArray();
        foreach (var (index, item) in node.Items.Take(Max).Index())
        {
            Item.Walk(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]"), null, walk);
        }

        walk.Accepted.WriteEndArray();
    }

    public override void WriteSchema(Utf8JsonWriter schema)
    {
        schema.WriteString("type", "array");
        schema.WriteNumber("minItems", Min);
        schema.WriteNumber("maxItems", Max);
        schema.WriteStartObject("items");
        Item.WriteSchema(schema);
        schema.WriteEndObject();
    }
}

/// <summary>Named things, each of one of several kinds: the sources.</summary>
/// <param name="Name">What a name may be.</param>
/// <param name="Kinds">The words that the key <c>kind</c> may be, and the shape that belongs to each.</param>
/// <param name="Kind">The key <c>kind</c> itself.</param>
internal sealed record NamedShape(
    TextShape Name, IReadOnlyDictionary<string, ObjectShape> Kinds, WordShape Kind) : Shape
{
    public const int NamesMax = 64;

    public override string Wanted => "{ \"hmi1\": { \"kind\": \"modbus-tcp\", … } }: a name for each, and what it is";

    public override void Walk(FileNode node, string path, string? name, SchemaWalk walk)
    {
        if (node.Kind != FileNodeKind.Object)
        {
            walk.Problems.Error(node, path, WrongKind(node));
            return;
        }

        if ((node.Members.Count == 0 && node.Complete) || node.Members.Count > NamesMax)
        {
            walk.Problems.Error(node, path, string.Create(
                CultureInfo.InvariantCulture, $"holds {node.Members.Count} sources: write 1 to {NamesMax}, as in "
                    + $"{Wanted}."));
        }

        walk.Accepted.WritePropertyName(name!);
        walk.Accepted.WriteStartObject();
        var seen = new Dictionary<string, FileMember>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in node.Members.Take(NamesMax))
        {
            var under = ObjectShape.Under(path, FileNode.Clip(member.Name));
            if (!seen.TryAdd(member.Name, member))
            {
                walk.Problems.Error(member.Line, member.Column, under, string.Create(
                    CultureInfo.InvariantCulture,
                    $"is the name of another one too (line {seen[member.Name].Line}; case does not count): rename "
                        + $"one."));
            }
            else if (Name.Refuse(member.Name) is { } refused)
            {
                walk.Problems.Error(member.Line, member.Column, under, refused);
            }
            else
            {
                WalkOne(member, under, walk);
            }
        }

        walk.Accepted.WriteEndObject();
    }

    public override void WriteSchema(Utf8JsonWriter schema)
    {
        schema.WriteString("type", "object");
        schema.WriteNumber("minProperties", 1);
        schema.WriteNumber("maxProperties", NamesMax);
        schema.WriteStartObject("propertyNames");
        Name.WriteSchema(schema);
        schema.WriteEndObject();
        schema.WriteStartObject("additionalProperties");
        schema.WriteStartArray("oneOf");
        foreach (var kind in Kinds.Values)
        {
            schema.WriteStartObject();
            kind.WriteSchema(schema);
            schema.WriteEndObject();
        }

        schema.WriteEndArray();
        schema.WriteEndObject();
    }

    private void WalkOne(FileMember member, string path, SchemaWalk walk)
    {
        var node = member.Value;
        if (node.Kind != FileNodeKind.Object)
        {
            walk.Problems.Error(node, path, $"{node.Describe()} is not a source: write "
                + $"{{ \"kind\": {Kind.Wanted}, … }}.");
            return;
        }

        if (node.Member("kind") is not { } kind)
        {
            if (node.Complete)
            {
                walk.Problems.Error(node, $"{path}.kind", $"is missing: write {Kind.Wanted}.");
            }

            return;
        }

        if (kind.Kind == FileNodeKind.Text && Kinds.TryGetValue(kind.Text, out var shape))
        {
            shape.Walk(node, path, member.Name, walk);
            return;
        }

        // What belongs beside an unknown kind is unknown: one problem, and the rest of the source is left alone.
        walk.Problems.Error(kind, $"{path}.kind", kind.Kind == FileNodeKind.Text
            ? Kind.Refuse(kind.Text)!
            : $"{kind.Describe()} is not a kind: write {Kind.Wanted}.");
    }
}
