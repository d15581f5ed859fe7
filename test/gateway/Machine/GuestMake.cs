namespace Sluice.Gateway.Machine;

/// <summary>What a virtual gateway is made of.</summary>
/// <param name="Name">For the figures.</param>
/// <param name="Kernel">A file of this machine.</param>
/// <param name="Initrd">A file of this machine.</param>
/// <param name="Append">To the kernel's command line.</param>
/// <param name="Processors">How many.</param>
/// <param name="Megabytes">Of memory.</param>
/// <param name="Devices">QEMU's arguments for what it has beyond a console, a network and the test's own wires.</param>
internal sealed record GuestMake(
    string Name, string Kernel, string Initrd, string Append, int Processors, int Megabytes, string[] Devices)
{
    /// <summary>Debian 12's kernel with busybox and nothing else: build-guest.sh. Up in seconds.</summary>
    public static GuestMake Small(int processors) => new(
        $"guest with {processors} processor(s)", At(".cache/gateway/vmlinuz"), At("out/gateway/initrd"), "rdinit=/init",
        processors, 256, []);

    /// <summary>
    /// Debian with its own systemd and kernel, the agent and its units where the package puts them: the folder system.
    /// Whatever it writes is gone with it.
    /// </summary>
    /// <param name="suite">trixie is Debian 13, bookworm 12.</param>
    /// <param name="serial">A serial port of this machine that its USB adapter is joined to.</param>
    public static GuestMake System(string suite, string serial) => new(
        $"{suite} with its systemd", At($".cache/system-{suite}/vmlinuz"), At($".cache/system-{suite}/initrd"),
        "net.ifnames=0", 2, 512,
        [
            "-drive", $"if=none,id=disk,file={At($"out/gateway/{suite}.ext4")},format=raw,snapshot=on",
            "-device", "virtio-blk-pci,drive=disk",
            "-netdev", "user,id=machines,net=10.0.3.0/24", "-device", "virtio-net-pci,netdev=machines,romfile=",
            "-device", "qemu-xhci,id=usb", "-chardev", $"serial,id=line,path={serial}",
            "-device", "usb-serial,id=adapter,chardev=line,bus=usb.0,port=1",
        ]);

    private static string At(string file) => Path.Combine(Figures.Root, file);
}
