using System.Globalization;
using System.Net;
using Sluice.Fast.Hal.Faults;
using Sluice.Fast.Hal.Lines;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Units;

/// <summary>A bus as large as Modbus allows, on which one unit lives.</summary>
public sealed class ManyUnitsTests
{
    private const int Units = 247;
    private const byte Living = 77;

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AnswersAfter = TimeSpan.FromMilliseconds(20);
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;
    private static readonly TimeSpan Cycle = TimeSpan.FromSeconds(1);

    [Fact]
    [Trait("suite", "world")]
    public async Task Of_247_units_on_one_line_the_one_that_answers_keeps_its_cycle()
    {
        var clock = new DrivenClock();
        var line = new QuietLine(clock);
        await using var source = new ModbusSource(
            "bus", Every(),
            new ModbusRtuClient(
                line,
                new ModbusRtuOptions { Timeout = Timeout, ListenFirst = TimeSpan.Zero, Silence = TimeSpan.Zero },
                clock),
            new ModbusSourceOptions(), clock);

        // Nobody lives yet: four deadlines a call until one is found.
        var start = clock.Now;
        while (!(await Signals.ReadAsync(source))[Living.ToString(Plain)].Quality.IsGood)
        {
            Assert.InRange(clock.Now - start, TimeSpan.Zero, Timeout * Living);
        }

        const int cycles = 4_000;
        var (from, lost) = (clock.Now, line.Lost);
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            var began = clock.Now;
            await OneCallAsync(source);
            var took = clock.Now - began;
            Assert.True(took < Cycle, $"a call took {took}");
            clock.Advance(Cycle - took);
        }

        var share = (line.Lost - lost) / (clock.Now - from);
        Assert.True(share <= 0.051, $"units that do not answer took {share:P1} of the line's time");
        Assert.True(Signals.Counter(source, "timeouts") > Units, "nobody was probed");
    }

    [Fact]
    public async Task Of_247_units_behind_a_gateway_the_one_that_lives_is_good_in_every_call()
    {
        var asked = 0;
        await using var gateway = new EvilModbusServer(request =>
        {
            Interlocked.Increment(ref asked);
            return ScriptedModbusServer.Frame(request, request[6] == Living ? [3, 2, 0x12, 0x67] : [0x83, 0x0B]);
        });
        await using var source = new ModbusSource(
            "bus", Every(),
            new ModbusTcpOptions { Address = IPAddress.Loopback, Port = gateway.Port, Timeout = Cycle },
            TimeProvider.System);
        for (var call = 0; !(await Signals.ReadAsync(source))[Living.ToString(Plain)].Quality.IsGood; call++)
        {
            Assert.InRange(call, 0, Living / 4);
        }

        asked = 0;
        for (var call = 0; call < 50; call++)
        {
            await OneCallAsync(source);
        }

        Assert.InRange(asked, 50, 150);
    }

    /// <summary>One call of the source: the living unit is Good, and no other.</summary>
    private static async Task OneCallAsync(ModbusSource source)
    {
        var readings = await Signals.ReadAsync(source);
        Assert.Equal(Units, readings.Count);
        foreach (var (name, reading) in readings)
        {
            Assert.Equal(name == Living.ToString(Plain), reading.Quality.IsGood);
        }

        Assert.Equal(SignalValue.From(4711UL), readings[Living.ToString(Plain)].Value);
    }

    private static ModbusSignal[] Every() =>
    [
        .. Enumerable.Range(1, Units).Select(unit => Signals.Modbus(
            unit.ToString(CultureInfo.InvariantCulture), "holding:100", "uint16", unit: (byte)unit)),
    ];

    /// <summary>The living unit answers, and no other.</summary>
    private sealed class QuietLine(DrivenClock clock) : DrivenLine(clock)
    {
        protected override void Asked(ReadOnlySpan<byte> request)
        {
            byte[] answer = [Living, 3, 2, 0x12, 0x67];
            if (request[0] == Living)
            {
                Answer(AnswersAfter, [.. answer, .. FaultTransport.Checksum(answer)]);
            }
        }
    }
}
