using System.Globalization;
using System.Numerics;
using System.Text;

namespace Sluice.Hal.Gpio;

/// <summary>
/// Totals in a small text file, written whole beside the old one, flushed, and moved over it: after a power cut there
/// is the old file or the new one, never half of one.
/// <code>
/// sluice counters 1
/// 1204 line/press gpio:DI2 Count Rising high
/// check 9a0b33f1
/// </code>
/// The last line is the CRC-32C of everything above it: a file that a worn flash changed is refused, not believed.
/// </summary>
public sealed class FileCounterState(string path) : ICounterState
{
    private const string Header = "sluice counters 1";
    private const string CheckWord = "check ";

    /// <summary>More than any gateway has counters for.</summary>
    private const long FileBytesMax = 1 << 20;

    public CounterTotals Load()
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return CounterTotals.None;
            }

            return file.Length > FileBytesMax
                ? Refused("is larger than such a file can be")
                : Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused($"cannot be read ({e.Message})");
        }
    }

    public bool Save(IReadOnlyDictionary<string, long> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        var text = new StringBuilder(Header).Append('\n');
        foreach (var (name, total) in totals.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{total} {name}\n");
        }

        var check = Check(text.ToString());
        text.Append(CultureInfo.InvariantCulture, $"{CheckWord}{check:x8}\n");
        var next = path + ".next";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? ".");
            using (var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                file.Write(Encoding.UTF8.GetBytes(text.ToString()));
                file.Flush(flushToDisk: true);
            }

            File.Move(next, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private CounterTotals Parse(string text)
    {
        var end = text.LastIndexOf(CheckWord, StringComparison.Ordinal);
        if (!text.StartsWith(Header + "\n", StringComparison.Ordinal) || end < 0
            || text[end..] != string.Create(CultureInfo.InvariantCulture, $"{CheckWord}{Check(text[..end]):x8}\n"))
        {
            return Refused("is damaged or of another version");
        }

        var totals = new Dictionary<string, long>();
        foreach (var line in text[(Header.Length + 1)..end].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var blank = line.IndexOf(' ', StringComparison.Ordinal);
            if (blank < 1
                || !long.TryParse(line.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture,
                    out var total))
            {
                return Refused("has a line that is not a total");
            }

            totals[line[(blank + 1)..]] = total;
        }

        return new CounterTotals(totals, "");
    }

    private CounterTotals Refused(string why) =>
        CounterTotals.None with
        {
            Problem = $"The kept counters in {path} are not used: the file {why}. Counters begin at 0.",
        };

    private static uint Check(string text)
    {
        var crc = uint.MaxValue;
        foreach (var each in Encoding.UTF8.GetBytes(text))
        {
            crc = BitOperations.Crc32C(crc, each);
        }

        return ~crc;
    }
}
