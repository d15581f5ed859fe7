using System.Globalization;
using System.Text.Json;
using Sluice.Provisioning.Requests;

namespace Sluice.Provisioning.Bundles;

/// <summary>How both payloads write what they have in common. Reading throws what <see cref="IsMadeWrong"/> knows.
/// </summary>
internal static class PayloadField
{
    public const int CertificatesMax = 16;

    public static bool IsMadeWrong(Exception exception) => exception is JsonException or KeyNotFoundException
        or FormatException or InvalidOperationException or ArgumentException or OverflowException;

    public static string Instant(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset Instant(JsonElement root, string key) => DateTimeOffset.ParseExact(
        root.GetProperty(key).GetString() ?? "", "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal);

    public static string Name(JsonElement root, string key) =>
        root.GetProperty(key).GetString() is { } name && KeyRequest.IsName(name)
            ? name
            : throw new FormatException($"{key} is no name");

    public static int Between(int number, int min, int max) =>
        number >= min && number <= max ? number : throw new FormatException($"{number} is out of range");

    public static void Write(Utf8JsonWriter json, string key, IReadOnlyList<ReadOnlyMemory<byte>> ders)
    {
        json.WriteStartArray(key);
        foreach (var der in ders)
        {
            json.WriteBase64StringValue(der.Span);
        }

        json.WriteEndArray();
    }

    public static List<ReadOnlyMemory<byte>> Ders(JsonElement root, string key)
    {
        var array = root.GetProperty(key);
        Between(array.GetArrayLength(), 1, CertificatesMax);
        return [.. array.EnumerateArray().Select(each => (ReadOnlyMemory<byte>)each.GetBytesFromBase64())];
    }
}
