using System.Globalization;
using System.Net;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Field.Judges;

/// <summary>
/// Our TCP client against the server that libmodbus tests its own client with: special addresses of it misbehave. What
/// it answers wrong is never Good, and the next right answer is read. Its map and its addresses: unit-test.h.
/// </summary>
public sealed class Judged_by_libmodbus : IAsyncLifetime
{
    private const byte Unit = 17;
    private const byte AnyUnit = 255;
    private const int InputBits = 0x1C4;

    private static readonly byte[] InputBitBytes = [0xAC, 0xDB, 0x35];

    // Less than the server's sleep of 0.5 s, and so much that what is left of the sleep fits into the next deadline.
    private static readonly TimeSpan Impatient = TimeSpan.FromMilliseconds(400);

    private readonly FieldDirectory directory = new();
    private LibmodbusServer server = null!;
    private ModbusSource source = null!;

    public async ValueTask InitializeAsync() => server = await LibmodbusServer.StartAsync(directory);

    // A start that failed leaves them unmade, and its own words must not be lost over that.
    public async ValueTask DisposeAsync()
    {
        if (source is not null)
        {
            await source.DisposeAsync();
        }

        if (server is not null)
        {
            await server.DisposeAsync();
        }

        directory.Dispose();
    }

    [Fact]
    public async Task What_it_serves_is_read_right_and_past_its_end_it_refuses()
    {
        var bits = Enumerable.Range(0, 22)
            .Select(index => At($"bit{index}", string.Create(CultureInfo.InvariantCulture,
                $"discrete:{InputBits + index}"), "bool"));
        source = Source(
            Impatient, oneRequestPerSignal: false,
            [Right, At("first", "holding:352", "uint64"), At("past", "input:265", "uint16"), .. bits]);
        await ListensAsync();
        var readings = await JudgedSignals.ReadAsync(source);
        for (var index = 0; index < 22; index++)
        {
            var expected = (InputBitBytes[index / 8] >> (index % 8) & 1) != 0;
            Assert.Equal(SignalValue.From(expected), readings[$"bit{index}"].Value);
            Assert.Equal(Quality.Good, readings[$"bit{index}"].Quality);
        }

        Assert.Equal("0", readings["first"].Value.ToString());
        Assert.Equal(Quality.Bad(QualityReason.DeviceException), readings["past"].Quality);
    }

    [Fact]
    public async Task Busy_is_waited_for_within_bounds_and_then_told()
    {
        await OpenAsync(At("busy", "holding:368", "uint16"));
        Assert.Equal(Quality.Bad(QualityReason.DeviceException), await QualityOfAsync("busy"));
        Assert.Equal(ModbusSource.BusyWaitsMax + 1, JudgedSignals.Counter(source, "busyAnswers"));
        await GoodAgainAsync();
    }

    [Fact]
    public async Task An_answer_with_another_transaction_and_unit_is_nobodys()
    {
        await OpenAsync(At("stranger", "holding:369", "uint16"));
        Assert.Equal(Quality.Bad(QualityReason.Timeout), await QualityOfAsync("stranger"));
        await server.Process.SaysAsync("Reply with an invalid TID or slave", FieldPlant.Soon);
        Assert.Equal(1, JudgedSignals.Counter(source, "strayAnswers"));
        await GoodAgainAsync();
        Assert.Equal(1, JudgedSignals.Counter(source, "connects"));
    }

    [Fact]
    public async Task An_answer_after_the_deadline_is_late_and_not_the_next_one()
    {
        await OpenAsync(At("slow", "holding:370", "uint16"));
        Assert.Equal(Quality.Bad(QualityReason.Timeout), await QualityOfAsync("slow"));
        await GoodAgainAsync();
        Assert.Equal(1, JudgedSignals.Counter(source, "lateAnswers"));
        Assert.Equal(1, JudgedSignals.Counter(source, "connects"));
    }

