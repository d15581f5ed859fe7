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
    public async Task Of_247_units_on_one_line_the_one_that_answers_keeps_its_cycle()
    {
        var clock = new DrivenClock();
        var line = new LineInDrivenTime(clock);
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

    /// <summary>
    /// A line in made-up time: who waits for an answer that does not come makes the time pass. All in one thread.
    /// </summary>
    private sealed class LineInDrivenTime(DrivenClock clock) : IByteLine
    {
        private byte[] answer = [];

        public string Name => "bus";

        public bool IsOpen { get; private set; }

        public bool MayBeHalfOpen => false;

        /// <summary>What was waited for answers that did not come.</summary>
        public TimeSpan Lost { get; private set; }

        public ValueTask<string> OpenAsync(CancellationToken cancellationToken)
        {
            IsOpen = true;
            return ValueTask.FromResult("");
        }

        public int TakeWaiting(Span<byte> into) => 0;

        public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            answer = bytes.Span[0] == Living ? [Living, 3, 2, 0x12, 0x67] : [];
            answer = answer.Length == 0 ? [] : [.. answer, .. FaultTransport.Checksum(answer)];
            return ValueTask.FromResult(true);
        }

        public ValueTask<int> ReadAsync(Memory<byte> into, TimeSpan within, CancellationToken cancellationToken)
        {
            if (answer.Length > 0)
            {
                clock.Advance(AnswersAfter);
                answer.CopyTo(into);
                return ValueTask.FromResult(answer.Length);
            }

            clock.Advance(within);
            Lost += within;
            return ValueTask.FromResult(0);
        }

        public ValueTask PauseAsync(TimeSpan time, CancellationToken cancellationToken)
        {
            clock.Advance(time);
            return ValueTask.CompletedTask;
        }

        public void Close() => IsOpen = false;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
