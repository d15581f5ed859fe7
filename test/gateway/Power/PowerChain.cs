using Sluice.Gateway.Machine;

namespace Sluice.Gateway.Power;

/// <summary>What a chain of power cuts came to.</summary>
internal sealed class PowerReport
{
    private readonly Lock gate = new();
    private readonly Dictionary<Wrong, int> counts = [];

    public int Cuts { get; private set; }

    public int States { get; private set; }

    /// <summary>States that fsck had to look at before they mounted.</summary>
    public int Repaired { get; private set; }

    public long Readings { get; private set; }

    public TimeSpan LongestCommit { get; private set; }

    /// <summary>States that showed a loss when every flush was taken out of the log.</summary>
    public int CaughtWithoutFlushes { get; private set; }

    public List<string> Problems { get; } = [];

    public int Count(Wrong kind) => counts.GetValueOrDefault(kind);

    public void Add(LeftState state, string how)
    {
        lock (gate)
        {
            States++;
            Repaired += state.WasRepaired ? 1 : 0;
            if (state.Kind != Wrong.Nothing)
            {
                counts[state.Kind] = Count(state.Kind) + 1;
                Problems.Add($"{state.Kind}, {how}: {state.Problem}");
            }
        }
    }

    public void AddCut(long readings, TimeSpan longestCommit, int caughtWithoutFlushes)
    {
        lock (gate)
        {
            Cuts++;
            Readings += readings;
            LongestCommit = longestCommit > LongestCommit ? longestCommit : LongestCommit;
            CaughtWithoutFlushes += caughtWithoutFlushes;
        }
    }

    public override string ToString() =>
        $"{Cuts} power cuts, {States} states ({Repaired} needed fsck), {Readings} readings: "
        + $"failed opens {Count(Wrong.FailedOpen)}, "
        + $"committed readings lost {Count(Wrong.CommittedLost)}, wrong readings {Count(Wrong.WrongReading)}; "
        + $"a commit held {LongestCommit.TotalMilliseconds:F0} ms of readings at most";
}

/// <summary>
/// One gateway whose power is cut again and again. Behind each cut the disks are rebuilt that could be left by a cut
/// at any moment of that run, and each is opened; with one of the last moment's the gateway is started again.
/// </summary>
internal sealed class PowerChain(string directory, int seed, PowerReport report)
{
    private const int WritesMillisecondsMax = 6000;
    private const int ControlStates = 4;

    private readonly Random random = new(seed);
    private readonly PoweredGateway gateway = new(directory);
    private readonly StoredTruth truth = new();
    private long kept;

    public async Task RunAsync(int cuts, int statesPerCut)
    {
        await gateway.PrepareAsync();
        for (var cut = 0; cut < cuts; cut++)
        {
            var before = await File.ReadAllBytesAsync(gateway.Disk);
            await gateway.RunAndCutAsync(TimeSpan.FromMilliseconds(random.Next(WritesMillisecondsMax)));
            var log = DiskLog.Read(gateway.Log);
            var caught = cut == cuts - 1 ? await ControlAsync(before, log) : 0;
            var had = kept;
            truth.Starts(kept);
            await OpenStatesAsync(before, log, statesPerCut, $"seed {seed}, cut {cut + 1}");
            report.AddCut(kept - had, truth.LongestCommit, caught);
            Figures.Say($"power cut {report.Cuts}: {report}");
        }
    }

    private async Task OpenStatesAsync(byte[] before, List<DiskEntry> log, int states, string how)
    {
        var points = Enumerable.Range(1, states).Select(_ => random.Next(log.Count + 1)).Order().ToArray();
        points[^1] = log.Count;
        var disk = new CutDisk(before, log);
        var seen = 0;
        for (var i = 0; i < points.Length; i++)
        {
            for (; seen < points[i]; seen++)
            {
                truth.See(log[seen]);
            }

            var left = disk.Behind(points[i], random);
            var state = await CheckAsync(left, truth);
            report.Add(state, $"{how}, behind {points[i]} of {log.Count}");
            if (i == points.Length - 1)
            {
                kept = state.Kept;
                await WriteAsync(gateway.Disk, left);
                if (state.WasRepaired)
                {
                    await LeftDisk.RepairAsync(gateway.Disk);
                }
            }
        }
    }

    /// <summary>A test of the test: a guest that never flushes must lose something.</summary>
    private async Task<int> ControlAsync(byte[] before, List<DiskEntry> log)
    {
        var liar = new CutDisk(before, log.FindAll(entry => !entry.IsFlush));
        var all = new StoredTruth();
        all.Starts(0);
        log.ForEach(all.See);
        var caught = 0;
        for (var i = 0; i < ControlStates; i++)
        {
            var left = liar.Behind(log.Count(entry => !entry.IsFlush), random);
            caught += (await CheckAsync(left, all)).Kind == Wrong.Nothing ? 0 : 1;
        }

        return caught;
    }

    private async Task<LeftState> CheckAsync(byte[] left, StoredTruth right)
    {
        var image = Path.Combine(directory, "left");
        await WriteAsync(image, left);
        return await LeftDisk.CheckAsync(image, Path.Combine(directory, "mounted"), right);
    }

    private static async Task WriteAsync(string path, byte[] disk)
    {
        // Mostly holes.
        const int piece = 1 << 16;
        await using var file = File.Create(path);
        file.SetLength(disk.Length);
        for (var at = 0; at < disk.Length; at += piece)
        {
            var bytes = disk.AsMemory(at, piece);
            if (bytes.Span.IndexOfAnyExcept((byte)0) >= 0)
            {
                file.Position = at;
                await file.WriteAsync(bytes);
            }
        }
    }
}
