using System.Text.Json;

namespace Sluice.Fast.Publishing;

/// <summary>Looks into payloads the way a receiver would: with a JSON reader of its own.</summary>
internal static class Wire
{
    public static JsonElement Json(ReadOnlyMemory<byte> payload)
    {
        using var document = JsonDocument.Parse(payload);
        return document.RootElement.Clone();
    }

    public static IReadOnlyList<long> Positions(ReadOnlyMemory<byte> payload) =>
        [.. Json(payload).GetProperty("readings").EnumerateArray().Select(reading =>
            reading.GetProperty("p").GetInt64())];

    public static bool IsHistorical(ReadOnlyMemory<byte> payload) =>
        Json(payload).GetProperty("historical").GetBoolean();
}