    [Fact]
    public async Task An_answer_before_the_deadline_is_Good_however_long_it_took()
    {
        source = Source(TimeSpan.FromSeconds(5), oneRequestPerSignal: true, Right, At("slow", "holding:370", "uint16"));
        await ListensAsync();
        var began = TimeProvider.System.GetTimestamp();
        Assert.Equal(Quality.Good, await QualityOfAsync("slow"));
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromSeconds(0.5));
        Assert.Equal(0, JudgedSignals.Counter(source, "timeouts"));
    }

    [Fact]
    public async Task An_answer_byte_by_byte_is_taken_only_where_its_transaction_is_right()
    {
        // The server repeats only the low byte of the transaction id and makes the high byte 0. So its answer is wrong,
        // until an id has its turn whose high byte is 0. It answers as unit 255, so that is whom we ask, and all of it:
        // a unit that never answered would be asked by rare probes only.
        source = Source(
            Impatient, oneRequestPerSignal: true,
            At("right", "input:264", "uint16", AnyUnit), At("bytes", "holding:371", "uint16", AnyUnit));
        await ListensAsync();
        Assert.Equal(Quality.Bad(QualityReason.Timeout), await QualityOfAsync("bytes"));
        Assert.Equal(1, JudgedSignals.Counter(source, "strayAnswers"));

        var ahead = RequestsBeforeAnIdBelow256(JudgedSignals.Counter(source, "requests"));
        for (var turn = 0; turn < ahead; turn++)
        {
            await GoodAgainAsync();
        }

        Assert.Equal(Quality.Good, await QualityOfAsync("bytes"));
        await GoodAgainAsync();
        Assert.Equal(1, JudgedSignals.Counter(source, "connects"));
    }

    [Fact]
    public async Task An_answer_with_fewer_registers_than_asked_for_is_no_value()
    {
        await OpenAsync(At("short", "holding:352", "uint32"));
        Assert.Equal(Quality.Bad(QualityReason.Checksum), await QualityOfAsync("short"));
        await server.Process.SaysAsync("Set an incorrect number of values", FieldPlant.Soon);

        // After a wrong length the stream cannot be trusted: we close, and this server ends with its one connection.
        await server.Process.ExitAsync(FieldPlant.Soon);
        await server.RestartAsync();
        await ListensAsync();
        await GoodAgainAsync();
    }

    private static ModbusSignal Right => At("right", "input:264", "uint16");

    private static ModbusSignal At(string name, string address, string type, byte unit = Unit) =>
        JudgedSignals.At(name, address, type, unit: unit);

    /// <summary>How many more requests a client that has made this many sends before its id is below 256.</summary>
    private static int RequestsBeforeAnIdBelow256(long made)
    {
        var table = new TransactionTable(1, 0);
        for (var number = 0; ; number++)
        {
            table.Release(table.Begin(out var transaction));
            if (transaction < 256 && number >= made)
            {
                return number - (int)made;
            }
        }
    }

    private async Task OpenAsync(ModbusSignal special)
    {
        source = Source(Impatient, oneRequestPerSignal: true, Right, special);
        await ListensAsync();
    }

    private async Task ListensAsync() =>
        await JudgedSignals.ReadUntilAsync(source, "right", each => each.Quality.IsGood);

    private ModbusSource Source(TimeSpan timeout, bool oneRequestPerSignal, params ModbusSignal[] signals) => new(
        "judge", signals,
        new ModbusTcpOptions
        {
            Address = IPAddress.Loopback,
            Port = server.Port,
            Timeout = timeout,
            OneRequestPerSignal = oneRequestPerSignal,
            ReconnectFirst = TimeSpan.FromMilliseconds(20),
            ReconnectMax = TimeSpan.FromMilliseconds(100),
        },
        TimeProvider.System);

    private async Task<Quality> QualityOfAsync(string name) =>
        (await JudgedSignals.ReadAsync(source, name))[name].Quality;

    /// <summary>The register that is always right is read, and is right, at the first try.</summary>
    private async Task GoodAgainAsync()
    {
        var right = (await JudgedSignals.ReadAsync(source, "right"))["right"];
        Assert.Equal((Quality.Good, "10"), (right.Quality, right.Value.ToString()));
    }
}
