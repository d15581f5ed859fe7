using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;

namespace Sluice.Gateway.Power;

/// <summary>How a disk that a power cut left was found.</summary>
/// <param name="Kept">The last position that was ever given, as the store knows it.</param>
/// <param name="Problem">What is wrong; empty where nothing is.</param>
/// <param name="Kind">What kind of wrong.</param>
internal readonly record struct LeftState(long Kept, Wrong Kind, string Problem)
{
    /// <summary>The file system did not mount before fsck had looked at it.</summary>
    public bool WasRepaired { get; init; }
}

/// <summary>What may be wrong with a disk after a power cut.</summary>
internal enum Wrong
{
    Nothing,
    FailedOpen,
    CommittedLost,
    WrongReading,
}

/// <summary>
/// A disk image on this machine: mounted through a loop device, so that ext4 replays its journal, and opened by the
/// real code of the buffer. Changed by that; what it is to be used for afterwards is copied before.
/// </summary>
internal static class LeftDisk
{
    private const int UnmountTries = 100;

    public static async Task<LeftState> CheckAsync(string image, string mount, StoredTruth truth)
    {
        Directory.CreateDirectory(mount);
        var repaired = false;
        try
        {
            await Shell.RunAsync($"mount -o loop {image} {mount}");
        }
        catch (InvalidOperationException)
        {
            // ext4's superblock has two sectors and no journal: a torn one is what every boot's fsck is for.
            await RepairAsync(image);
            await Shell.RunAsync($"mount -o loop {image} {mount}");
            repaired = true;
        }

        try
        {
            return Check(Path.Combine(mount, "buffer"), truth) with { WasRepaired = repaired };
        }
        finally
        {
            await UnmountAsync(mount);
        }
    }

    /// <summary>As systemd-fsck does it before it mounts; 1 and 2 say that something was repaired.</summary>
    public static Task RepairAsync(string image) =>
        Shell.RunAsync($"/usr/sbin/e2fsck -fy {image} >/dev/null || [ $? -le 2 ]");

    /// <summary>A process that is being started somewhere else in this program holds our files for a moment.</summary>
    private static async Task UnmountAsync(string mount)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await Shell.RunAsync($"umount {mount}");
                return;
            }
            catch (InvalidOperationException) when (tries < UnmountTries)
            {
                await Task.Delay(50);
            }
        }
    }

    private static LeftState Check(string directory, StoredTruth truth)
    {
        var fresh = new StoreId(Guid.CreateVersion7());
        var opening = DiskStore.Open(directory, new DiskStoreOptions
        {
            SizeBytesMax = PoweredGateway.SizeBytesMax, NewStore = () => fresh,
        });
        if (opening.Store is null)
        {
            return new LeftState(0, Wrong.FailedOpen, opening.Fault!.Sentence);
        }

        using var store = opening.Store;
        if (truth.Committed > 0 && store.Store != truth.Store)
        {
            return new LeftState(0, Wrong.CommittedLost, "the store id changed");
        }

        var batch = new StoredBatch();
        var fault = store.Peek(1, int.MaxValue, batch);
        if (fault is not null)
        {
            return new LeftState(0, Wrong.FailedOpen, fault.Sentence);
        }

        var kept = batch.Readings.ToDictionary(reading => reading.Position);
        var last = store.View.Next - 1;
        foreach (var reading in batch.Readings)
        {
            if (!truth.Has(reading))
            {
                return new LeftState(last, Wrong.WrongReading, $"position {reading.Position} is wrong");
            }
        }

        var lost = truth.CommittedPositions.Where(position => !kept.ContainsKey(position)).ToList();
        return lost.Count > 0
            ? new LeftState(last, Wrong.CommittedLost, $"{lost.Count} readings from position {lost.Min()} on are lost")
            : new LeftState(last, Wrong.Nothing, "");
    }
}
