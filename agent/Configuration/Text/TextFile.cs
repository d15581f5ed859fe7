using System.Buffers;
using System.Text.Unicode;

namespace Sluice.Agent.Configuration;

/// <summary>What can be wrong with a text file before anything in it is read.</summary>
internal static class TextFile
{
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> bytes) =>
        bytes is [0xEF, 0xBB, 0xBF, ..] ? bytes[3..] : bytes;

    /// <summary>The line and the sentence where the bytes are not text in UTF-8, else null.</summary>
    public static (int Line, string Sentence)? Unreadable(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)))
        {
            return (0, "is saved as UTF-16 (\"Unicode\"): save it as UTF-8; Excel calls it \"CSV UTF-8\".");
        }

        if (bytes.Contains((byte)0))
        {
            return (0, "is not a text file (it holds zero bytes): was a spreadsheet or an archive copied here?");
        }

        if (Utf8.IsValid(bytes))
        {
            return null;
        }

        var line = 1 + bytes[..FirstInvalid(bytes)].Count((byte)'\n');
        return (line, "is not saved as UTF-8 (a letter such as ä or a sign such as ° is in another encoding): "
            + "save it as UTF-8; Excel calls it \"CSV UTF-8\".");
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length
            && System.Text.Rune.DecodeFromUtf8(bytes[at..], out _, out var taken) == OperationStatus.Done)
        {
            at += taken;
        }

        return at;
    }
}
