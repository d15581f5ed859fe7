using System.Diagnostics;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Sluice.Plant.Keys;

namespace Sluice.Gateway.Power;

/// <summary>
/// An ARM64 machine in QEMU with the real agent on an ext4 of its own, whose power is cut: QEMU is killed. The page
/// cache of this machine would keep everything that the guest ever wrote, so QEMU notes each write and each flush of
/// the guest in a log (its block driver blklogwrites), and <see cref="DiskLog"/> rebuilds what a real disk would have.
/// </summary>
internal sealed class PoweredGateway(string directory)
{
    public const int DiskMegabytes = 48;
    public const int CommitEveryMilliseconds = 50;
    public const long SizeBytesMax = 16 << 20;

    private const int Signals = 24;

    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(180);

    public string Disk => Path.Combine(directory, "disk");

    public string Log => Path.Combine(directory, "log");

    private string Console => Path.Combine(directory, "console");

    private string Initrd => Path.Combine(directory, "initrd");

    /// <summary>An empty disk, and the guest with the agent, its configuration and a new identity in it.</summary>
    public async Task PrepareAsync()
    {
        Directory.CreateDirectory(directory);
        await using (var file = File.Create(Disk))
        {
            file.SetLength((long)DiskMegabytes << 20);
        }

        await Shell.RunAsync($"/usr/sbin/mkfs.ext4 -q -F {Disk}");
        var root = Path.Combine(directory, "root");
        var app = Path.Combine(root, "app");
        Directory.CreateDirectory(app);
        using var keys = new PlantKeys();
        keys.WriteIdentityDirectory(Path.Combine(app, "identity"), "gw-1").Dispose();
        await File.WriteAllTextAsync(Path.Combine(app, "gateway.json"), Configuration);
        await File.WriteAllLinesAsync(
            Path.Combine(app, "plant.csv"),
            Enumerable.Range(0, Signals).Select(i => $"signal{i},walk,float64,always")
                .Prepend("signal,address,type,report"));
        File.Copy(Path.Combine(Figures.Root, "out/linux-arm64/sluice-agent"), Path.Combine(app, "sluice-agent"));
        File.Copy(Path.Combine(Figures.Root, "test/gateway/Power/init"), Path.Combine(root, "init"));
        var guest = Path.Combine(Figures.Root, ".cache/gateway/guest.cpio.gz");
        await Shell.RunAsync($"cd {root} && chmod 755 init app/sluice-agent && find . "
            + $"| cpio --quiet -o -H newc -R 0:0 | gzip -1 | cat {guest} - >{Initrd}");
        Directory.Delete(root, recursive: true);
    }

    /// <summary>Boots, lets the agent write for a while, and cuts the power.</summary>
    public async Task RunAndCutAsync(TimeSpan writes)
    {
        File.Delete(Console);
        await File.WriteAllBytesAsync(Log, []);
        using var machine = Process.Start(new ProcessStartInfo("qemu-system-aarch64", Arguments)
        {
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException("QEMU does not start.");
        try
        {
            await WaitForAgentAsync(machine);
            await Task.Delay(writes);
            if (Said.Contains("AGENT-ENDED", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"The agent ended:\n{Said}");
            }
        }
        finally
        {
            machine.Kill();
            await machine.WaitForExitAsync();
        }
    }

    private string Said => File.Exists(Console) ? Printable.Of(File.ReadAllText(Console)) : "";

    private string[] Arguments =>
    [
        "-machine", "virt", "-cpu", "cortex-a57", "-accel", "tcg", "-smp", "1", "-m", "256",
        "-nodefaults", "-display", "none", "-no-reboot",
        "-chardev", $"file,id=console,path={Console}", "-serial", "chardev:console",
        "-blockdev", $"driver=file,node-name=disk,filename={Disk}",
        "-blockdev", $"driver=file,node-name=log,filename={Log}",
        "-blockdev", "driver=blklogwrites,node-name=logged,file=disk,log=log,log-sector-size=512",
        "-device", "virtio-blk-pci,drive=logged",
        "-kernel", Path.Combine(Figures.Root, ".cache/gateway/vmlinuz"), "-initrd", Initrd,
        "-append", "console=ttyAMA0 quiet panic=5 rdinit=/init",
    ];

    // The broker is not there: everything that is read stays in the buffer.
    private const string Configuration = """
        {
          "gateway": { "site": "plant1", "id": "gw-1" },
          "broker": { "host": "mes-broker.dmz.plant1", "addresses": ["127.0.0.1"], "port": 8883,
                      "network": "127.0.0.0/28" },
          "identity": { "directory": "/app/identity", "key": "file" },
          "buffer": { "directory": "/data/buffer", "sizeMax": "16 MiB", "commitEvery": "50 ms" },
          "sources": { "plc": { "kind": "simulated", "every": "20 ms", "signals": "plant.csv" } }
        }
        """;

    private async Task WaitForAgentAsync(Process machine)
    {
        var began = Stopwatch.GetTimestamp();
        while (!Said.Contains("The buffer is open", StringComparison.Ordinal))
        {
            if (machine.HasExited)
            {
                throw new InvalidOperationException("QEMU ended: " + await machine.StandardError.ReadToEndAsync());
            }

            if (Stopwatch.GetElapsedTime(began) > StartMax || Said.Contains("AGENT-ENDED", StringComparison.Ordinal))
            {
                throw new TimeoutException($"The agent does not open its buffer:\n{Said}");
            }

            await Task.Delay(20);
        }
    }
}
