using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Sluice.Gateway.Systemd;

namespace Sluice.Gateway.Image;

/// <summary>
/// A machine with UEFI whose disk was flashed with the image, as an installer has it on the bench. Nothing of it is
/// changed for the tests, so they look from outside: at the files of its card, at the light's line, at the broker. Its
/// power is cut by killing QEMU.
/// </summary>
internal sealed class FlashedGateway(FieldDirectory directory) : IAsyncDisposable
{
    /// <summary>By their hardware: their names are the kernel's business.</summary>
    public const string DmzCard = "52:54:00:00:00:01";
    public const string MachinesCard = "52:54:00:00:00:02";

    private const string Firmware = "/usr/share/AAVMF/AAVMF_CODE.fd";
    private const string FirmwareVariables = "/usr/share/AAVMF/AAVMF_VARS.fd";

    /// <summary>Where the partitions begin: packaging/image/make-image.sh.</summary>
    private const string LoaderPartition = "@@1M";
    private const string CardPartition = "@@129M";

    /// <summary>The data register of the board's PL061 at 0x09030000; which lines are read is part of the address.
    /// </summary>
    private const int LightLine = 5;
    private const long LightRegister = 0x09030000 + (1 << (LightLine + 2));

    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(60);

    private readonly string home = directory.Root;
    private Process? machine;
    private Wire? qtest;
    private int plugged;

    public string Disk => Path.Combine(home, "disk.img");

    public bool IsOff => machine is null or { HasExited: true };

    /// <summary>The image as it is released.</summary>
    public static string Released(string ending) => Directory.GetFiles(
        Path.Combine(Figures.Root, "out/image"), "sluice-gateway_*_arm64.img" + ending).Single();

    /// <summary>A medium of this size, with the image on it.</summary>
    public async Task FlashAsync(string size = "2G")
    {
        await DoAsync(
            "/bin/sh", "-c", $"zstd -q -d -f --sparse {Released(".zst")} -o {Disk} && truncate -s {size} {Disk}");
        File.Copy(FirmwareVariables, Path.Combine(home, "variables"), overwrite: true);
    }

    /// <summary>On a laptop: onto the card, into its folder sluice.</summary>
    public Task PutAsync(params string[] files) => DoAsync(
        "/usr/bin/mcopy", ["-o", "-Q", "-i", Disk + CardPartition, .. files, "::/sluice/"]);

    /// <summary>Off the card, also while the gateway runs; null where there is none, or not all of it yet.</summary>
    public async Task<string?> ReadAsync(string name)
    {
        var (code, text) = await ChildProcess.RunAsync(
            "/usr/bin/mtype", "-i", Disk + CardPartition, $"::/sluice/{name}");
        return code == 0 ? text : null;
    }

    /// <summary>A file from the card, by its name, to a folder here.</summary>
    public Task TakeAsync(string name, string into) => DoAsync(
        "/usr/bin/mcopy", "-n", "-i", Disk + CardPartition, $"::/sluice/{name}", into);

