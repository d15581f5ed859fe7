using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Provisioning.Wiping;

/// <summary>A certificate whose key was destroyed.</summary>
/// <param name="Serial">Hex, as the certificate writes it.</param>
/// <param name="Version">The folder that it lay in.</param>
/// <param name="Role"><c>in use</c>, <c>before</c> or <c>staged</c>.</param>
public sealed record WipedCertificate(string Serial, string Version, string Role);

/// <summary>
/// What a gateway says that is about to destroy its identity (provisioning/Wiping/WIPE.md); signed by the key that is
/// destroyed. A core.
/// </summary>
public sealed record WipeReceipt
{
    private const int TextMax = 200;
    private const int CertificatesMax = 8;

    public required string Gateway { get; init; }

    public required string Site { get; init; }

    /// <summary>The wall clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>set</c>, <c>not set</c> or <c>behind</c>.</summary>
    public required string Clock { get; init; }

    /// <summary>Version of the agent.</summary>
    public required string Agent { get; init; }

    /// <summary>Board and storage, as far as they tell their numbers.</summary>
    public required string Machine { get; init; }

    public required IReadOnlyList<WipedCertificate> Certificates { get; init; }

    /// <summary>Short fingerprint of a key that waited for its certificate; empty where none did.</summary>
    public required string PendingKey { get; init; }

    /// <summary>What lay in the buffer.</summary>
    public required long BufferBytes { get; init; }

    /// <summary>Digest of the configuration that was destroyed.</summary>
    public required string Configuration { get; init; }

    /// <summary>Number and hash of the newest line of the audit log, which stays.</summary>
    public required string AuditHead { get; init; }

    /// <summary>Keys that were in the board's TPM, and are let go of; written where there were any.</summary>
    public int TpmKeys { get; init; }

    public byte[] Write()
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(
            bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("gateway", Gateway);
            json.WriteString("site", Site);
            json.WriteString("at", At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
                CultureInfo.InvariantCulture));
            json.WriteString("clock", Clock);
            json.WriteString("agent", Agent);
            json.WriteString("machine", Machine);
            json.WriteStartArray("certificates");
            foreach (var each in Certificates)
            {
                json.WriteStartObject();
                json.WriteString("serial", each.Serial);
                json.WriteString("version", each.Version);
                json.WriteString("role", each.Role);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("pendingKey", PendingKey);
            json.WriteNumber("bufferBytes", BufferBytes);
            json.WriteString("config", Configuration);
            json.WriteString("auditHead", AuditHead);
            if (TpmKeys > 0)
            {
                json.WriteNumber("tpmKeys", TpmKeys);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Null where it is none. Keys that are not known are passed over.</summary>
    public static WipeReceipt? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(
                payload, new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            var root = document.RootElement;
            return root.GetProperty("v").GetInt32() != 1 || root.GetProperty("certificates").GetArrayLength()
                > CertificatesMax ? null : new WipeReceipt
            {
                Gateway = Text(root, "gateway"),
                Site = Text(root, "site"),
                At = DateTimeOffset.Parse(Text(root, "at"), CultureInfo.InvariantCulture),
                Clock = Text(root, "clock"),
                Agent = Text(root, "agent"),
                Machine = Text(root, "machine"),
                Certificates = [.. root.GetProperty("certificates").EnumerateArray().Select(each =>
                    new WipedCertificate(Text(each, "serial"), Text(each, "version"), Text(each, "role")))],
                PendingKey = Text(root, "pendingKey"),
                BufferBytes = root.GetProperty("bufferBytes").GetInt64(),
                Configuration = Text(root, "config"),
                AuditHead = Text(root, "auditHead"),
                TpmKeys = root.TryGetProperty("tpmKeys", out var keys) ? keys.GetInt32() : 0,
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Text(JsonElement from, string key) =>
        from.GetProperty(key).GetString() is { Length: <= TextMax } text && !text.Any(char.IsControl)
            ? text
            : throw new JsonException();
}
