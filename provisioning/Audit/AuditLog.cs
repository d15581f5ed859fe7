using System.Globalization;
using System.Text;
using Sluice.Provisioning.Store;

namespace Sluice.Provisioning.Audit;

/// <summary>
/// The log of who did what with this gateway's identity: <c>audit/000001.log</c> and so on, and <c>audit/head</c>, the
/// number and hash of the newest line. Lines are only ever put at the end, and are durable when
/// <see cref="Append"/> returns; <see cref="Check"/> finds any that was altered, left out, moved or cut off.
/// <para>
/// Invariants: the head is written after its line, so after a power cut, or where a full disk took the line only, the
/// log may be one line ahead of it and is never behind; it is one line at most, because the head is mended before the
/// next. Each append holds <c>audit/lock</c>, so that several processes may write to one log. What a power cut tore was
/// never acknowledged, and is cut off by the next line. A line that does not
/// fit to the one before it, because somebody changed the files, is written all the same and says so: the chain goes on
/// from the head, and the break stays visible. Full files are kept up to <see cref="FilesMax"/>; the line that follows
/// the dropping of one says up to where.
/// </para>
/// </summary>
public sealed class AuditLog(IFileDisk disk)
{
    public const string Folder = "audit";
    public const int FileBytesMax = 256 << 10;
    public const int FilesMax = 16;
    public const string DropVerb = "audit dropped";

    private const string HeadName = "head";
    private const string Lock = Folder + "/lock";
    private const int ReadBytesMax = FileBytesMax + AuditLine.BytesMax;

    /// <summary>Number and hash of the newest line, <c>17 3f…</c>: what the posture announces. Null: no line yet.
    /// </summary>
    public string? Head => ReadHead() is { } head
        ? string.Create(CultureInfo.InvariantCulture, $"{head.Number} {head.Hash}")
        : null;

    public void Append(AuditEntry entry)
    {
        disk.MakeFolder(Folder);
        disk.SyncFolder("");
        using var held = disk.Hold(Lock);
        var files = Files();
        var file = files.Count > 0 ? files[^1] : NameOf(1);
        var bytes = files.Count > 0 ? ReadFile(file) : [];
        var whole = CutTorn(file, bytes);
        if (whole >= FileBytesMax)
        {
            file = NameOf(NumberOf(file) + 1);
            files.Add(file);
        }

        var (number, previous, broken) = Next(LastLine(bytes.AsSpan(0, whole)));
        if (files.Count > FilesMax)
        {
            (number, previous) = Put(file, new AuditLine(number, Dropped(files[0], entry), previous)
            {
                Broken = broken,
            });
            broken = "";
            disk.Delete($"{Folder}/{files[0]}");
        }

        Put(file, new AuditLine(number, entry, previous) { Broken = broken });
        disk.SyncFolder(Folder);
    }

    /// <summary>The newest entry of a verb, or null.</summary>
    public AuditEntry? NewestOf(string verb) => Enumerable.Reverse(Files())
        .Select(file => AuditCheck.LinesOf(ReadFile(file)).Reverse().Select(AuditLine.Read)
            .FirstOrDefault(line => line?.Entry.Verb == verb))
        .FirstOrDefault(line => line is not null)?.Entry;

    /// <summary>All lines as they stand in the files, for whoever noted a head elsewhere.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Lines()
    {
        using var held = HoldToRead();
        return held is null ? [] : [.. Files().SelectMany(file => AuditCheck.LinesOf(ReadFile(file)))];
    }

    /// <summary>The newest lines, oldest first.</summary>
    public IReadOnlyList<AuditEntry> Newest(int countMax)
    {
        var newest = new List<AuditEntry>();
        foreach (var file in Enumerable.Reverse(Files()))
        {
            var lines = AuditCheck.LinesOf(ReadFile(file)).Select(AuditLine.Read).OfType<AuditLine>().ToList();
            newest.InsertRange(0, lines.TakeLast(countMax - newest.Count).Select(line => line.Entry));
            if (newest.Count >= countMax)
            {
                break;
            }
        }

        return newest;
    }

