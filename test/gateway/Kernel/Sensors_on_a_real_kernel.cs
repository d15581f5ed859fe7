using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>The sensor source over a real driver: lm75 on the kernel's own stub of an I2C bus.</summary>
[Collection(nameof(VirtualGateway))]
public sealed class Sensors_on_a_real_kernel(VirtualGateway machine)
{
    private const string Sensor = "hwmon:lm75/temp1";

    [Fact]
    public async Task A_temperature_is_read_in_degrees_below_zero_too_and_comes_and_goes_with_its_chip()
    {
        await machine.RunAsync("modprobe i2c-dev; modprobe i2c-stub chip_addr=0x48; modprobe lm75");
        await using var probe = await Probe.SensorsAsync(machine, Sensor);
        Assert.Equal(" Bad/Disconnected", probe[Sensor]);

        // LM75, temperature register 0: half degrees in the upper nine bits, high byte first; SMBus words are low byte
        // first. 23.5 degC is 0x1780.
        await machine.RunAsync("i2cset -y 0 0x48 0 0x8017 w");
        await machine.RunAsync("echo lm75 0x48 > /sys/bus/i2c/devices/i2c-0/new_device");
        await probe.UntilAsync(() => probe[Sensor] == "23.5 Good");
        var listed = await machine.RunAsync("/app/sluice-agent discover sensors");
        Assert.Matches($@"(?m)^{Sensor} +23\.5 degC", listed);

        // -25 degC is 0xE700. The driver asks its chip again only after its update interval.
        await machine.RunAsync("i2cset -f -y 0 0x48 0 0x00e7 w");
        await probe.UntilAsync(() => probe[Sensor] == "-25 Good");

        await machine.RunAsync("echo 0x48 > /sys/bus/i2c/devices/i2c-0/delete_device");
        await probe.UntilAsync(() => probe[Sensor] == " Bad/Disconnected");
    }
}
