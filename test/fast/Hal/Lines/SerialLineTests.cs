using System.Globalization;
using System.Runtime.InteropServices;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Lines;

public sealed class SerialLineTests
{
    private const int ChildEnded = 17;

    [Theory]
    [InlineData("/dev/serial/by-path/no-such-adapter", "is not there")]
    [InlineData("/dev/null", "is no serial port")]
    public async Task A_port_that_cannot_be_used_is_disconnected_and_says_why(string path, string sentence)
    {
        await using var source = Source(new SerialPortOptions { Path = path });
        Assert.Equal(Quality.Bad(QualityReason.Disconnected), (await Signals.ReadAsync(source))["a"].Quality);
        Assert.Contains(sentence, source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_without_rs485_direction_control_is_refused_rather_than_driven_wrongly()
    {
        await using var device = new ScriptedSerialDevice();
        await using var source = Source(new SerialPortOptions { Path = device.Path, Rs485 = true });
        Assert.Equal(Quality.Bad(QualityReason.Disconnected), (await Signals.ReadAsync(source))["a"].Quality);
        Assert.Contains("RS-485", source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adapter_that_is_pulled_out_is_disconnected_and_nothing_hangs()
    {
        await using var device = new ScriptedSerialDevice();
        await using var source = Source(new SerialPortOptions { Path = device.Path });
        await Signals.ReadAsync(source);
        await device.DisposeAsync();
        var readings = await Signals.ReadUntilAsync(
            source, each => each["a"].Quality == Quality.Bad(QualityReason.Disconnected));
        Assert.Equal(ValueKind.None, readings["a"].Value.Kind);
        Assert.Contains(device.Path, source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signal_to_the_process_is_not_taken_for_a_port_that_is_gone()
    {
        using var handled = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, static _ => { });
        await using var device = new ScriptedSerialDevice();
        await using var source = Source(new SerialPortOptions { Path = device.Path });
        var reading = Signals.ReadAsync(source);
        while (!reading.IsCompleted)
        {
            // To each thread, so that the one that waits for the port is surely hit.
            foreach (var thread in Directory.GetDirectories("/proc/self/task"))
            {
                var id = int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture);
                _ = SignalThread(Environment.ProcessId, id, ChildEnded);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), TestContext.Current.CancellationToken);
        }

        Assert.Equal(Quality.Bad(QualityReason.Timeout), (await reading)["a"].Quality);
        Assert.Equal(0, Signals.Counter(source, "disconnects"));
    }

    [DllImport("libc", EntryPoint = "tgkill")]
    private static extern int SignalThread(int process, int thread, int signal);

    private static ModbusSource Source(SerialPortOptions port)
    {
        var options = new ModbusRtuOptions { Timeout = TimeSpan.FromMilliseconds(60), ListenFirst = TimeSpan.Zero };
        return new ModbusSource(
            "plc", [Signals.Modbus("a", "holding:0", "uint16")],
            new ModbusRtuClient(new SerialByteLine(port), options, TimeProvider.System), new ModbusSourceOptions(),
            TimeProvider.System);
    }
}
