using System.Globalization;
using System.Text.Json;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Schemas;

/// <summary>
/// Reads the members of one JSON object and writes down whatever the contract does not allow: a member that is missing,
/// of another type, or unknown. It always returns something, so that one message tells all its faults at once.
/// </summary>
internal sealed class ContractReader(JsonElement element, string where, List<string> faults)
{
    private const string Milliseconds = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    public bool IsObject { get; } = Check(element.ValueKind == JsonValueKind.Object, faults, $"{where}: not an object");

    public JsonElement? Optional(string name)
    {
        asked.Add(name);
        return IsObject && element.TryGetProperty(name, out var member) ? member : null;
    }

    public string Text(string name) => Optional(name) is { ValueKind: JsonValueKind.String } text
        ? text.GetString() ?? ""
        : Fault(name, "a text", "");

    public string OptionalText(string name) => Optional(name) is null ? "" : Text(name);

    public long Whole(string name) =>
        Optional(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var whole)
            ? whole
            : Fault(name, "a whole number", 0L);

    public bool Truth(string name) => Optional(name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } truth
        ? truth.GetBoolean()
        : Fault(name, "true or false", false);

    /// <summary>UTC with exactly three digits of milliseconds: a duplicate must have the same digits.</summary>
    public DateTime Instant(string name)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return Optional(name) is { ValueKind: JsonValueKind.String } text
            && DateTime.TryParseExact(
                text.GetString(), Milliseconds, CultureInfo.InvariantCulture, Utc, out var instant)
            ? instant
            : Fault(name, "an instant like 2026-11-22T14:00:01.250Z", DateTime.UnixEpoch);
    }

    public IEnumerable<JsonElement> List(string name) => Optional(name) is { ValueKind: JsonValueKind.Array } list
        ? list.EnumerateArray()
        : Fault(name, "a list", Enumerable.Empty<JsonElement>());

    /// <summary>Lists of two whole numbers, from and to, ascending and disjoint.</summary>
    public IReadOnlyList<Positions> Ranges(string name)
    {
        List<Positions> ranges = [];
        var after = 0L;
        foreach (var pair in List(name))
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2
                || pair[0].ValueKind != JsonValueKind.Number || !pair[0].TryGetInt64(out var from)
                || pair[1].ValueKind != JsonValueKind.Number || !pair[1].TryGetInt64(out var to)
                || from <= after || to < from)
            {
                return Fault(name, "ascending pairs [from, to]", ranges);
            }

            ranges.Add(new Positions(from, to));
            after = to;
        }

        return ranges;
    }

    /// <summary>To be called last: whatever nobody asked for is not in the contract.</summary>
    public void RefuseOthers()
    {
        if (!IsObject)
        {
            return;
        }

        foreach (var member in element.EnumerateObject())
        {
            if (!asked.Contains(member.Name))
            {
                faults.Add($"{where}: '{member.Name}' is not in the contract");
            }
        }
    }

    public void Require(bool holds, string sentence) => Check(holds, faults, $"{where}: {sentence}");

    private static bool Check(bool holds, List<string> faults, string sentence)
    {
        if (!holds)
        {
            faults.Add(sentence);
        }

        return holds;
    }

    private T Fault<T>(string name, string what, T instead)
    {
        // An object that is none was reported once; its missing members say nothing new.
        if (IsObject)
        {
            faults.Add($"{where}: '{name}' is not {what}");
        }

        return instead;
    }
}
