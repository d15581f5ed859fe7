using Sluice.Agent.Binding;
using Xunit;

namespace Sluice.Fast.Binding;

/// <summary>The id of the card or disk below a directory, from trees as the kernel lays them out.</summary>
public sealed class StorageIdTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("sluice-sys-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("emmc's second partition", "mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0p2",
        "mmcblk0/device/cid", "15010038474e44335202a3b1c2d34700\n", "15010038474e44335202a3b1c2d34700")]
    [InlineData("NVMe", "nvme0n1/nvme0n1p1", "nvme0n1/wwid", "eui.00253852114045e4\n", "eui.00253852114045e4")]
    [InlineData("SATA", "sda/sda1", "sda/device/wwid",
        "t10.ATA     QEMU HARDDISK                           QM00001             \n",
        "t10.ATAQEMUHARDDISKQM00001")]
    [InlineData("virtio, whole disk", "vda", "vda/serial", "disk-7\n", "disk-7")]
    [InlineData("virtio without a number", "vda", "vda/serial", "\n", null)]
    [InlineData("zeros", "sda/sda1", "sda/device/serial", "0000000000\n", null)]
    public void A_disk_says_its_number_or_nothing(
        string what, string partition, string file, string content, string? id)
    {
        var disk = file[..file.IndexOf('/')];
        var above = partition.Contains($"/{disk}/") ? partition[..partition.IndexOf($"/{disk}/")] + "/" : "";
        Device("179:2", partition);
        Write($"sys/devices/{above}{file}", content);

        Assert.True(id == Id(179, 2), what);
    }

    [Fact]
    public void What_is_encrypted_is_asked_below_and_an_array_is_not()
    {
        Device("253:0", "virtual/block/dm-0");
        Device("8:2", "sda/sda2");
        Device("8:18", "sdb/sdb2");
        Write("sys/devices/sda/device/wwid", "naa.5000c500a1b2c3d4\n");
        Slave("virtual/block/dm-0", "sda/sda2");
        Assert.Equal("naa.5000c500a1b2c3d4", Id(253, 0));

        Slave("virtual/block/dm-0", "sdb/sdb2");
        Assert.Null(Id(253, 0));
    }

    [Fact]
    public void A_card_in_a_reader_on_USB_is_known_by_the_reader()
    {
        Device("8:1", "usb1/1-1/1-1:1.0/host0/block/sda/sda1");
        Write("sys/devices/usb1/1-1/idVendor", "0781\n");
        Write("sys/devices/usb1/1-1/serial", "4C530001\n");

        Assert.Equal("4C530001", Id(8, 1));
    }

    [Fact]
    public void A_file_system_without_a_disk_has_no_number()
    {
        Directory.CreateDirectory(Path.Combine(root, "sys/dev/block"));
        Assert.Null(Id(0, 42));
        Assert.Null(StorageId.Of(Path.Combine(root, "not/made/yet"), root));
        Assert.Equal(MachineFacts.None, MachineFacts.Here(root, root));
    }

    private string? Id(uint major, uint minor) => StorageId.Of(new DeviceNumber(major, minor), root);

    /// <summary>A device below sys/devices, by its number; one with a disk above it is a partition.</summary>
    private void Device(string number, string path)
    {
        var name = Path.GetFileName(path);
        var above = Path.GetFileName(Path.GetDirectoryName(path)!);
        if (above.Length > 0 && name.StartsWith(above, StringComparison.Ordinal))
        {
            Write($"sys/devices/{path}/partition", "1\n");
        }

        Directory.CreateDirectory(Path.Combine(root, "sys/devices", path));
        Directory.CreateDirectory(Path.Combine(root, "sys/dev/block"));
        Directory.CreateSymbolicLink(Path.Combine(root, "sys/dev/block", number), $"../../devices/{path}");
    }

    private void Slave(string path, string below)
    {
        var folder = Path.Combine(root, "sys/devices", path, "slaves");
        Directory.CreateDirectory(folder);
        Directory.CreateSymbolicLink(
            Path.Combine(folder, Path.GetFileName(below)), Path.Combine(root, "sys/devices", below));
    }

    private void Write(string file, string content)
    {
        var path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
