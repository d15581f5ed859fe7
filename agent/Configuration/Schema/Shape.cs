using System.Text.Json;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>
/// What may stand at one place of the file. A shape is data that is used three times: it checks the walked file, it is
/// written out as the published JSON Schema, and it is the reference in the documentation. So the three cannot differ.
/// </summary>
internal abstract record Shape
{
    /// <summary>What to write, for sentences: <c>a duration such as "1 s"</c>.</summary>
    public abstract string Wanted { get; }

    /// <summary>
    /// Checks a value. Writes what is right into the accepted copy, under its name, and reports the rest.
    /// </summary>
    public abstract void Walk(FileNode node, string path, string? name, SchemaWalk walk);

    /// <summary>Writes the members of its JSON Schema (draft 2020-12) into an object that is open already.</summary>
    public abstract void WriteSchema(Utf8JsonWriter schema);

    /// <summary>The sentence for a value of another kind than wanted.</summary>
    protected string WrongKind(FileNode node) => node.Kind == FileNodeKind.Null
        ? $"null is no value: write {Wanted}, or leave the key out."
        : $"{node.Describe()} is not what belongs here: write {Wanted}.";
}

/// <summary>One walk over a file: where problems and what is right go to.</summary>
internal sealed record SchemaWalk(ProblemList Problems, Utf8JsonWriter Accepted);

/// <summary>A single value. A cell of a signal list is checked by the same shapes.</summary>
internal abstract record LeafShape : Shape
{
    protected abstract FileNodeKind Kind { get; }

    /// <summary>Why this text cannot stand here, and what can; null where it is right.</summary>
    public abstract string? Refuse(string text);

    /// <summary>The sentence for a value of another kind, where a better one than the general one is known.</summary>
    protected virtual string? RefuseKind(FileNode node) => null;

    public override void Walk(FileNode node, string path, string? name, SchemaWalk walk)
    {
        var sentence = node.Kind == Kind ? Refuse(node.Text) : RefuseKind(node) ?? WrongKind(node);
        if (sentence is not null)
        {
            walk.Problems.Error(node, path, sentence);
            return;
        }

        if (name is not null)
        {
            walk.Accepted.WritePropertyName(name);
        }

        if (Kind == FileNodeKind.Text)
        {
            walk.Accepted.WriteStringValue(node.Text);
        }
        else
        {
            walk.Accepted.WriteRawValue(node.Text);
        }
    }

    /// <summary>Min to max, as the documentation says it; empty where nothing bounds it.</summary>
    public virtual string Range => "";
}
