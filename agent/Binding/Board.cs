using System.Text;

namespace Sluice.Agent.Binding;

/// <summary>
/// What the board says of itself, for the label and for what binds an identity to it. Boards with a device tree say it
/// to everybody, PCs to root only; many have none, and some say what their maker forgot to fill in.
/// </summary>
internal static class Board
{
    private const int LettersMax = 64;

    private static readonly string[] Files =
        ["proc/device-tree/serial-number", "sys/class/dmi/id/product_serial", "sys/class/dmi/id/board_serial"];

    private static readonly string[] Nothing =
        ["none", "default", "string", "serial", "filled", "specified", "applicable", "unknown"];

    /// <summary>The serial number of this board; null where it has none, or does not tell this user.</summary>
    /// <param name="root">Where the machine's files are: /.</param>
    public static string? Serial(string root = "/")
    {
        foreach (var file in Files)
        {
            if (Read(Path.Combine(root, file)) is { } serial)
            {
                return serial;
            }
        }

        return null;
    }

    private static string? Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
            var bytes = new byte[LettersMax];
            var length = file.ReadAtLeast(bytes, LettersMax, throwOnEndOfStream: false);
            var text = string.Concat(Encoding.Latin1.GetString(bytes, 0, length).Where(letter =>
                char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'));
            return text.Trim('0', '.', '-').Length == 0
                || Array.Exists(Nothing, word => text.Contains(word, StringComparison.OrdinalIgnoreCase))
                ? null
                : text;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
