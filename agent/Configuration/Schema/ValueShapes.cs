using System.Globalization;
using System.Text.Json;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>Text by a rule of its own: names, paths, addresses.</summary>
/// <param name="What">What it is, with its article: <c>an IP address</c>.</param>
/// <param name="Example">A value that is right.</param>
/// <param name="Pattern">The rule as far as a regular expression can say it, for editors; null where it cannot.</param>
/// <param name="Rule">The rule itself: a sentence where the text breaks it, else null.</param>
internal sealed record TextShape(string What, string Example, string? Pattern, Func<string, string?> Rule) : LeafShape
{
    protected override FileNodeKind Kind => FileNodeKind.Text;

    public override string Wanted => $"{What}, such as \"{Example}\"";

    public override string? Refuse(string text) => Rule(text);

    public override void WriteSchema(Utf8JsonWriter schema)
    {
        schema.WriteString("type", "string");
        if (Pattern is not null)
        {
            schema.WriteString("pattern", Pattern);
        }
    }

    protected override string? RefuseKind(FileNode node) => node.Kind is FileNodeKind.Number or FileNodeKind.TrueFalse
        ? $"{node.Describe()} stands without quotes: write {Wanted}."
        : null;
}

/// <summary>One of a few words. A word that is planned and not built yet is refused with its own sentence.</summary>
internal sealed record WordShape(params string[] Words) : LeafShape
{
    /// <summary>Words of the design that this version does not build yet, and what to know about each.</summary>
    public IReadOnlyDictionary<string, string> NotBuilt { get; init; } = new Dictionary<string, string>();

    protected override FileNodeKind Kind => FileNodeKind.Text;

    public override string Wanted => Words.Length == 1
        ? $"\"{Words[0]}\""
        : $"one of \"{string.Join("\", \"", Words)}\"";

    public override string Range => string.Join(", ", Words);

    public override string? Refuse(string text)
    {
        if (Words.Contains(text, StringComparer.Ordinal))
        {
            return null;
        }

        if (NotBuilt.TryGetValue(text, out var notBuilt))
        {
            return $"this version does not build \"{text}\" yet: {notBuilt}";
        }

        var meant = Nearest.Of(text, Words.Concat(NotBuilt.Keys));
        return $"\"{FileNode.Clip(text)}\" is not known{Nearest.Ask(meant)}: write {Wanted}.";
    }

    public override void WriteSchema(Utf8JsonWriter schema)
    {
        schema.WriteString("type", "string");
        schema.WriteStartArray("enum");
        foreach (var word in Words)
        {
            schema.WriteStringValue(word);
        }

        schema.WriteEndArray();
    }

    protected override string? RefuseKind(FileNode node) => node.Kind == FileNodeKind.Number
        ? $"{node.Describe()} stands without quotes: write {Wanted}."
        : null;
}

/// <summary>A number. Whole where <paramref name="Whole"/> says so.</summary>
internal sealed record NumberShape(double Min, double Max, bool Whole = true, bool AboveMin = false) : LeafShape
{
    protected override FileNodeKind Kind => FileNodeKind.Number;

    /// <summary>A bound beyond this only keeps arithmetic safe, and is not worth a word.</summary>
    private const double WordlessBound = 1e9;

    public override string Wanted => $"a {(Whole ? "whole " : "")}number {Range}".TrimEnd();

    public override string Range => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Min <= -WordlessBound ? "" : AboveMin ? $"above {Min}" : $"from {Min}")}"
            + $"{(Max >= WordlessBound ? "" : $" to {Max}")}");

    public override string? Refuse(string text)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return text.Contains(',', StringComparison.Ordinal)
                ? $"\"{FileNode.Clip(text)}\" has a comma: write the decimals with a point."
                : $"\"{FileNode.Clip(text)}\" is not a number: write {Wanted}.";
        }

        // A whole number is written as digits only: the typed binding after this walk refuses 5.0 and 5e0 for an int.
        if (Whole && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return $"{FileNode.Clip(text)} is not a whole number: write {Wanted}.";
        }

        return double.IsFinite(number) && number <= Max && (AboveMin ? number > Min : number >= Min)
            ? null
            : $"{FileNode.Clip(text)} is out of range: write {Wanted}.";
    }

    public override void WriteSchema(Utf8JsonWriter schema)
    {
        schema.WriteString("type", Whole ? "integer" : "number");
        schema.WriteNumber(AboveMin ? "exclusiveMinimum" : "minimum", Min);
        schema.WriteNumber("maximum", Max);
    }

    protected override string? RefuseKind(FileNode node) =>
        node.Kind == FileNodeKind.Text && Refuse(node.Text) is null
            ? $"\"{node.Text}\" stands in quotes: write the number without them, {node.Text}."
            : null;
}

/// <summary>true or false.</summary>
internal sealed record TrueFalseShape : LeafShape
{
    protected override FileNodeKind Kind => FileNodeKind.TrueFalse;

    public override string Wanted => "true or false";

    public override string? Refuse(string text) =>
        text is "true" or "false" ? null : $"\"{FileNode.Clip(text)}\" is not known: write true or false.";

    public override void WriteSchema(Utf8JsonWriter schema) => schema.WriteString("type", "boolean");

    protected override string? RefuseKind(FileNode node) => node switch
    {
        { Kind: FileNodeKind.Text, Text: "true" or "false" } =>
            $"\"{node.Text}\" stands in quotes: write {node.Text} without them.",
        { Kind: FileNodeKind.Number, Text: "0" or "1" } =>
            $"{node.Text} is a number: write {(node.Text == "1" ? "true" : "false")}.",
        _ => null,
    };
}
