using System.Diagnostics;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Clock;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

/// <summary>The disk store on a real directory.</summary>
public sealed class DirectoryTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-buffer-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Readings_and_acknowledgements_survive_a_restart()
    {
        StoreId store;
        using (var buffer = Open())
        {
            store = buffer.Store;
            buffer.Append(NumberedReadings.Some(1, 2500));
            Assert.Null(buffer.Commit());
            buffer.Acknowledge(new PositionRange(1, 1000));
            Assert.Null(buffer.Commit());
        }

        using var again = Open();

        Assert.Equal(store, again.Store);
        Assert.Equal(2501, again.Durable);
        Assert.Equal([new PositionRange(1, 1000)], again.View.Acknowledged);
        var batch = new StoredBatch();
        Assert.Null(again.Peek(2000, 1, batch));
        Assert.Equal(NumberedReadings.Stored(2000), batch.Readings[0]);
    }

    [Fact]
    public void A_second_agent_is_kept_out_and_told_why()
    {
        using var buffer = Open();

        var second = DiskStore.Open(directory, SomeStores.Options());

        Assert.Null(second.Store);
        Assert.Contains("second agent", second.Fault!.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void The_directory_never_takes_more_than_its_bound_as_du_counts()
    {
        using var buffer = Open();
        var worst = 0L;
        for (var number = 1L; number < 18_000; number += 300)
        {
            buffer.Append(NumberedReadings.SomeHeavy(number, 300));
            Assert.Null(buffer.Commit());
            worst = Math.Max(worst, DiskUsage(directory));
        }

        Assert.True(buffer.View.DroppedCount > 0, "The fill was too small to reach the bound.");
        Assert.InRange(worst, DiskStoreOptions.SizeBytesMin * 3 / 4, DiskStoreOptions.SizeBytesMin);
    }

    [Fact]
    public void A_directory_that_was_copied_back_gets_a_new_store_id_and_serves_what_it_holds_under_the_old_one()
    {
        StoreId store;
        using (var buffer = Open())
        {
            store = buffer.Store;
            buffer.Append(NumberedReadings.Some(1, 10));
            buffer.Commit();
        }

        foreach (var journal in new[] { "journal-0", "journal-1" })
        {
            var path = Path.Combine(directory, journal);
            File.Copy(path, path + "-copy");
            File.Delete(path);
            File.Move(path + "-copy", path);
        }

        using var again = Open(firstId: 2);

        Assert.NotEqual(store, again.Store);
        Assert.Equal(store, Assert.Single(again.Older).Store);
        var batch = new StoredBatch();
        Assert.Null(again.Older[0].Peek(1, 100, batch));
        Assert.Equal(10, batch.Count);
    }

    [Fact]
    public void An_older_copy_written_over_the_same_files_gets_a_new_store_id()
    {
        // An hour ago, by the clock that the file system went by then.
        var anHourAgo = new MovedClock();
        anHourAgo.Step(TimeSpan.FromHours(-1));
        StoreId store;
        using (var buffer = OpenAt(anHourAgo, 1))
        {
            store = buffer.Store;
            buffer.Append(NumberedReadings.Some(1, 10));
            buffer.Commit();
        }

        var path = Path.Combine(directory, "journal-0");
        var backup = File.ReadAllBytes(path);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(file, backup, 0);
        }

        using var again = Open(firstId: 2);

        Assert.NotEqual(store, again.Store);
        Assert.Equal(store, Assert.Single(again.Older).Store);
        Assert.Equal(11, again.Older[0].Durable);
    }

    [Fact]
    public void A_file_that_nobody_touched_keeps_its_store_id_however_old_it_is_and_wherever_the_clock_is()
    {
        StoreId store;
        using (var buffer = Open())
        {
            store = buffer.Store;
            buffer.Append(NumberedReadings.Some(1, 10));
            buffer.Commit();
        }

        foreach (var years in new[] { -20, 20 })
        {
            var clock = new MovedClock();
            clock.Step(TimeSpan.FromDays(365 * years));
            using var again = OpenAt(clock, 2);
            Assert.Equal(store, again.Store);
        }
    }

    private DiskStore OpenAt(TimeProvider kernel, int firstId)
    {
        var opening = DiskStore.Open(() => DirectoryStorage.Open(directory, kernel), SomeStores.Options(firstId));
        Assert.Null(opening.Fault);
        return opening.Store!;
    }

    private static long DiskUsage(string directory)
    {
        using var du = Process.Start(
            new ProcessStartInfo("du", ["-sB1", directory]) { RedirectStandardOutput = true })!;
        var line = du.StandardOutput.ReadToEnd();
        du.WaitForExit();
        return long.Parse(line.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    private DiskStore Open(int firstId = 1)
    {
        var opening = DiskStore.Open(directory, SomeStores.Options(firstId));
        Assert.Null(opening.Fault);
        return opening.Store!;
    }
}
