using System.Globalization;
using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Hal;

namespace Sluice.Agent.Describing;

/// <summary>
/// A description as JSON: in a birth (WIRE.md), and in the file that outlives the run. Who reads what it wrote gets the
/// same description, or a sentence's end.
/// </summary>
internal static class DescriptionText
{
    /// <summary>The members of a description; the object around them is the caller's.</summary>
    public static void Write(Utf8JsonWriter json, DescribedSignal described, bool reduced)
    {
        var signal = described.Signal;
        json.WriteString("s"u8, signal.Name);
        json.WriteString("source"u8, signal.Source);
        json.WriteString("type"u8, signal.Type.ToString());
        if (signal.EngineeringUnit.Length > 0)
        {
            json.WriteString("unit"u8, signal.EngineeringUnit);
        }

        if (!reduced && signal.Description.Length > 0)
        {
            json.WriteString("description"u8, signal.Description);
        }

        WriteMeaning(json, described, reduced);
    }

    public static void WriteUntil(Utf8JsonWriter json, IReadOnlyList<StoreEnd> until)
    {
        json.WriteStartArray("until"u8);
        foreach (var end in until)
        {
            json.WriteStartObject();
            json.WriteString("store"u8, end.Store.ToString());
            json.WriteNumber("before"u8, end.Before);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>What <see cref="Write"/> wrote, unreduced. False where it is not that.</summary>
    public static bool TryRead(JsonElement json, out DescribedSignal described)
    {
        described = null!;
        if (json.ValueKind != JsonValueKind.Object
            || Text(json, "s") is not { Length: > 0 } name
            || !SignalType.TryParse(Text(json, "type"), out var type)
            || !TryReadCounter(json, out var bits, out var epoch)
            || !TryReadTexts(json, out var texts))
        {
            return false;
        }

        var signal = new Signal
        {
            Name = name, Source = Text(json, "source"), Type = type, EngineeringUnit = Text(json, "unit"),
            Description = Text(json, "description"), CounterBits = bits, Texts = texts,
        };
        described = new DescribedSignal(signal, epoch);
        return true;
    }

    /// <summary>Null where there is none. False where it is no such list.</summary>
    public static bool TryReadUntil(JsonElement json, out IReadOnlyList<StoreEnd>? until)
    {
        until = null;
        if (!json.TryGetProperty("until", out var list))
        {
            return true;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        var ends = new List<StoreEnd>();
        until = ends;
        foreach (var end in list.EnumerateArray())
        {
            if (!Guid.TryParseExact(Text(end, "store"), "N", out var store)
                || !TryNumber(end, "before", out var before))
            {
                return false;
            }

            ends.Add(new StoreEnd(new StoreId(store), before));
        }

        return true;
    }

    /// <summary>A counter's width stays in a reduced birth: without it nobody can tell a rollover.</summary>
    private static void WriteMeaning(Utf8JsonWriter json, DescribedSignal described, bool reduced)
    {
        if (described.Signal.CounterBits > 0)
        {
            json.WriteStartObject("counter"u8);
            json.WriteNumber("bits"u8, described.Signal.CounterBits);
            if (described.Epoch != Guid.Empty)
            {
                json.WriteString("epoch"u8, described.Epoch.ToString("N", CultureInfo.InvariantCulture));
            }

            json.WriteEndObject();
        }

        if (reduced || described.Signal.Texts.Count == 0)
        {
            return;
        }

        json.WriteStartArray("texts"u8);
        foreach (var (value, text) in described.Signal.Texts)
        {
            json.WriteStartObject();
            json.WriteNumber("value"u8, value);
            json.WriteString("text"u8, text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static bool TryReadCounter(JsonElement json, out int bits, out Guid epoch)
    {
        (bits, epoch) = (0, Guid.Empty);
        if (!json.TryGetProperty("counter", out var counter))
        {
            return true;
        }

        if (!TryNumber(counter, "bits", out var width) || width is not (16 or 32 or 64))
        {
            return false;
        }

        bits = (int)width;
        return Text(counter, "epoch") is not { Length: > 0 } id || Guid.TryParseExact(id, "N", out epoch);
    }

    private static bool TryReadTexts(JsonElement json, out IReadOnlyList<StateText> texts)
    {
        var read = new List<StateText>();
        texts = read;
        if (!json.TryGetProperty("texts", out var list))
        {
            return true;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var each in list.EnumerateArray())
        {
            if (!TryNumber(each, "value", out var value))
            {
                return false;
            }

            read.Add(new StateText(value, Text(each, "text")));
        }

        return true;
    }

    private static string Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member)
        && member.ValueKind == JsonValueKind.String ? member.GetString() ?? "" : "";

    private static bool TryNumber(JsonElement json, string name, out long number)
    {
        number = 0;
        return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member)
            && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out number);
    }
}
