using System.Buffers.Binary;
using System.Text;

namespace Sluice.Release.Binaries;

/// <summary>
/// What a program for Linux wants of the machine that it runs on, as its own file says: the processor, the libraries
/// beside it, and the versions of their symbols that it asks for. 64 bit, little endian, as all ours are.
/// </summary>
internal sealed class ElfFile
{
    private const int HeaderBytes = 64;
    private const int SectionBytes = 64;
    private const uint DynamicSection = 6;
    private const uint NeededVersions = 0x6ffffffe;
    private const long NeededLibrary = 1;

    internal ElfFile(ushort machine, IReadOnlyList<string> libraries, IReadOnlyList<SymbolVersion> versions) =>
        (Machine, Libraries, Versions) = (machine, libraries, versions);

    /// <summary>e_machine: 183 is ARM64, 62 is x64.</summary>
    public ushort Machine { get; }

    /// <summary>Libraries that the loader brings before the program begins.</summary>
    public IReadOnlyList<string> Libraries { get; }

    public IReadOnlyList<SymbolVersion> Versions { get; }

    /// <summary>The oldest C library that has all that the program asks of it; null where it asks for none.</summary>
    public Version? GlibcFloor => Versions
        .Where(each => each.Name.StartsWith("GLIBC_", StringComparison.Ordinal))
        .Select(each => Version.TryParse(each.Name["GLIBC_".Length..], out var version)
            ? version
            : throw new InvalidDataException($"{each.Library} is asked for {each.Name}, which is no release of glibc"))
        .Max();

    /// <exception cref="InvalidDataException">It is no program for Linux, or it is damaged.</exception>
    public static ElfFile Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderBytes || !file.StartsWith("\x7f"u8) || !file[1..4].SequenceEqual("ELF"u8)
            || file[4] != 2 || file[5] != 1)
        {
            throw new InvalidDataException("not a 64-bit little-endian ELF file");
        }

        var machine = BinaryPrimitives.ReadUInt16LittleEndian(file[18..]);
        var table = (long)BinaryPrimitives.ReadUInt64LittleEndian(file[40..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file[60..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(file[58..]) != SectionBytes || count == 0)
        {
            throw new InvalidDataException("no table of sections, so nothing says what it asks for");
        }

        var sections = new Section[count];
        for (var i = 0; i < count; i++)
        {
            sections[i] = Section.Read(Part(file, table + (i * (long)SectionBytes), SectionBytes));
        }

        var libraries = new List<string>();
        var versions = new List<SymbolVersion>();
        foreach (var section in sections)
        {
            if (section.Type == DynamicSection)
            {
                ReadLibraries(file, section, Linked(sections, section), libraries);
            }
            else if (section.Type == NeededVersions)
            {
                ReadVersions(file, section, Linked(sections, section), versions);
            }
        }

        return new ElfFile(machine, libraries, versions);
    }

    private static void ReadLibraries(ReadOnlySpan<byte> file, Section section, Section strings, List<string> libraries)
    {
        var entries = Part(file, section.Offset, section.Size);
        for (; entries.Length >= 16; entries = entries[16..])
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(entries) == NeededLibrary)
            {
                libraries.Add(Text(file, strings, BinaryPrimitives.ReadInt64LittleEndian(entries[8..])));
            }
        }
    }

    /// <summary>
    /// A list of libraries, each with a list of versions; both are chained by distances, and no chain is longer than
    /// its section.
    /// </summary>
    private static void ReadVersions(
        ReadOnlySpan<byte> file, Section section, Section strings, List<SymbolVersion> versions)
    {
        var all = Part(file, section.Offset, section.Size);
        long at = 0;
        for (var libraries = section.Size / 16; libraries > 0; libraries--)
        {
            var need = Part(all, at, 16);
            var library = Text(file, strings, BinaryPrimitives.ReadUInt32LittleEndian(need[4..]));
            var auxiliary = at + BinaryPrimitives.ReadUInt32LittleEndian(need[8..]);
            for (var left = BinaryPrimitives.ReadUInt16LittleEndian(need[2..]); left > 0; left--)
            {
                var one = Part(all, auxiliary, 16);
                versions.Add(new SymbolVersion(
                    library, Text(file, strings, BinaryPrimitives.ReadUInt32LittleEndian(one[8..]))));
                auxiliary += BinaryPrimitives.ReadUInt32LittleEndian(one[12..]);
            }

            var next = BinaryPrimitives.ReadUInt32LittleEndian(need[12..]);
            if (next == 0)
            {
                return;
            }

            at += next;
        }
    }

    private static Section Linked(Section[] sections, Section section) => section.Link < sections.Length
        ? sections[section.Link]
        : throw new InvalidDataException("a section names another one that is not there");

    private static string Text(ReadOnlySpan<byte> file, Section strings, long offset)
    {
        var all = Part(file, strings.Offset, strings.Size);
        var rest = Part(all, offset, all.Length - offset);
        var end = rest.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? rest : rest[..end]);
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> file, long offset, long size) =>
        offset >= 0 && size >= 0 && offset <= file.Length && size <= file.Length - offset
            ? file.Slice((int)offset, (int)size)
            : throw new InvalidDataException("it is damaged: a part of it lies behind its end");

    private readonly record struct Section(uint Type, long Offset, long Size, uint Link)
    {
        public static Section Read(ReadOnlySpan<byte> entry) => new(
            BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
            (long)BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
            (long)BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[40..]));
    }
}

/// <summary>A set of symbols of a library, by its name there: GLIBC_2.34 of libc.so.6.</summary>
internal readonly record struct SymbolVersion(string Library, string Name);
