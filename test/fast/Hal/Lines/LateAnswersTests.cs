using System.Buffers.Binary;
using System.Globalization;
using Sluice.Fast.Hal.Faults;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Lines;

/// <summary>
/// RTU answers that come late, in made-up time: later than many deadlines, in any order, or never. Each answer carries
/// which address it is of and the number of the request that it answers, so that a value of another time is seen as
/// well as one of another place. All signals are of the same shape: nothing but the client's care keeps them apart.
/// </summary>
public sealed class LateAnswersTests
{
    private const int SignalCount = 6;
    private const int Exchanges = 800;
    private const int NumberBits = 13;

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);

    /// <summary>Deadlines that an answer may take: within what is listened for, beyond it, and nearly all that is
    /// reckoned with.</summary>
    [Theory]
    [InlineData(1.9, true)]
    [InlineData(4, true)]
    [InlineData(12, true)]
    [InlineData(29, true)]
    [InlineData(4, false)]
    [InlineData(29, false)]
    public async Task However_late_answers_come_and_in_whatever_order_no_wrong_value_is_good(
        double deadlines, bool readsAlong)
    {
        var seed = Environment.ProcessId;
        var random = new Random(seed);
        var clock = new DrivenClock();
        var line = new LateLine(clock)
        {
            After = () => random.Next(4) switch
            {
                0 => Timeout * (1 + (random.NextDouble() * (deadlines - 1))),
                1 when random.Next(4) == 0 => TimeSpan.MaxValue,
                _ => TimeSpan.FromMilliseconds(5),
            },
            ReadsAlong = readsAlong,
        };
        await using var source = Source(line, clock);
        var (good, bad) = (0, 0);
        for (var exchange = 0; exchange < Exchanges; exchange++)
        {
            var name = random.Next(SignalCount).ToString(CultureInfo.InvariantCulture);
            var reading = await ReadAsync(source, line, name, $"seed {seed}, exchange {exchange}");
            good += reading.Quality.IsGood ? 1 : 0;
            bad += reading.Quality.IsGood ? 0 : 1;
            clock.Advance(Between);
        }

        Assert.True(good > 20 && bad > 20, $"seed {seed}: {good} good, {bad} bad");
        Assert.True(deadlines < 2 || !readsAlong || line.Wider > 0, "nothing was ever read along");
        Assert.True(deadlines < 2 || readsAlong || Signals.Counter(source, "heldBack") > 0, "nothing was held back");
    }

    /// <summary>A device that is always so late is never Good, and is again soon after it has become quick.</summary>
    [Theory]
    [InlineData(1.5)]
    [InlineData(2.5)]
    [InlineData(7.3)]
    [InlineData(25)]
    public async Task A_device_that_is_slow_for_ever_is_never_taken_for_a_quick_one_and_is_read_when_it_is_one(
        double deadlines)
    {
        var clock = new DrivenClock();
        var after = Timeout * deadlines;
        var line = new LateLine(clock) { After = () => after };
        await using var source = Source(line, clock);
        for (var exchange = 0; exchange < 100; exchange++)
        {
            var reading = await ReadAsync(source, line, "0", $"exchange {exchange}");
            Assert.False(reading.Quality.IsGood);
            clock.Advance(Between);
        }

        Assert.True(Signals.Counter(source, "lateAnswers") > 10);
        after = TimeSpan.FromMilliseconds(5);
        var quickFrom = clock.Now;
        while (!(await ReadAsync(source, line, "0", "quick again")).Quality.IsGood)
        {
            clock.Advance(Between);
            Assert.InRange(clock.Now - quickFrom, TimeSpan.Zero, Timeout * 31);
        }
    }

    /// <summary>Behind a converter the bus is the old one, and so are its late answers.</summary>
    [Fact]
    public async Task A_late_answer_that_comes_through_a_new_connection_is_not_taken_for_the_next_ones()
    {
        var clock = new DrivenClock();
        var after = TimeSpan.FromMilliseconds(5);
        var line = new LateLine(clock) { After = () => after };
        await using var source = Source(line, clock);
        Assert.True((await ReadAsync(source, line, "0", "first")).Quality.IsGood);
        after = Timeout * 8;
        for (var turn = 0; line.Openings == 1; turn++)
        {
            Assert.InRange(turn, 0, 20);
            Assert.False((await ReadAsync(source, line, "0", $"late {turn}")).Quality.IsGood);
            clock.Advance(Between);
        }

        after = TimeSpan.FromMilliseconds(90);
        for (var turn = 0; turn < 40; turn++)
        {
            await ReadAsync(source, line, "1", $"new connection {turn}");
        }
    }

    private static async Task<Reading> ReadAsync(ModbusSource source, LateLine line, string name, string when)
    {
        var asked = line.Requests;
        var reading = (await Signals.ReadAsync(source, name))[name];
        if (reading.Quality.IsGood)
        {
            var value = (int)reading.Value.AsDouble;
            var (place, number) = (value >> NumberBits, value & ((1 << NumberBits) - 1));
            Assert.True(
                place.ToString(CultureInfo.InvariantCulture) == name && number > asked,
                $"{when}: {name} was read as that of {place} to request {number}, and {asked} had gone out before");
        }

        return reading;
    }

    private static ModbusSource Source(LateLine line, DrivenClock clock) => new(
        "plc",
        [.. Enumerable.Range(0, SignalCount).Select(number => Signals.Modbus(
            number.ToString(CultureInfo.InvariantCulture), $"holding:{number}", "uint16",
            unit: (byte)(1 + (number / 4))))],
        new ModbusRtuClient(
            line, new ModbusRtuOptions { Timeout = Timeout, ListenFirst = TimeSpan.Zero, Silence = TimeSpan.Zero },
            clock),
        new ModbusSourceOptions { Plan = new ReadPlanOptions { OneRequestPerSignal = true } }, clock);

    /// <summary>Answers each request rightly, when the test says so.</summary>
    private sealed class LateLine(DrivenClock clock) : DrivenLine(clock)
    {
        /// <summary>How long after the request its answer comes; MaxValue: never.</summary>
        public required Func<TimeSpan> After { get; init; }

        /// <summary>Whether there are registers behind each one; else a wider request is refused.</summary>
        public bool ReadsAlong { get; init; } = true;

        public int Requests { get; private set; }

        /// <summary>Requests for more than the one register that a signal takes.</summary>
        public int Wider { get; private set; }

        protected override void Asked(ReadOnlySpan<byte> request)
        {
            var (place, registers) = (BinaryPrimitives.ReadUInt16BigEndian(request[2..]), request[5]);
            Requests++;
            Wider += registers > 1 ? 1 : 0;
            byte[] answer = [request[0], 0x83, 2];
            if (registers == 1 || ReadsAlong)
            {
                answer = new byte[3 + (registers * 2)];
                (answer[0], answer[1], answer[2]) = (request[0], 3, (byte)(registers * 2));
                for (var index = 0; index < registers; index++)
                {
                    BinaryPrimitives.WriteUInt16BigEndian(
                        answer.AsSpan(3 + (index * 2)), (ushort)((((place + index) & 7) << NumberBits) | Requests));
                }
            }

            var after = After();
            if (after < TimeSpan.MaxValue)
            {
                Answer(after, [.. answer, .. FaultTransport.Checksum(answer)]);
            }
        }
    }
}
