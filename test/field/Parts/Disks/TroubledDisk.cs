using System.Net.Sockets;

namespace Sluice.Field.Parts.Disks;

/// <summary>
/// A small ext4 on a block device that takes its time, and can be made to hang: nbdkit keeps the bytes and delays or
/// holds each request, nbdfuse makes a file of it, a loop device a disk of that. (dm-delay and the kernel's own NBD
/// client are not in every kernel; loop devices and FUSE are.)
/// </summary>
internal sealed class TroubledDisk : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly string directory;
    private readonly string control;
    private readonly string files;
    private readonly ChildProcess server;
    private readonly ChildProcess file;

    private TroubledDisk(string directory, string files, TimeSpan writeTakes, int megabytes)
    {
        this.directory = directory;
        this.files = files;
        control = Path.Combine(files, "control");
        var socket = Path.Combine(files, "nbd");
        Directory.CreateDirectory(Path.Combine(files, "device"));
        server = ChildProcess.Start(
            "/usr/bin/nbdkit",
            [
                "--foreground", "--unix", socket, "--filter=pause", "--filter=delay", "memory", $"{megabytes}M",
                $"wdelay={writeTakes.TotalMilliseconds}ms", $"pause-control={control}",
            ]);
        file = ChildProcess.Start(
            "/bin/sh",
            [
                "-c", "until [ -S \"$1\" ]; do sleep 0.05; done; exec nbdfuse \"$2\" \"nbd+unix:///?socket=$1\"",
                "sh", socket, Device,
            ]);
    }

    private string Device => Path.Combine(files, "device", "disk");

    public static async Task<TroubledDisk> OverAsync(string directory, TimeSpan writeTakes, int megabytes)
    {
        Directory.CreateDirectory(directory);
        var files = directory.TrimEnd('/') + "-disk";
        Directory.CreateDirectory(files);
        var disk = new TroubledDisk(directory, files, writeTakes, megabytes);
        try
        {
            await Eventually.HoldsAsync(
                () => File.Exists(disk.Device), Soon, () => disk.server.Tail() + disk.file.Tail());
            await RunAsync("/usr/sbin/mkfs.ext4", "-q", "-F", "-E", "nodiscard", disk.Device);
            await RunAsync("/usr/bin/mount", "-o", "loop", disk.Device, directory);
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on no request is answered.</summary>
    public Task HangAsync() => TellAsync('p');

    public Task GoOnAsync() => TellAsync('r');

    public async ValueTask DisposeAsync()
    {
        // A disk that hangs can neither be unmounted nor left.
        if (!server.HasExited)
        {
            await GoOnAsync();
        }

        await ChildProcess.RunAsync("/usr/bin/umount", directory);
        // nbdfuse mounts the folder in which its file lies; killed, it leaves a mount that nobody serves.
        await ChildProcess.RunAsync("/usr/bin/umount", "--lazy", Path.Combine(files, "device"));
        await file.DisposeAsync();
        await server.DisposeAsync();
    }

    private async Task TellAsync(char word)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(control));
        await socket.SendAsync(new[] { (byte)word });
        var answer = new byte[1];
        if (await socket.ReceiveAsync(answer) != 1 || answer[0] != (byte)char.ToUpperInvariant(word))
        {
            throw new InvalidOperationException("nbdkit did not do what it was told.");
        }
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
