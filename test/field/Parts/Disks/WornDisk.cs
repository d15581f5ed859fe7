namespace Sluice.Field.Parts.Disks;

/// <summary>
/// A small ext4 on a loop device, mounted over a directory, that can be made to give up in the middle of a run as worn
/// flash does: the kernel aborts the journal, every later write fails, what was synced can still be read
/// (mount option <c>abort</c>, ext4(5)).
/// </summary>
internal sealed class WornDisk : IAsyncDisposable
{
    private readonly string directory;
    private string image;

    private WornDisk(string directory, string image)
    {
        this.directory = directory;
        this.image = image;
    }

    public static async Task<WornDisk> OverAsync(string directory, int megabytes)
    {
        Directory.CreateDirectory(directory);
        var image = directory.TrimEnd('/') + ".img";
        await using (var file = File.Create(image))
        {
            file.SetLength((long)megabytes << 20);
        }

        await RunAsync("/usr/sbin/mkfs.ext4", "-q", "-F", image);
        var disk = new WornDisk(directory, image);
        await disk.MountAsync();
        return disk;
    }

    public Task WearOutAsync() => RunAsync("/usr/bin/mount", "-o", "remount,abort", directory);

    /// <summary>
    /// A new disk with the content of the old one. Lazily: the agent still holds files of the old mount, and for as
    /// long as it does, mounting the same image again would give the same broken file system.
    /// </summary>
    public async Task ReplaceAsync()
    {
        await RunAsync("/usr/bin/umount", "--lazy", directory);
        var copy = image + "-2";
        await RunAsync("/usr/bin/cp", "--sparse=always", image, copy);
        File.Delete(image);
        image = copy;
        await MountAsync();
    }

    /// <summary>Somebody else's file, as long as there is room for.</summary>
    public static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var bytes = new byte[1 << 20]; bytes.Length >= 512;)
        {
            try
            {
                file.Write(bytes);
            }
            catch (IOException)
            {
                bytes = new byte[bytes.Length / 2];
            }
        }

        file.Flush(flushToDisk: true);
    }

    public async ValueTask DisposeAsync()
    {
        await ChildProcess.RunAsync("/usr/bin/umount", "--lazy", directory);
        File.Delete(image);
    }

    private Task MountAsync() => RunAsync("/usr/bin/mount", "-o", "loop", image, directory);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(program, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said}");
        }
    }
}
