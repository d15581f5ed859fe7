using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Field.Parts;
using Xunit;

[assembly: AssemblyFixture(typeof(Sluice.Gateway.Machine.VirtualGateway))]

namespace Sluice.Gateway.Machine;

/// <summary>
/// An ARM64 machine in QEMU with Debian's kernel: real /dev/gpiochipN, real hwmon. Booted once for all tests, in
/// seconds, and killed at the end. What the guest is made of: build-guest.sh.
/// <para>
/// Three wires lead into it. The command port runs a line in the guest's shell. The wires of the board's own chip (a
/// PL061) are moved from outside through QEMU's qtest socket. The console goes to a file, for whoever looks for the
/// reason of a failure.
/// </para>
/// </summary>
public sealed class VirtualGateway : IAsyncLifetime
{
    /// <summary>Twenty seconds on a quiet machine; two minutes were too few on a very busy one.</summary>
    private static readonly TimeSpan BootMax = TimeSpan.FromSeconds(300);

    private static readonly TimeSpan CommandMax = TimeSpan.FromSeconds(120);

    /// <summary>
    /// The register of the board chip that says which edges were not taken yet: GPIORIS, offset 0x414 (Arm DDI 0190B,
    /// 3.3.9), of the PL061 at 0x09030000 (QEMU, hw/arm/virt.c).
    /// </summary>
    private const string PendingInterrupts = "readl 0x9030414";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-gateway-").FullName;
    private readonly GuestMake make;
    private Process? machine;
    private Wire? command;
    private Wire? qtest;
    private string pl061 = "";

    /// <summary>
    /// One processor: an edge that gpio-sim makes is then handled before the writer's next one, so that a burst is
    /// paced by the kernel itself.
    /// </summary>
    public VirtualGateway()
        : this(GuestMake.Small(1))
    {
    }

    private VirtualGateway(GuestMake make) => this.make = make;

    /// <summary>Another machine, of a test's own; not booted yet.</summary>
    internal static VirtualGateway Of(GuestMake make) => new(make);

