using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Release.Components;

/// <summary>
/// What is the same in each component list that we write: CycloneDX 1.5, which scanners for known weaknesses read. No
/// clock and no dice: the same list, commit and date give the same bytes.
/// </summary>
internal static class CycloneDx
{
    public const string OwnLicence = "Apache-2.0";

    /// <param name="about">What makes this list this one: it gets its name from that.</param>
    /// <param name="made">The moment that the release bears: that of its commit.</param>
    /// <param name="metadata">What the list is of, and properties of it.</param>
    /// <param name="rest">Components, and which wants which.</param>
    public static byte[] Write(
        string about, DateTimeOffset made, Action<Utf8JsonWriter> metadata, Action<Utf8JsonWriter> rest)
    {
        using var stream = new MemoryStream();
        // An ampersand stays one, for whoever looks for a purl with grep: this stands in no web page.
        var options = new JsonWriterOptions
        {
            Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            json.WriteString("bomFormat", "CycloneDX");
            json.WriteString("specVersion", "1.5");
            json.WriteString("serialNumber", $"urn:uuid:{SerialNumber(about)}");
            json.WriteNumber("version", 1);
            json.WriteStartObject("metadata");
            json.WriteString("timestamp", made.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
            metadata(json);
            json.WriteEndObject();
            rest(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    public static void WriteProperties(this Utf8JsonWriter json, params (string Name, string Value)[] properties)
    {
        json.WriteStartArray("properties");
        foreach (var (name, value) in properties)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteHash(this Utf8JsonWriter json, string algorithm, string hash)
    {
        json.WriteStartArray("hashes");
        json.WriteStartObject();
        json.WriteString("alg", algorithm);
        json.WriteString("content", hash);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    public static void WriteLicence(this Utf8JsonWriter json, string id)
    {
        json.WriteStartArray("licenses");
        json.WriteStartObject();
        json.WriteStartObject("license");
        json.WriteString("id", id);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    public static void WriteDependency(this Utf8JsonWriter json, string reference, IEnumerable<string> wanted)
    {
        json.WriteStartObject();
        json.WriteString("ref", reference);
        json.WriteStartArray("dependsOn");
        foreach (var each in wanted)
        {
            json.WriteStringValue(each);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static Guid SerialNumber(string about)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(about))[..16];
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);      // version 8: of its maker's own making
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
