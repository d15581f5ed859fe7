using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Field.Parts;

namespace Sluice.Bench.Uplink;

/// <summary>
/// What the kernel counted that a process sent to the broker: TLS records with all that is in them, not the headers of
/// TCP and IP, whose number follows from the network's packet size.
/// </summary>
internal static partial class WireBytes
{
    public static async Task<long> SentAsync(int process, int port)
    {
        var (code, text) = await ChildProcess.RunAsync(
            "ss", "-tinpH", string.Create(CultureInfo.InvariantCulture, $"dport = :{port}"));
        if (code != 0)
        {
            throw new InvalidOperationException($"ss ended with {code}: {text}");
        }

        var lines = text.Split('\n');
        var own = Array.FindIndex(
            lines, line => line.Contains(
                string.Create(CultureInfo.InvariantCulture, $"pid={process},"), StringComparison.Ordinal));
        var found = own < 0 || own + 1 >= lines.Length ? Match.Empty : Sent().Match(lines[own + 1]);
        return found.Success
            ? long.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"ss does not tell what process {process} sent:\n{text}");
    }

    [GeneratedRegex(@"\bbytes_sent:(\d+)")]
    private static partial Regex Sent();
}
