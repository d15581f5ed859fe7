using System.Diagnostics;

namespace Sluice.Field.Parts.Disks;

/// <summary>
/// A small ext4 on a loop device that takes its time with writes, and can be made to hang: the kernel freezes the file
/// system (ioctl FIFREEZE, fsfreeze(8)), and whoever writes or syncs waits as he would for a card that is busy with
/// itself. What is frozen, a shell holds, and thaws it when its input ends: also when this process is killed.
/// <para>
/// A block device over the network, slowed down by its server, was here before: that server crashed in one run of five,
/// and what it left were errors and not a disk that hangs.
/// </para>
/// </summary>
internal sealed class TroubledDisk : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>Frozen for $2 seconds at a time until the input ends, with a breath between.</summary>
    private const string Slowly =
        "while fsfreeze --freeze \"$1\"; do sleep \"$2\"; fsfreeze --unfreeze \"$1\"; read -r -t 0.01; "
        + "[ $? -gt 128 ] || exit 0; done; exit 1";

    /// <summary>Frozen until the input ends; says so when it is.</summary>
    private const string Whole = "fsfreeze --freeze \"$1\" && echo frozen && read -r; fsfreeze --unfreeze \"$1\"";

    private readonly string directory;
    private readonly string image;
    private readonly TimeSpan writeTakes;
    private Process? holder;

    private TroubledDisk(string directory, string image, TimeSpan writeTakes)
    {
        this.directory = directory;
        this.image = image;
        this.writeTakes = writeTakes;
    }

    public static async Task<TroubledDisk> OverAsync(string directory, TimeSpan writeTakes, int megabytes)
    {
        Directory.CreateDirectory(directory);
        var image = directory.TrimEnd('/') + ".img";
        await using (var file = File.Create(image))
        {
            file.SetLength((long)megabytes << 20);
        }

        await RunAsync("/usr/sbin/mkfs.ext4", "-q", "-F", image);
        await RunAsync("/usr/bin/mount", "-o", "loop,noatime", image, directory);
        var disk = new TroubledDisk(directory, image, writeTakes);
        disk.BeSlow();
        return disk;
    }

    /// <summary>From now on no write is taken.</summary>
    public async Task HangAsync()
    {
        await ThawAsync();
        holder = Hold(Whole);
        using var bound = new CancellationTokenSource(Soon);
        if (await holder.StandardOutput.ReadLineAsync(bound.Token) != "frozen")
        {
            throw new InvalidOperationException($"{directory} could not be frozen.");
        }
    }

    public async Task GoOnAsync()
    {
        await ThawAsync();
        BeSlow();
    }

    public async ValueTask DisposeAsync()
    {
        await ThawAsync();
        // Lazily: the agent may still hold files of it.
        await RunAsync("/usr/bin/umount", "--lazy", directory);
        File.Delete(image);
    }

    private void BeSlow()
    {
        if (writeTakes > TimeSpan.Zero)
        {
            holder = Hold(Slowly);
        }
    }

    private Process Hold(string how)
    {
        var start = new ProcessStartInfo("/bin/bash") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var each in (string[])["-c", how, "hold", directory, $"{writeTakes.TotalSeconds:0.000}"])
        {
            start.ArgumentList.Add(each);
        }

        return Process.Start(start)!;
    }

    private async Task ThawAsync()
    {
        if (holder is null)
        {
            return;
        }

        using (holder)
        {
            holder.StandardInput.Close();
            using var bound = new CancellationTokenSource(Soon);
            await holder.WaitForExitAsync(bound.Token);
            if (holder.ExitCode != 0)
            {
                throw new InvalidOperationException($"{directory} could not be frozen and thawed.");
            }
        }

        holder = null;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(program, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said}");
        }
    }
}
