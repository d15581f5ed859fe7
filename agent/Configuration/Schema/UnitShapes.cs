using System.Text.Json;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>A quantity with its unit, between two bounds.</summary>
internal abstract record UnitShape : LeafShape
{
    private const string NumberPattern = "^[0-9]+(\\.[0-9]+)? *";

    protected override FileNodeKind Kind => FileNodeKind.Text;

    protected abstract string Units { get; }

    protected abstract string Minimum { get; }

    protected abstract string Maximum { get; }

    public override string Range => $"from {Minimum} to {Maximum}";

    public override string? Refuse(string text) => Problem(text, out var inRange) is { } problem ? problem
        : inRange ? null : $"\"{FileNode.Clip(text)}\" is out of range: write {Wanted}.";

    public override void WriteSchema(Utf8JsonWriter schema)
    {
        schema.WriteString("type", "string");
        schema.WriteString("pattern", $"{NumberPattern}({Units})$");
    }

    protected abstract string? Problem(string text, out bool inRange);

    protected override string? RefuseKind(FileNode node) =>
        node.Kind == FileNodeKind.Number ? Problem(node.Text, out _) ?? WrongKind(node) : null;
}

internal sealed record DurationShape(TimeSpan Min, TimeSpan Max) : UnitShape
{
    public override string Wanted => $"a duration {Range}";

    protected override string Units => "ms|s|min|h|d";

    protected override string Minimum => $"\"{UnitText.Format(Min)}\"";

    protected override string Maximum => $"\"{UnitText.Format(Max)}\"";

    protected override string? Problem(string text, out bool inRange)
    {
        var read = UnitText.TryDuration(text, out var duration, out var problem);
        inRange = duration >= Min && duration <= Max;
        return read ? null : problem;
    }
}

internal sealed record SizeShape(long Min, long Max) : UnitShape
{
    public override string Wanted => $"a size {Range}";

    protected override string Units => "B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB";

    protected override string Minimum => $"\"{UnitText.FormatSize(Min)}\"";

    protected override string Maximum => $"\"{UnitText.FormatSize(Max)}\"";

    protected override string? Problem(string text, out bool inRange)
    {
        var read = UnitText.TrySize(text, out var bytes, out var problem);
        inRange = bytes >= Min && bytes <= Max;
        return read ? null : problem;
    }
}

internal sealed record RateShape(long Min, long Max) : UnitShape
{
    public override string Wanted => $"a rate {Range}";

    protected override string Units => "(B|[kK]B|MB|GB|KiB|MiB|GiB)/s";

    protected override string Minimum => $"\"{UnitText.FormatRate(Min)}\"";

    protected override string Maximum => $"\"{UnitText.FormatRate(Max)}\"";

    protected override string? Problem(string text, out bool inRange)
    {
        var read = UnitText.TryRate(text, out var bytes, out var problem);
        inRange = bytes >= Min && bytes <= Max;
        return read ? null : problem;
    }
}
