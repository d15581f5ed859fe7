using System.Globalization;
using System.Net;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Field.Judges;

/// <summary>Our RTU client against pymodbus's RTU server, on a serial port and behind a converter.</summary>
public sealed class Judged_by_pymodbus : IAsyncLifetime
{
    private const string Serial = "serial";
    private const string Converter = "rtu-over-tcp";

    private static readonly ModbusSignal[] Every =
    [
        JudgedSignals.At("count", "holding:0", "uint32"),
        JudgedSignals.At("half", "holding:2", "float32"),
        JudgedSignals.At("below", "holding:4", "int16"),
        JudgedSignals.At("name", "holding:10", "string:10"),
        JudgedSignals.At("tenth", "holding:20", "float64"),
        JudgedSignals.At("cold", "holding:24", "int32", ByteOrder.CDAB),
        JudgedSignals.At("digits", "holding:26", "bcd32"),
        JudgedSignals.At("level", "input:0", "uint16"),
        JudgedSignals.At("running", "coil:0", "bool"),
        JudgedSignals.At("open", "discrete:1", "bool"),
        JudgedSignals.At("refused", "holding:100", "uint16"),
    ];

    private readonly FieldDirectory directory = new();
    private SerialCable? cable;
    private PymodbusServer machine = null!;
    private ModbusSource source = null!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    // A start that failed leaves them unmade, and its own words must not be lost over that.
    public async ValueTask DisposeAsync()
    {
        if (source is not null)
        {
            await source.DisposeAsync();
        }

        if (machine is not null)
        {
            await machine.DisposeAsync();
        }

        if (cable is not null)
        {
            await cable.DisposeAsync();
        }

        directory.Dispose();
    }

    [Theory]
    [InlineData(Serial)]
    [InlineData(Converter)]
    public async Task Values_of_every_type_are_right_and_a_refused_register_costs_no_other(string wire)
    {
        await StartAsync(wire);
        for (var turn = 0; turn < 20; turn++)
        {
            var readings = await JudgedSignals.ReadAsync(source);
            Assert.Equal(Quality.Bad(QualityReason.DeviceException), readings["refused"].Quality);
            Assert.All(
                readings.Values.Where(each => each.Signal.Name != "refused"),
                each => Assert.Equal(Quality.Good, each.Quality));
            var served = machine.Record()[^1].Count;
            Assert.Equal(served, readings["count"].Value.AsDouble);
            Assert.Equal(served / 2.0, readings["half"].Value.AsDouble);
            Assert.Equal("-2", readings["below"].Value.ToString());
            Assert.Equal("pymodbus", readings["name"].Value.ToString());
            Assert.Equal("-0.1", readings["tenth"].Value.ToString());
            Assert.Equal("-100000", readings["cold"].Value.ToString());
            Assert.Equal("12345678", readings["digits"].Value.ToString());
            Assert.Equal("1234", readings["level"].Value.ToString());
            Assert.Equal("true", readings["running"].Value.ToString());
            Assert.Equal("false", readings["open"].Value.ToString());
        }

        Assert.Equal(0, JudgedSignals.Counter(source, "badAnswers"));
        Assert.Equal(0, JudgedSignals.Counter(source, "timeouts"));
    }

    [Theory]
    [InlineData(Serial)]
    [InlineData(Converter)]
    public async Task A_server_that_hangs_is_a_Timeout_and_no_late_answer_is_taken_for_a_new_one(string wire)
    {
        await StartAsync(wire);
        await FreshAsync();
        machine.Hang();
        for (var turn = 0; turn < 3; turn++)
        {
            Assert.Equal(
                Quality.Bad(QualityReason.Timeout), (await JudgedSignals.ReadAsync(source, "count"))["count"].Quality);
        }

        // What it was asked while it hung it answers now, all at once: counts of before, and of another request.
        machine.GoOn();
        Assert.Equal("1234", (await JudgedSignals.ReadUntilAsync(
            source, "level", each => each.Quality.IsGood))[^1].Value.ToString());
        await FreshAsync();
    }

    [Theory]
    [InlineData(Serial, QualityReason.Timeout)]
    [InlineData(Converter, QualityReason.Disconnected)]
    public async Task A_server_that_ends_is_told_and_read_again_when_it_is_back(string wire, QualityReason reason)
    {
        await StartAsync(wire);
        await FreshAsync();
        await machine.KillAsync();
        Assert.Equal(
            Quality.Bad(reason), (await JudgedSignals.ReadAsync(source, "count"))["count"].Quality);
        await machine.StartAsync();
        await JudgedSignals.ReadUntilAsync(source, "count", each => each.Quality.IsGood);
        await FreshAsync();
    }

    /// <summary>Each answer is the one that the server gave to this very read, by its own record.</summary>
    private async Task FreshAsync()
    {
        for (var turn = 0; turn < 10; turn++)
        {
            var before = machine.Record() is [.., var last] ? last.Count : 0;
            var readings = await JudgedSignals.ReadAsync(source, "count", "half");
            Assert.Equal(Quality.Good, readings["count"].Quality);
            Assert.Equal(
                (before + 1).ToString(CultureInfo.InvariantCulture), readings["count"].Value.ToString());
            Assert.Equal((before + 1) / 2.0, readings["half"].Value.AsDouble);
        }
    }

    private async Task StartAsync(string wire)
    {
        if (wire == Serial)
        {
            cable = await SerialCable.StartAsync(directory);
            machine = await PymodbusServer.StartOnSerialAsync(directory, cable.MachineEnd);
        }
        else
        {
            machine = await PymodbusServer.StartAsync(directory, wire);
        }

        source = ModbusSource.OverRtu(
            "judge", Every,
            cable is null ? null : new SerialPortOptions { Path = cable.GatewayEnd, Parity = SerialParity.None },
            cable is null ? new IPEndPoint(IPAddress.Loopback, machine.Port) : null,
            new ModbusRtuOptions { ListenFirst = TimeSpan.Zero }, TimeProvider.System);
    }
}
