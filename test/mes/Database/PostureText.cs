using System.Globalization;
using System.Text.Json;

namespace Sluice.Mes.Database;

/// <summary>Postures as a person reads them, or as one JSON document.</summary>
internal static class PostureText
{
    public static void Write(IReadOnlyList<string> postures, TextWriter output, bool asJson)
    {
        if (asJson)
        {
            output.WriteLine($"[{string.Join(",\n ", postures)}]");
            return;
        }

        foreach (var text in postures)
        {
            using var posture = JsonDocument.Parse(text);
            Write(posture.RootElement, output);
        }
    }

    private static void Write(JsonElement posture, TextWriter output)
    {
        output.WriteLine($"{posture.GetProperty("gateway")}, {posture.GetProperty("sent")}");
        Line("software", posture, "software", "agent", "system", "kernel", "platform", "runtime");
        Line("components", posture, "components", "count", "hash");
        Line("certificate", posture, "certificate", "serial", "notAfter");
        if (posture.TryGetProperty("revocationLists", out var lists))
        {
            foreach (var list in lists.EnumerateArray())
            {
                var age = list.TryGetProperty("ageSeconds", out var seconds)
                    ? string.Create(CultureInfo.InvariantCulture, $"{seconds.GetInt64() / 86_400.0:0.0} days old")
                    : "of the future, as the gateway's clock has it";
                output.WriteLine($"  revocation     {list.GetProperty("issuer")}, {age}");
            }
        }

        Line("connection", posture, "tls", "version", "cipher");
        var counted = posture.TryGetProperty("listeners", out var listeners) ? $"{listeners}" : "not counted";
        output.WriteLine($"  listeners      {counted}");
        Line("clock", posture, "clock", "state", "stepped");
        Line("started", posture, "start", "reason", "rebooted");
        Line("audit log", posture, "audit", "line", "hash");
        Line("disk", posture, "disk", "storage", "sizeBytes", "freeBytes", "bufferBytes", "bufferBytesMax",
            "writtenBytesPerDay");

        void Line(string title, JsonElement from, string part, params ReadOnlySpan<string> keys)
        {
            if (!from.TryGetProperty(part, out var said))
            {
                return;
            }

            List<string> words = [];
            foreach (var key in keys)
            {
                if (said.TryGetProperty(key, out var word))
                {
                    words.Add(word.ValueKind == JsonValueKind.String ? $"{word}" : $"{key} {word}");
                }
            }

            output.WriteLine($"  {title,-14} {string.Join(", ", words)}");
        }
    }
}
