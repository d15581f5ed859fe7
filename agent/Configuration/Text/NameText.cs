namespace Sluice.Agent.Configuration;

/// <summary>The rules for names and paths that stand in the file.</summary>
internal static class NameText
{
    public const string NamePattern = "^[A-Za-z0-9_-]{1,32}$";
    public const string HostPattern = "^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$";
    public const string SignalPattern = "^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$";
    public const string DirectoryPattern = "^/";
    public const int SignalCharactersMax = 96;

    /// <summary>Site, gateway and source names: they become topic levels, a certificate's CN and file names.</summary>
    public static string? RefuseName(string text) =>
        text.Length is >= 1 and <= 32 && text.All(IsNameCharacter)
            ? null
            : $"\"{FileNode.Clip(text)}\" cannot be a name: write 1 to 32 of the letters A-Z a-z, digits, _ and -.";

    public static string? RefuseHost(string text)
    {
        var fits = text.Length is >= 1 and <= 253
            && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-')
            && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);
        return fits ? null : $"\"{FileNode.Clip(text)}\" is not a host name: write the name that stands in the "
            + "broker's "
            + "certificate, without mqtts:// before it or a port behind it.";
    }

    /// <summary>Levels between slashes: they stand in the stream to the MES and in Sparkplug metric names.</summary>
    public static string? RefuseSignal(string text)
    {
        if (text.Length > SignalCharactersMax)
        {
            return $"\"{FileNode.Clip(text)}\" is too long: write at most {SignalCharactersMax} characters.";
        }

        var fits = text.Split('/').All(level => level.Length > 0
            && level.All(letter => IsNameCharacter(letter) || letter == '.'));
        return fits ? null : $"\"{FileNode.Clip(text)}\" cannot be a signal's name: write letters A-Z a-z, digits, _ "
            + ". and -, "
            + "with / between levels, as in oil/temperature.";
    }

    public static string? RefuseDirectory(string text) => text switch
    {
        _ when text.Length > 1024 || text.Any(char.IsControl) => $"\"{FileNode.Clip(text)}\" is not a path.",
        ['/', not '\0', ..] when !text.Split('/').Contains("..") => null,
        _ => $"\"{FileNode.Clip(text)}\" is not an absolute path: write one that begins with / and has no .. in it, "
            + "such as "
            + "/var/lib/sluice/buffer.",
    };

    /// <summary>A device file, or the label that the board gives a GPIO chip.</summary>
    public const string ChipPattern = "^(/dev/[A-Za-z0-9_.-]{1,64}|label:[!-~]{1,31})$";

    public static string? RefuseChip(string text)
    {
        var fits = text.StartsWith("label:", StringComparison.Ordinal)
            ? text.Length is > 6 and <= 37 && text.All(letter => letter is > ' ' and <= '~')
            : text.StartsWith("/dev/", StringComparison.Ordinal) && text.Length is > 5 and <= 69
                && text.AsSpan(5).IndexOfAnyExcept(DeviceCharacters) < 0;
        return fits ? null : $"\"{FileNode.Clip(text)}\" is not a GPIO chip: write its device, such as /dev/gpiochip0, "
            + "or label: and its label as gpiodetect shows it, such as label:pinctrl-bcm2711.";
    }

    /// <summary>What Linux takes as a card's name, without what a rule of nftables could not hold.</summary>
    public const string CardPattern = "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,14}$";

    public static string? RefuseCard(string text)
    {
        var fits = text.Length is >= 1 and <= 15 && text[0] != '.'
            && text.AsSpan().IndexOfAnyExcept(DeviceCharacters) < 0;
        return fits ? null : $"\"{FileNode.Clip(text)}\" is not a network card: write its name as ip link shows it, "
            + "such as eth1.";
    }

    public static string? RefuseSerialPort(string text) =>
        text.StartsWith("COM", StringComparison.OrdinalIgnoreCase)
            ? $"\"{FileNode.Clip(text)}\" is the name of a port of Windows: write the device file, such as "
                + "/dev/ttyUSB0, or better its name under /dev/serial/by-path, which survives unplugging."
            : RefuseDirectory(text) is null && text[^1] != '/'
                ? null
                : $"\"{FileNode.Clip(text)}\" is not a device file: write one such as /dev/ttyUSB0, or better its name "
                    + "under /dev/serial/by-path, which survives unplugging.";

    /// <summary>
    /// A signal list lies beside gateway.json or in a folder below it, so that both can be copied together.
    /// </summary>
    public static string? RefuseFile(string text)
    {
        var shown = FileNode.Clip(text);
        if (text.Contains('\\', StringComparison.Ordinal))
        {
            return $"\"{shown}\" has a backslash: write / between folders.";
        }

        var fits = text.Length is >= 1 and <= 200 && !text.Any(char.IsControl)
            && text.Split('/').All(level => level.Length > 0 && level is not ("." or ".."));
        return fits ? null : $"\"{shown}\" is not the name of a file beside gateway.json: write one such as hmi1.csv "
            + "or "
            + "lists/hmi1.csv.";
    }

    private static readonly System.Buffers.SearchValues<char> DeviceCharacters = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    private static bool IsNameCharacter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-';
}
