using System.Buffers.Binary;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;

namespace Sluice.Gateway.Systemd;

/// <summary>
/// A stick as one buys it, with one FAT partition, that is plugged into the guest's USB and taken out again.
/// </summary>
internal sealed class UsbStick(VirtualGateway machine, FatStick stick, string file)
{
    private const int SectorBytes = 512;

    /// <summary>Where the partition begins: 1 MiB, as everybody's does.</summary>
    private const int FirstSector = 2048;

    private static readonly TimeSpan JobsMax = TimeSpan.FromSeconds(120);

    private int pluggedIn;

    /// <summary>In, and out again when the unit that udev starts has ended; all that it said.</summary>
    public async Task<string> InAndOutAsync()
    {
        var node = $"stick{++pluggedIn}";
        await PartitionAsync();
        await DoAsync("blockdev-add", $$$"""
            {"driver":"raw","node-name":"{{{node}}}","file":{"driver":"file","filename":"{{{file}}}"}}
            """);
        await DoAsync("device_add",
            $$"""{"driver":"usb-storage","id":"{{node}}","drive":"{{node}}","bus":"usb.0","port":"2"}""");
        var said = "";
        await Eventually.HoldsAsync(
            async () => Ended(said = await machine.RunAsync("journalctl -u 'sluice-stick@*' -o cat --no-pager; true")),
            JobsMax, () => $"the stick's unit never ended: {said}");
        await DoAsync("device_del", $$"""{"id":"{{node}}"}""");
        await Eventually.HoldsAsync(
            async () => (await machine.RunAsync("ls /dev/sda 2>/dev/null; true")).Length == 0, JobsMax,
            () => "the stick is still there");
        await Eventually.HoldsAsync(() => GoneAsync(node), JobsMax, () => "QEMU still holds the stick");
        await using var whole = File.OpenRead(file);
        whole.Position = FirstSector * SectorBytes;
        await using var partition = File.Create(stick.Image);
        await whole.CopyToAsync(partition);
        return said;

        // Each time udev starts it once more, and systemd forgets a unit that ended well: its journal stays.
        bool Ended(string journal) => journal.Split('\n').Count(line =>
            line.StartsWith("Finished sluice-stick@", StringComparison.Ordinal)
            || line.StartsWith("Failed to start sluice-stick@", StringComparison.Ordinal)) == pluggedIn;
    }

    /// <summary>On the laptop.</summary>
    public Task OnLaptopAsync(Func<string, Task> act) => stick.InAsync("laptop", act);

    /// <summary>A master boot record with one entry, of type 0C: FAT with addresses of sectors.</summary>
    private Task PartitionAsync() => PartitionAsync(stick.Image, file);

    internal static async Task PartitionAsync(string partition, string file)
    {
        var content = await File.ReadAllBytesAsync(partition);
        var whole = new byte[(FirstSector * SectorBytes) + content.Length];
        whole[450] = 0x0C;
        BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(454), FirstSector);
        BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(458), content.Length / SectorBytes);
        (whole[510], whole[511]) = (0x55, 0xAA);
        content.CopyTo(whole, FirstSector * SectorBytes);
        await File.WriteAllBytesAsync(file, whole);
    }

    private async Task<bool> GoneAsync(string node)
    {
        try
        {
            await DoAsync("blockdev-del", $$"""{"node-name":"{{node}}"}""");
            return true;
        }
        catch (IOException)
        {
            return false;               // the guest has not let go of it yet
        }
    }

    private Task<JsonElement> DoAsync(string word, string arguments) =>
        machine.MonitorAsync($$"""{"execute":"{{word}}","arguments":{{arguments}}}""");
}
