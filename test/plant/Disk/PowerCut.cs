namespace Sluice.Plant.Disk;

/// <summary>
/// Rebuilds what a disk may hold after a power cut. Everything up to a file's last sync is there. Of what was written
/// to it later there is, for each file on its own: nothing, all, a prefix, any subset of 4 KiB blocks or of 512-byte
/// sectors or of whole writes, and a last write that is torn at a sector; where a write was lost that made the file
/// longer, the file may be longer all the same, with zeros. Names that were made, changed or deleted after the last
/// directory sync are there up to any point, or any subset of them.
/// <para>
/// Walks forward only: ask for growing operations. Or, for a life too long to be kept: <see cref="Follow"/> takes each
/// operation in and forgets it, and <see cref="Now"/> cuts where the record stands.
/// </para>
/// </summary>
public sealed class PowerCut(IReadOnlyList<DiskOperation> operations)
{
    private const int BlockBytes = 4096;
    private const int SectorBytes = 512;

    private readonly Dictionary<int, DiskFile> durable = [];
    private readonly Dictionary<int, List<DiskOperation>> unsynced = [];
    private readonly Dictionary<string, int> names = new(StringComparer.Ordinal);
    private readonly List<DiskOperation> unsyncedNames = [];
    private int at;

    private enum Kept
    {
        Nothing,
        Everything,
        Prefix,
        PrefixWithTornEnd,
        Blocks,
        Writes,
        Sectors,
    }

    /// <summary>A disk as a power cut just before an operation may have left it, and how it was chosen.</summary>
    public (SimulatedDisk Disk, string How) Before(int operation, Random random)
    {
        for (; at < operation; at++)
        {
            Step(operations[at]);
        }

        var (disk, how) = Now(random);
        return (disk, $"before operation {operation}, {how}");
    }

    /// <summary>Takes in what was done since the last call, and empties the record.</summary>
    public void Follow(List<DiskOperation> more)
    {
        more.ForEach(Step);
        more.Clear();
    }

    /// <summary>A disk as a power cut right here may have left it, and how it was chosen.</summary>
    public (SimulatedDisk Disk, string How) Now(Random random)
    {
        var disk = new SimulatedDisk(record: false);
        var how = new List<string>();
        foreach (var (name, number) in ChooseNames(random, how))
        {
            var file = disk.Put(name, durable[number].Copy());
            if (unsynced[number].Count > 0)
            {
                var kept = (Kept)random.Next((int)Kept.Sectors + 1);
                Choose(file, unsynced[number], kept, random);
                how.Add($"{name}: {kept} of {unsynced[number].Count}");
            }
        }

        return (disk, string.Join(", ", how));
    }

    private Dictionary<string, int> ChooseNames(Random random, List<string> how)
    {
        var known = new Dictionary<string, int>(names, StringComparer.Ordinal);
        var kept = random.Next(4) switch
        {
            0 => [],
            1 => unsyncedNames,
            2 => unsyncedNames[..random.Next(unsyncedNames.Count + 1)],
            _ => unsyncedNames.FindAll(_ => random.Next(2) == 0),
        };
        kept.ForEach(change => Apply(change, known));
        how.Add($"{kept.Count} of {unsyncedNames.Count} names");
        return known;
    }

    private static void Choose(DiskFile file, List<DiskOperation> pending, Kept kept, Random random)
    {
        var count = kept switch
        {
            Kept.Nothing => 0,
            Kept.Everything => pending.Count,
            _ => random.Next(pending.Count + 1),
        };
        var likely = random.NextDouble();
        var longer = random.Next(2) == 0;
        for (var i = 0; i < count; i++)
        {
            if (pending[i] is not DiskOperation.Write write)
            {
                Apply(file, pending[i]);
                continue;
            }

            if (longer && write.Offset + write.Bytes.Length > file.LengthBytes)
            {
                file.SetLength(write.Offset + write.Bytes.Length);
            }

            var last = i == count - 1;
            switch (kept)
            {
                case Kept.Blocks:
                    Pick(file, write, BlockBytes, () => random.NextDouble() < likely);
                    break;
                case Kept.Sectors:
                    Pick(file, write, SectorBytes, () => random.NextDouble() < likely);
                    break;
                case Kept.PrefixWithTornEnd or Kept.Writes when last:
                    var length = random.Next((write.Bytes.Length / SectorBytes) + 1) * SectorBytes;
                    file.Write(write.Offset, write.Bytes.AsSpan(0, length));
                    break;
                case Kept.Writes when random.NextDouble() >= likely:
                    break;
                default:
                    Apply(file, write);
                    break;
            }
        }
    }

    private static void Pick(DiskFile file, DiskOperation.Write write, int pieceBytes, Func<bool> keep)
    {
        for (var piece = 0; piece < write.Bytes.Length; piece += pieceBytes)
        {
            if (keep())
            {
                var length = Math.Min(pieceBytes, write.Bytes.Length - piece);
                file.Write(write.Offset + piece, write.Bytes.AsSpan(piece, length));
            }
        }
    }

    private static void Apply(DiskFile file, DiskOperation operation)
    {
        switch (operation)
        {
            case DiskOperation.Write write:
                file.Write(write.Offset, write.Bytes);
                break;
            case DiskOperation.Resize resize:
                file.SetLength(resize.LengthBytes);
                break;
        }
    }

    private static void Apply(DiskOperation operation, Dictionary<string, int> names)
    {
        switch (operation)
        {
            case DiskOperation.Create create:
                names[create.Name] = create.File;
                break;
            case DiskOperation.Rename rename:
                if (names.Remove(rename.From, out var file))
                {
                    names[rename.To] = file;
                }

                break;
            case DiskOperation.Delete delete:
                names.Remove(delete.Name);
                break;
        }
    }

    private void Step(DiskOperation operation)
    {
        switch (operation)
        {
            case DiskOperation.Create create:
                durable[create.File] = new DiskFile(create.File);
                unsynced[create.File] = [];
                unsyncedNames.Add(create);
                break;
            case DiskOperation.Write write:
                Unsynced(write.File)?.Add(write);
                break;
            case DiskOperation.Resize resize:
                Unsynced(resize.File)?.Add(resize);
                break;
            case DiskOperation.Sync sync:
                Unsynced(sync.File)?.ForEach(pending => Apply(durable[sync.File], pending));
                Unsynced(sync.File)?.Clear();
                break;
            case DiskOperation.SyncFailed failed:
                // The length is the file system's and stays; the bytes are gone for good.
                Unsynced(failed.File)?.ForEach(pending => Lengthen(durable[failed.File], pending));
                Unsynced(failed.File)?.Clear();
                break;
            case DiskOperation.Rename or DiskOperation.Delete:
                unsyncedNames.Add(operation);
                break;
            case DiskOperation.SyncDirectory:
                unsyncedNames.ForEach(pending => Apply(pending, names));
                unsyncedNames.Clear();
                ForgetNameless();
                break;
        }
    }

    private static void Lengthen(DiskFile file, DiskOperation operation)
    {
        if (operation is DiskOperation.Write write)
        {
            file.SetLength(Math.Max(file.LengthBytes, write.Offset + write.Bytes.Length));
        }
        else
        {
            Apply(file, operation);
        }
    }

    /// <summary>A file that has no name any more is gone for good, whoever still writes to it.</summary>
    private List<DiskOperation>? Unsynced(int file) => unsynced.GetValueOrDefault(file);

    private void ForgetNameless()
    {
        foreach (var file in durable.Keys.Except(names.Values).ToArray())
        {
            durable.Remove(file);
            unsynced.Remove(file);
        }
    }
}