    /// <param name="known">A head that was noted earlier, elsewhere, or null: the log must still contain it.</param>
    public AuditVerdict Check(string? known)
    {
        // Held: a line that another process writes meanwhile would be ahead of what was read.
        using var held = HoldToRead();
        var check = new AuditCheck();
        if (held is null)
        {
            return check.End(null, known);
        }

        foreach (var file in Files())
        {
            check.Take($"{Folder}/{file}", ReadFile(file));
        }

        return check.End(ReadHead(), known);
    }

    internal static (long Number, string Hash)? ParseHead(string text)
    {
        var parts = text.Trim().Split(' ');
        return parts.Length == 2 && parts[1].Length == AuditLine.Genesis.Length
            && parts[1].All(char.IsAsciiHexDigitLower)
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (number, parts[1])
            : null;
    }

    /// <summary>Null: there was nothing yet, and whoever holds nothing reads nothing. Not made for a reader, who may be
    /// somebody else than the owner.</summary>
    private IDisposable? HoldToRead() => disk.List(Folder).Count > 0 ? disk.Hold(Lock) : null;

    private static AuditEntry Dropped(string file, AuditEntry entry) => entry with
    {
        Verb = DropVerb,
        Result = "done",
        OldSerial = "",
        NewSerial = "",
        Text = $"{file} was dropped: the log keeps {FilesMax} files.",
    };

    private (long Number, string Previous) Put(string file, AuditLine line)
    {
        var bytes = line.Write();
        disk.Append($"{Folder}/{file}", [.. bytes, (byte)'\n']);
        disk.SyncFolder(Folder);
        var hash = AuditLine.HashOf(bytes);
        WriteHead(line.Number, hash);
        return (line.Number + 1, hash);
    }

    private void WriteHead(long number, string hash)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"{number} {hash}\n");
        disk.Write($"{Folder}/{HeadName}.new", Encoding.ASCII.GetBytes(head), isSecret: false);
        disk.Rename($"{Folder}/{HeadName}.new", $"{Folder}/{HeadName}");
    }

    private (long Number, string Previous, string Broken) Next(ReadOnlyMemory<byte>? lastBytes)
    {
        var head = ReadHead();
        var last = lastBytes is { } bytes ? AuditLine.Read(bytes) : null;
        var hash = lastBytes is { } hashed ? AuditLine.HashOf(hashed.Span) : AuditLine.Genesis;
        if (head is not { } known)
        {
            if (last is { Number: 1 } && last.Previous == AuditLine.Genesis)
            {
                WriteHead(1, hash);
                return (2, hash, "");
            }

            return lastBytes is null
                ? (1, AuditLine.Genesis, "")
                : ((last?.Number ?? 0) + 1, hash, "the head was missing");
        }

        if (last?.Number == known.Number && hash == known.Hash)
        {
            return (known.Number + 1, hash, "");
        }

        if (last?.Number == known.Number + 1 && last.Previous == known.Hash)
        {
            // A second line ahead of the head would look as if the first had been put in.
            WriteHead(last.Number, hash);
            return (last.Number + 1, hash, "");
        }

        return (known.Number + 1, known.Hash, "the line before was not the newest one any more");
    }

    private int CutTorn(string file, byte[] bytes)
    {
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole < bytes.Length)
        {
            disk.Truncate($"{Folder}/{file}", whole);
        }

        return whole;
    }

    private static ReadOnlyMemory<byte>? LastLine(ReadOnlySpan<byte> whole)
    {
        if (whole.IsEmpty)
        {
            return null;
        }

        var text = whole[..^1];
        return text[(text.LastIndexOf((byte)'\n') + 1)..].ToArray();
    }

    private (long Number, string Hash)? ReadHead() =>
        disk.Read($"{Folder}/{HeadName}", 200) is { } bytes ? ParseHead(Encoding.ASCII.GetString(bytes)) : null;

    private List<string> Files() =>
        [.. disk.List(Folder).Where(name => NumberOf(name) > 0).Order(StringComparer.Ordinal)];

    private byte[] ReadFile(string file) => disk.Read($"{Folder}/{file}", ReadBytesMax) ?? [];

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{number:D6}.log");

    private static int NumberOf(string file) =>
        file.Length == 10 && file.EndsWith(".log", StringComparison.Ordinal)
        && int.TryParse(file.AsSpan(0, 6), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}
