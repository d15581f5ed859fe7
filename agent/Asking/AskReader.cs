using System.Text.Json;
using Sluice.Agent.Buffering;

namespace Sluice.Agent.Asking;

/// <summary>
/// Reads the payload of an ask (contract v1, WIRE.md). Whatever it is, it becomes an ask or a refusal; nothing throws,
/// and nothing that is not understood is half obeyed. Keys that are not known are ignored: v1 may get more.
/// </summary>
internal static class AskReader
{
    /// <summary>An acknowledgement of the most ranges, with the longest numbers, has half of this.</summary>
    public const int PayloadBytesMax = 16 << 10;

    public const int RangesMax = 100;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <param name="payload">The message.</param>
    /// <param name="word">The ask's word, as far as it could be read.</param>
    /// <param name="refusal">Set where there is no ask.</param>
    public static Ask? Read(ReadOnlyMemory<byte> payload, out string word, out AskRefusal refusal)
    {
        (word, refusal) = ("", AskRefusal.Malformed);
        try
        {
            using var document = JsonDocument.Parse(payload, Strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Whole(root, "v") != 1 || Text(root, "ask") is not { } asked)
            {
                return null;
            }

            var ask = Read(root, asked);
            word = asked is "birth" or "ledger" or "replay" or "acknowledge" ? asked : "";
            refusal = word.Length == 0 ? AskRefusal.Unknown : AskRefusal.Malformed;
            return ask;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text that is not Unicode.
            return null;
        }
    }

    private static Ask? Read(JsonElement root, string asked) => asked switch
    {
        "birth" => new Ask.Birth(),
        "ledger" => new Ask.Ledger(),
        "replay" => Store(root) is { } store && Range(Whole(root, "from"), Whole(root, "to")) is { } range
            ? new Ask.Replay(store, range)
            : null,
        "acknowledge" => Store(root) is { } store && Ranges(root) is { } ranges
            ? new Ask.Acknowledge(store, ranges)
            : null,
        _ => null,
    };

    private static StoreId? Store(JsonElement root) =>
        Text(root, "store") is { Length: 32 } text && Guid.TryParseExact(text, "N", out var id)
            ? new StoreId(id)
            : null;

    private static List<PositionRange>? Ranges(JsonElement root)
    {
        if (!root.TryGetProperty("ranges", out var list) || list.ValueKind != JsonValueKind.Array
            || list.GetArrayLength() is 0 or > RangesMax)
        {
            return null;
        }

        List<PositionRange> ranges = [];
        foreach (var pair in list.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2
                || Range(Whole(pair[0]), Whole(pair[1])) is not { } range)
            {
                return null;
            }

            ranges.Add(range);
        }

        return ranges;
    }

    private static PositionRange? Range(long? from, long? to) =>
        from is >= 1 && to >= from && to < long.MaxValue ? new PositionRange(from.Value, to.Value) : null;

    private static long? Whole(JsonElement root, string name) =>
        root.TryGetProperty(name, out var member) ? Whole(member) : null;

    private static long? Whole(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var whole) ? whole : null;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            ? member.GetString()
            : null;
}
