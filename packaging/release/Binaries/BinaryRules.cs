namespace Sluice.Release.Binaries;

/// <summary>What a released program for Linux may ask of the machine: no more than Debian 12 has.</summary>
internal static class BinaryRules
{
    /// <summary>Debian 12 has glibc 2.36. Two releases are left for whoever has an older one.</summary>
    public static readonly Version GlibcMax = new(2, 34);

    /// <summary>
    /// Of the C library alone. libssl is opened by the program itself when it needs it, so that it can be of any
    /// version that .NET knows.
    /// </summary>
    private static readonly string[] LibrariesAllowed =
        ["libc.so.6", "libm.so.6", "ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2"];

    /// <summary>All that is wrong, in sentences; none where it is fit.</summary>
    public static IEnumerable<string> Broken(ElfFile file)
    {
        foreach (var library in file.Libraries.Except(LibrariesAllowed))
        {
            yield return $"it needs {library} beside it, and no package that is depended on has that";
        }

        if (file.GlibcFloor is not { } floor)
        {
            yield return "it asks for no version of glibc at all, so nothing says where it runs";
        }
        else if (floor > GlibcMax)
        {
            var asked = file.Versions.Where(each => each.Name.StartsWith($"GLIBC_{floor}", StringComparison.Ordinal));
            yield return $"it needs glibc {floor} ({string.Join(", ", asked.Select(each => each.Library).Distinct())}),"
                + $" and {GlibcMax} is promised";
        }
    }
}
