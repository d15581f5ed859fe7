using System.Globalization;
using System.Numerics;
using System.Text;

namespace Sluice.Hal;

/// <summary>
/// A small text file that is there whole or not at all: written beside the old one, flushed, moved over it, and its
/// directory flushed, so that after a power cut there is the old file or the new one.
/// <code>
/// the header, with its version
/// line
/// check 9a0b33f1
/// </code>
/// The last line is the CRC-32C of everything above it: a file that a worn flash changed is refused, not believed.
/// </summary>
/// <param name="path">Where; its directory is made if need be.</param>
/// <param name="header">What it is, and its version: a file of another one is refused.</param>
/// <param name="bytesMax">A larger one is not read, and none is written.</param>
public sealed class KeptText(string path, string header, int bytesMax)
{
    private const string CheckWord = "check ";

    /// <summary>The lines between header and check; none where nothing was kept yet.</summary>
    /// <returns>And why what was kept cannot be used, as the end of a sentence about the file; empty: it can.</returns>
    public (IReadOnlyList<string> Lines, string Refused) Load()
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return ([], "");
            }

            return file.Length > bytesMax ? ([], "is larger than such a file can be") : Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], $"cannot be read ({e.Message})");
        }
    }

    /// <summary>Replaces what is kept; false where it could not be kept, and what was there stays.</summary>
    public bool Save(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var text = new StringBuilder(header).Append('\n');
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }

        // Worked out first: what is appended piece by piece would be in its own sum.
        var check = Check(text.ToString());
        text.Append(CultureInfo.InvariantCulture, $"{CheckWord}{check:x8}\n");
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        return bytes.Length <= bytesMax && Write(bytes);
    }

    private bool Write(byte[] bytes)
    {
        var next = path + ".next";
        var directory = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        try
        {
            Directory.CreateDirectory(directory);
            using (var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(next, path, overwrite: true);
            DirectorySync.Sync(directory);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private (IReadOnlyList<string> Lines, string Refused) Parse(string text)
    {
        var end = text.LastIndexOf(CheckWord, StringComparison.Ordinal);
        return text.StartsWith(header + "\n", StringComparison.Ordinal) && end > header.Length
            && text[end..] == string.Create(CultureInfo.InvariantCulture, $"{CheckWord}{Check(text[..end]):x8}\n")
            ? (text[(header.Length + 1)..end].Split('\n', StringSplitOptions.RemoveEmptyEntries), "")
            : ([], "is damaged or of another version");
    }

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