    /// <summary>Until a file of the card is whole and holds the words.</summary>
    public async Task<string> SaysAsync(string name, string words, TimeSpan within)
    {
        string? text = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                await Task.Delay(500);
                return (text = await ReadAsync(name))?.Contains(words, StringComparison.Ordinal) == true;
            },
            within, () => $"{name} on the card never said '{words}', but: {text}{Ended()}");
        return text!;
    }

    /// <summary>Something else on the loader's partition of this copy.</summary>
    public Task PutOnLoaderAsync(string file, string place) => DoAsync(
        "/usr/bin/mcopy", "-o", "-i", Disk + LoaderPartition, file, $"::{place}");

    /// <summary>Names of the loader's entries, also while the gateway runs.</summary>
    public async Task<string[]> EntriesAsync()
    {
        var (_, said) = await ChildProcess.RunAsync(
            "/usr/bin/mdir", "-b", "-i", Disk + LoaderPartition, "::/loader/entries");
        return [.. said.Split('\n').Select(line => line.Trim().Split('/')[^1])
            .Where(name => name.StartsWith("sluice-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    public async Task<string> ReadFromLoaderAsync(string place) =>
        (await ChildProcess.RunAsync("/usr/bin/mtype", "-i", Disk + LoaderPartition, $"::{place}")).Text;

    public async Task PowerOnAsync(params string[] more)
    {
        foreach (var each in new[] { "qmp", "qtest", "command", "serial" })
        {
            File.Delete(Path.Combine(home, each));
        }

        machine = Process.Start(new ProcessStartInfo("qemu-system-aarch64", [.. Arguments(), .. more])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("QEMU does not start.");
        await Eventually.HoldsAsync(
            () => File.Exists(Path.Combine(home, "qtest")) || IsOff, AnswerMax, () => "QEMU does not start");
        qtest = await Wire.ConnectAsync(Path.Combine(home, "qtest"));
    }

    /// <summary>A cable on the board's serial line.</summary>
    public Task<Wire> CableAsync() => Wire.ConnectAsync(Path.Combine(home, "serial"));

    /// <summary>The command port of a test's own initrd.</summary>
    public Task<Wire> InsideAsync() => Wire.ConnectAsync(Path.Combine(home, "command"));

    public async Task CutPowerAsync()
    {
        qtest?.Dispose();
        qtest = null;
        if (machine is { HasExited: false })
        {
            machine.Kill();
            await machine.WaitForExitAsync();
        }

        machine?.Dispose();
        machine = null;
    }

    /// <summary>QEMU ends where the machine would start anew.</summary>
    public Task StartsAnewAsync(TimeSpan within) =>
        Eventually.HoldsAsync(() => IsOff, within, () => "the machine did not start anew");

    /// <summary>The light, as somebody before the cabinet sees it.</summary>
    public async Task<LineCourse> WatchLightAsync(TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        var (isHigh, turns, looks) = (await LevelAsync(), 0, 1);
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            await Task.Delay(20);
            var level = await LevelAsync();
            turns += level == isHigh ? 0 : 1;
            (isHigh, looks) = (level, looks + 1);
        }

        return new LineCourse(isHigh, turns, Stopwatch.GetElapsedTime(began).TotalSeconds, looks);
    }

    /// <summary>A stick into the USB port, for as long as something is done; then its content is on the stick again.
    /// </summary>
    public async Task<string> StickAsync(FatStick stick, string report, string words)
    {
        var (node, file) = ($"stick{++plugged}", Path.Combine(home, "usb.img"));
        await UsbStick.PartitionAsync(stick.Image, file);
        await MonitorAsync($$$"""
            {"execute":"blockdev-add","arguments":{"driver":"raw","node-name":"{{{node}}}",
              "file":{"driver":"file","filename":"{{{file}}}"} } }
            """.ReplaceLineEndings(" "));
        await MonitorAsync($$$"""
            {"execute":"device_add","arguments":
              {"driver":"usb-storage","id":"{{{node}}}","drive":"{{{node}}}","bus":"usb.0"} }
            """.ReplaceLineEndings(" "));
        var text = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                await Task.Delay(500);
                (_, text) = await ChildProcess.RunAsync("/usr/bin/mtype", "-i", file + "@@1M", $"::/sluice/{report}");
                return text.Contains(words, StringComparison.Ordinal);
            },
            TimeSpan.FromSeconds(180), () => $"the stick's report never said '{words}': {text}");
        try
        {
            await MonitorAsync($$"""{"execute":"device_del","arguments":{"id":"{{node}}"} }""");
        }
        catch (Exception gone) when (gone is IOException or System.Net.Sockets.SocketException)
        {
            // What the stick asked for was a new start.
            await StartsAnewAsync(AnswerMax);
        }

        return text;
    }

    /// <summary>The data partition as the next start finds it: a copy of it, with its journal played.</summary>
    public async Task<FlashedData> DataAsync()
    {
        var copy = Path.Combine(home, "data.img");
        File.Delete(copy);
        var (_, said) = await ChildProcess.RunAsync("/usr/sbin/sgdisk", "-i", "5", Disk);
        long Of(string words) => long.Parse(
            said.Split('\n').Single(line => line.StartsWith(words, StringComparison.Ordinal)).Split(' ')[2],
            CultureInfo.InvariantCulture);
        var (first, last) = (Of("First sector:"), Of("Last sector:"));
        await DoAsync("/bin/dd", $"if={Disk}", $"of={copy}", "bs=512", $"skip={first}", $"count={last - first + 1}",
            "conv=sparse", "status=none", "iflag=fullblock");
        await ChildProcess.RunAsync("/usr/bin/truncate", "-s", $"{(last - first + 1) * 512}", copy);
        await ChildProcess.RunAsync("/usr/sbin/e2fsck", "-p", copy);
        return new FlashedData(copy, first * 512, (last - first + 1) * 512);
    }

    /// <summary>A word to QEMU's own monitor.</summary>
    public async Task MonitorAsync(string word)
    {
        using var limit = new CancellationTokenSource(AnswerMax);
        using var qmp = await Wire.ConnectAsync(Path.Combine(home, "qmp"));
        await qmp.ReadLineAsync(limit.Token);
        foreach (var each in new[] { """{"execute":"qmp_capabilities"}""", word })
        {
            await qmp.WriteLineAsync(each, limit.Token);
            string? answer;
            do
            {
                answer = await qmp.ReadLineAsync(limit.Token) ?? throw new IOException("QEMU's monitor hung up.");
                using var json = JsonDocument.Parse(answer);
                if (json.RootElement.TryGetProperty("error", out var error))
                {
                    throw new IOException($"QEMU's monitor to {each}: {error}");
                }
            }
            while (!answer.Contains("\"return\"", StringComparison.Ordinal));
        }
    }

    public async ValueTask DisposeAsync() => await CutPowerAsync();

    public static async Task DoAsync(string program, params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(program, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{program} ended with {code}: {said}");
        }
    }

    private string Ended() => IsOff ? $" (the machine is off: {machine?.StandardError.ReadToEnd()})" : "";

    private async Task<bool> LevelAsync()
    {
        using var limit = new CancellationTokenSource(AnswerMax);
        await qtest!.WriteLineAsync($"readl 0x{LightRegister:x}", limit.Token);
        var answer = await qtest.ReadLineAsync(limit.Token) ?? throw new IOException("QEMU hung up.");
        return answer.StartsWith("OK ", StringComparison.Ordinal) ? Convert.ToUInt64(answer[3..], 16) != 0
            : throw new IOException(answer);
    }

    private string[] Arguments() =>
    [
        // By its device tree, which names the GPIO chip.
        "-machine", "virt,gic-version=3,acpi=off", "-cpu", "cortex-a57", "-accel", "tcg", "-smp", "2", "-m", "512",
        "-nodefaults", "-display", "none", "-no-reboot",
        "-drive", $"if=pflash,format=raw,readonly=on,file={Firmware}",
        "-drive", $"if=pflash,format=raw,file={Path.Combine(home, "variables")}",
        "-drive", $"if=none,id=disk,file={Disk},format=raw", "-device", "virtio-blk-pci,drive=disk,bootindex=1",
        "-netdev", "user,id=plant", "-device", $"virtio-net-pci,netdev=plant,romfile=,mac={DmzCard}",
        "-netdev", "user,id=machines,net=10.0.3.0/24",
        "-device", $"virtio-net-pci,netdev=machines,romfile=,mac={MachinesCard}",
        "-device", "qemu-xhci,id=usb", "-device", "i6300esb",
        "-device", "virtio-serial-pci",
        "-chardev", $"socket,id=command,path={Path.Combine(home, "command")},server=on,wait=off",
        "-device", "virtserialport,chardev=command,name=sluice.command",
        "-chardev", $"socket,id=console,path={Path.Combine(home, "serial")},server=on,wait=off,"
            + $"logfile={Path.Combine(home, "console")}", "-serial", "chardev:console",
        "-chardev", $"socket,id=qmp,path={Path.Combine(home, "qmp")},server=on,wait=off",
        "-mon", "chardev=qmp,mode=control",
        "-qtest", $"unix:{Path.Combine(home, "qtest")},server=on,wait=off", "-qtest-log", "/dev/null",
    ];
}

/// <param name="File">The partition's bytes.</param>
/// <param name="Start">Where it begins on the disk.</param>
/// <param name="Bytes">How large it is.</param>
internal sealed record FlashedData(string File, long Start, long Bytes)
{
    public async Task<string> ReadAsync(string path) =>
        string.Join('\n', (await ChildProcess.RunAsync("/usr/sbin/debugfs", "-R", $"cat {path}", File)).Text.Split('\n')
            .Where(line => !line.StartsWith("debugfs ", StringComparison.Ordinal)));

    public async Task<string> ListAsync(string path) =>
        (await ChildProcess.RunAsync("/usr/sbin/debugfs", "-R", $"ls -l {path}", File)).Text;

    /// <summary>How much of the partition the file system covers.</summary>
    public async Task<long> FileSystemBytesAsync()
    {
        var (_, text) = await ChildProcess.RunAsync("/usr/sbin/dumpe2fs", "-h", File);
        long Of(string words) => long.Parse(
            text.Split('\n').Single(line => line.StartsWith(words, StringComparison.Ordinal)).Split(':')[1].Trim(),
            CultureInfo.InvariantCulture);
        return Of("Block count:") * Of("Block size:");
    }
}
