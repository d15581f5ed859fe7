using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field;

/// <summary>The file for ARM64, run here under qemu-user with Debian's arm64 libc and libssl.</summary>
public sealed class Other_machines
{
    // Emulated start and handshake, two cores shared with other tests.
    private static readonly TimeSpan Emulated = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task The_ARM64_file_brings_a_reading_to_the_broker_over_mutual_TLS()
    {
        await using var plant = await FieldPlant.StartAsync();
        var root = Path.Combine(FieldDirectory.Repository(), ".cache", "arm64-root");
        await using var arm = new FieldGateway(plant.Directory)
        {
            Program = ["/usr/bin/qemu-aarch64-static", "-L", root, FieldGateway.Binary("linux-arm64")],
        };
        arm.Start();

        await Eventually.HoldsAsync(() => plant.Mes.Counts().Count >= 5, Emulated, () => arm.Process.Tail());

        var header = new byte[20];
        await using (var binary = File.OpenRead(FieldGateway.Binary("linux-arm64")))
        {
            await binary.ReadExactlyAsync(header);
        }

        // ELF, and e_machine 183: EM_AARCH64.
        Assert.Equal([0x7f, (byte)'E', (byte)'L', (byte)'F', 183], (byte[])[.. header[..4], header[18]]);
        Assert.Equal(0, await arm.StopAsync());
        await plant.Mes.HasNoGapAsync(FieldPlant.Soon, arm);
    }
}
