using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Provisioning.Audit;

/// <summary>What somebody did, before it has its place in the chain.</summary>
/// <param name="At">The wall clock.</param>
/// <param name="Clock"><c>set</c>, <c>not set</c> or <c>behind</c>: how far the time is to be believed.</param>
/// <param name="User">Who, by the machine's account.</param>
/// <param name="Terminal">From where: a terminal, or <c>none</c>.</param>
/// <param name="Verb">What was asked for.</param>
/// <param name="Result"><c>begun</c>, <c>done</c>, <c>refused</c> or <c>failed</c>.</param>
/// <param name="OldSerial">The certificate in use before; empty where there was none.</param>
/// <param name="NewSerial">The certificate that it is about; empty where there is none.</param>
/// <param name="Text">One sentence.</param>
public sealed record AuditEntry(
    DateTimeOffset At, string Clock, string User, string Terminal, string Verb, string Result, string OldSerial,
    string NewSerial, string Text);

/// <summary>
/// One line of the log: <c>{"n":7,"at":…,"prev":"…"}</c>, where <c>prev</c> is the SHA-256 of the line before, all of
/// its bytes without the line feed. So no line can be altered, left out, put in or moved without a later one telling.
/// </summary>
internal sealed record AuditLine(long Number, AuditEntry Entry, string Previous)
{
    public const int BytesMax = 4096;

    private const int TextMax = 600;

    /// <summary>What the first line of all has for <c>prev</c>.</summary>
    public static string Genesis { get; } = new('0', SHA256.HashSizeInBytes * 2);

    /// <summary>Why the line before is not the one that should be there, as the writer saw it; else empty.</summary>
    public string Broken { get; init; } = "";

    public static string HashOf(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    /// <summary>Without the line feed.</summary>
    public byte[] Write()
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(
            bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("n", Number);
            json.WriteString("at", Entry.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
                CultureInfo.InvariantCulture));
            json.WriteString("clock", Entry.Clock);
            json.WriteString("user", Clip(Entry.User));
            json.WriteString("tty", Clip(Entry.Terminal));
            json.WriteString("verb", Clip(Entry.Verb));
            json.WriteString("result", Entry.Result);
            json.WriteString("old", Clip(Entry.OldSerial));
            json.WriteString("new", Clip(Entry.NewSerial));
            json.WriteString("text", Clip(Entry.Text));
            if (Broken.Length > 0)
            {
                json.WriteString("broken", Broken);
            }

            json.WriteString("prev", Previous);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Null where it is no line of an audit log.</summary>
    public static AuditLine? Read(ReadOnlyMemory<byte> line)
    {
        if (line.Length is 0 or > BytesMax)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 2 });
            var root = document.RootElement;
            string Text(string key) => root.GetProperty(key).GetString() ?? throw new JsonException();
            var entry = new AuditEntry(
                DateTimeOffset.Parse(Text("at"), CultureInfo.InvariantCulture), Text("clock"), Text("user"),
                Text("tty"), Text("verb"), Text("result"), Text("old"), Text("new"), Text("text"));
            return new AuditLine(root.GetProperty("n").GetInt64(), entry, Text("prev"))
            {
                Broken = root.TryGetProperty("broken", out var broken) ? broken.GetString() ?? "" : "",
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Clip(string text)
    {
        // Whatever a file's name or a broker's reason brings: one line stays one line, and is not longer than allowed.
        var plain = string.Concat(text.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter)
            ? '?'
            : letter));
        return plain.Length <= TextMax ? plain : string.Concat(plain.AsSpan(0, TextMax - 1), "…");
    }
}
