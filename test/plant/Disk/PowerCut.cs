namespace Sluice.Plant.Disk;

/// <summary>
/// Rebuilds what a disk may hold after a power cut. Everything up to a file's last sync is there. Of what was written
/// to it later there is: nothing, all, a prefix, any subset of 4 KiB blocks, or a prefix whose last write is torn at a
/// 512-byte sector. Names that were made, changed or deleted after the last directory sync are there up to any point.
/// <para>Walks forward only: ask for growing operations.</para>
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

    /// <summary>A disk as a power cut just before an operation may have left it, and how it was chosen.</summary>
    public (SimulatedDisk Disk, string How) Before(int operation, Random random)
    {
        for (; at < operation; at++)
        {
            Step(operations[at]);
        }

        var disk = new SimulatedDisk(record: false);
        var known = new Dictionary<string, int>(names, StringComparer.Ordinal);
        var kept = random.Next(3) switch { 0 => 0, 1 => unsyncedNames.Count, _ =>
            random.Next(unsyncedNames.Count + 1) };
        for (var i = 0; i < kept; i++)
        {
            Apply(unsyncedNames[i], known);
        }

        var mode = random.Next(5);
        foreach (var (name, number) in known)
        {
            var file = disk.Put(name, durable[number].Copy());
            Choose(file, unsynced[number], mode, random);
        }

        return (disk, $"before operation {operation}, mode {mode}, {kept} of {unsyncedNames.Count} names");
    }

    private static void Choose(DiskFile file, List<DiskOperation> pending, int mode, Random random)
    {
        var count = mode switch { 0 => 0, 1 => pending.Count, _ => random.Next(pending.Count + 1) };
        for (var i = 0; i < count; i++)
        {
            if (pending[i] is DiskOperation.Write write && mode == 3)
            {
                var likely = random.NextDouble();
                for (var b = 0; b < write.Bytes.Length; b += BlockBytes)
                {
                    if (random.NextDouble() < likely)
                    {
                        file.Write(write.Offset + b,
                            write.Bytes.AsSpan(b, Math.Min(BlockBytes, write.Bytes.Length - b)));
                    }
                }
            }
            else if (pending[i] is DiskOperation.Write torn && mode == 4 && i == count - 1)
            {
                var length = random.Next((torn.Bytes.Length / SectorBytes) + 1) * SectorBytes;
                file.Write(torn.Offset, torn.Bytes.AsSpan(0, length));
            }
            else
            {
                Apply(file, pending[i]);
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
                unsynced[write.File].Add(write);
                break;
            case DiskOperation.Resize resize:
                unsynced[resize.File].Add(resize);
                break;
            case DiskOperation.Sync sync:
                unsynced[sync.File].ForEach(pending => Apply(durable[sync.File], pending));
                unsynced[sync.File].Clear();
                break;
            case DiskOperation.Rename or DiskOperation.Delete:
                unsyncedNames.Add(operation);
                break;
            case DiskOperation.SyncDirectory:
                unsyncedNames.ForEach(pending => Apply(pending, names));
                unsyncedNames.Clear();
                break;
        }
    }
}