    public async ValueTask InitializeAsync()
    {
        var began = Stopwatch.GetTimestamp();
        machine = Process.Start(new ProcessStartInfo("qemu-system-aarch64", Arguments())
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("QEMU does not start.");
        await WaitForBootAsync();
        command = await Wire.ConnectAsync(Socket("command"));
        qtest = await Wire.ConnectAsync(Socket("qtest"));
        pl061 = await FindBoardChipAsync();
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Figures.Say($"{make.Name} up after {took:F1} s");
    }

    public async ValueTask DisposeAsync()
    {
        command?.Dispose();
        qtest?.Dispose();
        if (machine is { HasExited: false })
        {
            machine.Kill();
            await machine.WaitForExitAsync();
        }

        machine?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Runs a line in the guest's shell; its output, or an exception that holds it.</summary>
    public async Task<string> RunAsync(string line)
    {
        using var limit = new CancellationTokenSource(CommandMax);
        await command!.WriteLineAsync(line, limit.Token);
        var output = new StringBuilder();
        while (true)
        {
            var said = await command.ReadLineAsync(limit.Token)
                ?? throw new IOException($"The guest hung up on: {line}\n{Console()}");
            if (said.StartsWith("@@RC ", StringComparison.Ordinal))
            {
                return said == "@@RC 0" ? output.ToString()
                    : throw new IOException($"{line}\nended with {said[5..]}:\n{output}");
            }

            output.Append(said).Append('\n');
        }
    }

    /// <summary>Copies a folder of this machine into the guest, with its permissions.</summary>
    public async Task CopyInAsync(string from, string to)
    {
        using var archive = new MemoryStream();
        await System.Formats.Tar.TarFile.CreateFromDirectoryAsync(from, archive, includeBaseDirectory: false);
        var text = Convert.ToBase64String(archive.ToArray());
        await RunAsync($"mkdir -p {to}; rm -f /tmp/copied");

        // In pieces: a line of the command port is held in the guest's memory as a whole.
        for (var at = 0; at < text.Length; at += 16_384)
        {
            await RunAsync($"echo {text.Substring(at, Math.Min(16_384, text.Length - at))} >> /tmp/copied");
        }

        await RunAsync($"base64 -d < /tmp/copied | tar x -C {to}");
    }

    /// <summary>Moves an input wire of the board's own chip. Line 3 is the power key: leave it alone.</summary>
    public async Task SetBoardLineAsync(int line, bool high)
    {
        using var limit = new CancellationTokenSource(CommandMax);
        await qtest!.WriteLineAsync(
            string.Create(CultureInfo.InvariantCulture,
                $"set_irq_in {pl061} unnamed-gpio-in {line} {(high ? 1 : 0)}"), limit.Token);
        var answer = await qtest.ReadLineAsync(limit.Token);
        Assert.StartsWith("OK", answer, StringComparison.Ordinal);
    }

    /// <summary>
    /// Waits until the guest's kernel has taken the interrupt of the last edge of a board line; true where it was late.
    /// </summary>
    public async Task<bool> WaitForTakenAsync(int line)
    {
        using var limit = new CancellationTokenSource(CommandMax);
        var late = false;
        while (true)
        {
            await qtest!.WriteLineAsync(PendingInterrupts, limit.Token);
            var answer = await qtest.ReadLineAsync(limit.Token) ?? throw new IOException("QEMU hung up.");
            Assert.StartsWith("OK ", answer, StringComparison.Ordinal);
            if ((Convert.ToUInt64(answer[3..], 16) & (1UL << line)) == 0)
            {
                return late;
            }

            late = true;
            await Task.Delay(1, limit.Token);
        }
    }

    private string Socket(string name) => Path.Combine(directory, name);

    private string Console() =>
        File.Exists(Socket("console")) ? Printable.Of(File.ReadAllText(Socket("console"))) : "";

    private string[] Arguments() =>
    [
        "-machine", "virt,gic-version=3", "-cpu", "cortex-a57", "-accel", "tcg",
        "-smp", $"{make.Processors}", "-m", $"{make.Megabytes}",
        "-nodefaults", "-display", "none", "-no-reboot",
        "-chardev", $"file,id=console,path={Socket("console")}", "-serial", "chardev:console",
        "-chardev", $"socket,id=qmp,path={Socket("qmp")},server=on,wait=off", "-mon", "chardev=qmp,mode=control",
        "-device", "virtio-serial-pci",
        "-chardev", $"socket,id=command,path={Socket("command")},server=on,wait=off",
        "-device", "virtserialport,chardev=command,name=sluice.command",
        "-netdev", "user,id=plant", "-device", "virtio-net-pci,netdev=plant,romfile=",
        "-qtest", $"unix:{Socket("qtest")},server=on,wait=off", "-qtest-log", "/dev/null",
        "-kernel", make.Kernel, "-initrd", make.Initrd, "-append", $"console=ttyAMA0 quiet panic=5 {make.Append}",
        .. make.Devices,
    ];

    private async Task WaitForBootAsync()
    {
        var began = Stopwatch.GetTimestamp();
        while (!Console().Contains("GUEST-READY", StringComparison.Ordinal))
        {
            if (machine!.HasExited)
            {
                throw new InvalidOperationException("QEMU ended: " + await machine.StandardError.ReadToEndAsync());
            }

            if (Stopwatch.GetElapsedTime(began) > BootMax)
            {
                throw new TimeoutException($"The guest is not up after {BootMax.TotalSeconds} s:\n{Console()}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Where the board's GPIO chip hangs in QEMU's tree of objects: it has no name of its own.</summary>
    private async Task<string> FindBoardChipAsync()
    {
        var objects = await MonitorAsync("""{"execute":"qom-list","arguments":{"path":"/machine/unattached"}}""");
        return "/machine/unattached/" + objects.EnumerateArray()
            .Single(each => each.GetProperty("type").GetString() == "child<pl061>").GetProperty("name").GetString();
    }

    /// <summary>A word to QEMU's own monitor (QMP), such as one that unplugs a device; what it gives back.</summary>
    public async Task<JsonElement> MonitorAsync(string word)
    {
        using var limit = new CancellationTokenSource(CommandMax);
        using var qmp = await Wire.ConnectAsync(Socket("qmp"));
        await qmp.ReadLineAsync(limit.Token);
        await qmp.WriteLineAsync("""{"execute":"qmp_capabilities"}""", limit.Token);
        await qmp.ReadLineAsync(limit.Token);
        await qmp.WriteLineAsync(word, limit.Token);
        while (true)
        {
            using var answer = JsonDocument.Parse(
                await qmp.ReadLineAsync(limit.Token) ?? throw new IOException("QEMU's monitor hung up."));
            if (answer.RootElement.TryGetProperty("error", out var error))
            {
                throw new IOException($"QEMU's monitor to {word}: {error}");
            }

            if (answer.RootElement.TryGetProperty("return", out var returned))
            {
                return returned.Clone();
            }
        }
    }
}
