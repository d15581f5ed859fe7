using System.Globalization;
using Sluice.Agent.Configuration.Schema;
using Sluice.Hal;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>
/// What a row says of the meaning of a value, counter or state: checked against its type. Wrong here, and an MES would
/// count a rollover as a reset, or show a text that no value has.
/// </summary>
internal static class MeaningBinding
{
    public static int CounterBits(SignalRow row, SignalType type)
    {
        if (!row.HasRight("counter") || !int.TryParse(row["counter"], CultureInfo.InvariantCulture, out var bits))
        {
            return 0;
        }

        if (Width(type.Kind) is not { } width)
        {
            row.Error("counter", $"{type} cannot be a counter: write uint16, uint32 or uint64, or leave it empty.");
        }
        else if (bits > width)
        {
            row.Error("counter", string.Create(
                CultureInfo.InvariantCulture, $"{bits} bits do not fit into {type}: write {width}, or a wider type."));
        }

        if (row.Has("scale") || row.Has("offset"))
        {
            row.Error("counter", "goes with neither scale nor offset: a counter that is scaled rolls over elsewhere.");
        }

        if (row.Has("texts"))
        {
            row.Error("texts", "a counter has none: leave one of the two empty.");
        }

        return bits;
    }

    public static IReadOnlyList<StateText> Texts(SignalRow row, SignalType type)
    {
        if (!row.HasRight("texts"))
        {
            return [];
        }

        var texts = StateTexts.Of(row["texts"]);
        var (least, most) = Range(type.Kind);
        if (least > most)
        {
            row.Error("texts", $"{type} is no state: texts are for bool and whole numbers.");
        }
        else if (row.Has("scale") || row.Has("offset"))
        {
            row.Error("texts", "go with neither scale nor offset: a state is the number itself.");
        }
        else if (texts.FirstOrDefault(text => text.Value < least || text.Value > most) is { Text: not null } outside)
        {
            row.Error("texts", string.Create(
                CultureInfo.InvariantCulture,
                $"{type} never is {outside.Value}: write values from {least} to {most}."));
        }

        return texts;
    }

    private static int? Width(SignalKind kind) => kind switch
    {
        SignalKind.Uint16 => 16,
        SignalKind.Uint32 => 32,
        SignalKind.Uint64 => 64,
        _ => null,
    };

    /// <summary>What a type can be; from above to below where it is no state.</summary>
    private static (long Least, long Most) Range(SignalKind kind) => kind switch
    {
        SignalKind.Bool => (0, 1),
        SignalKind.Int16 => (short.MinValue, short.MaxValue),
        SignalKind.Uint16 => (0, ushort.MaxValue),
        SignalKind.Int32 => (int.MinValue, int.MaxValue),
        SignalKind.Uint32 => (0, uint.MaxValue),
        SignalKind.Int64 => (long.MinValue, long.MaxValue),
        SignalKind.Uint64 => (0, long.MaxValue),
        SignalKind.Bcd16 => (0, 9999),
        SignalKind.Bcd32 => (0, 99_999_999),
        _ => (1, 0),
    };
}
