using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Schema;

namespace Sluice.Provision.Preparing;

/// <summary>
/// What a cell is in JSON, by the agent's own schema: a number, true or false, a list, or a text. A core. What the
/// schema does not know is a text, and then the agent's rules say that nobody knows the key.
/// </summary>
internal static class SheetValue
{
    /// <param name="path">The key.</param>
    /// <param name="kindOf">The kind of a source, by its name; empty where nobody says.</param>
    /// <param name="text">The cell.</param>
    public static string Json(string path, Func<string, string> kindOf, string text) =>
        ShapeAt(path, kindOf) switch
        {
            ListShape { Item: LeafShape item } => $"[{string.Join(", ", text
                .Split([' ', ';', ','], StringSplitOptions.RemoveEmptyEntries).Select(each => Leaf(item, each)))}]",
            LeafShape leaf => Leaf(leaf, text),
            _ => PaperNode.Quoted(text),
        };

    /// <summary>Where the schema has such a key, for the kind of source or, where that is not known, for any.</summary>
    internal static Shape? ShapeAt(string path, Func<string, string> kindOf)
    {
        Shape? shape = GatewaySchema.Root;
        var names = path.Split('.');
        for (var at = 0; at < names.Length && shape is not null; at++)
        {
            if (shape is NamedShape named)
            {
                if (named.Kinds.TryGetValue(kindOf(names[at]), out var kind))
                {
                    shape = kind;
                    continue;
                }

                return at + 1 == names.Length ? null : named.Kinds.Values
                    .Select(each => Below(each, names.AsSpan(at + 1))).FirstOrDefault(found => found is not null);
            }

            shape = (shape as ObjectShape)?.Keys.FirstOrDefault(key => key.Name == names[at])?.Shape;
        }

        return shape;
    }

    private static Shape? Below(Shape shape, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if ((shape as ObjectShape)?.Keys.FirstOrDefault(key => key.Name == name)?.Shape is not { } below)
            {
                return null;
            }

            shape = below;
        }

        return shape;
    }

    /// <summary>What is no number stands as a text, and the agent's rules say so in their own words.</summary>
    private static string Leaf(LeafShape shape, string text) => shape switch
    {
        NumberShape or TrueFalseShape when shape.Refuse(text) is null => text,
        TrueFalseShape when text is "TRUE" or "FALSE" => text.ToLowerInvariant(),
        _ => PaperNode.Quoted(text),
    };
}
