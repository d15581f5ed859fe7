using System.Runtime.InteropServices;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field;

/// <summary>What the kernel of this machine says of its clock, asked by the agent and by somebody else.</summary>
public sealed class The_kernels_clock
{
    private const int TimeError = 5;
    private const string Timesyncd = "/run/systemd/timesync/synchronized";

    [Fact]
    public async Task Decides_whether_readings_are_uncertain()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Configure(plant.Configuration with { Clock = "synchronised" });
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await Eventually.HoldsAsync(
            () => plant.Mes.Judge((_, stream) => stream.Ledger?.Clock is not null && stream.Readings >= 5),
            FieldPlant.Later, plant.Mes.Account);

        var isSet = Ntp.State() is >= 0 and < TimeError || File.Exists(Timesyncd);
        var clock = plant.Mes.Judge((_, stream) => stream.Ledger!.Clock!);
        var boot = Guid.Parse(await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id"));
        Assert.Equal((isSet, boot.ToString("N")), (clock.IsSet, clock.Boot));
        var status = (await plant.Gateway.StatusJsonAsync()).GetProperty("clock");
        Assert.Equal(isSet ? "set" : "not set", status.GetProperty("state").GetString());
        var unset = plant.Mes.Judge((_, stream) => stream.Stores.Values.Sum(store => store.ClockNotSet));
        Assert.Equal(isSet, unset == 0);
    }

    /// <summary>ntp_gettime(3): the C library's own door to the same kernel.</summary>
    private static class Ntp
    {
        // struct ntptimeval: time (16), maxerror, esterror, tai, four reserved longs: 72 bytes on a 64-bit machine.
        private const int Bytes = 72;

        public static int State() => Gettime(new byte[Bytes]);

        [DllImport("libc", EntryPoint = "ntp_gettime")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Gettime(byte[] into);
    }
}
