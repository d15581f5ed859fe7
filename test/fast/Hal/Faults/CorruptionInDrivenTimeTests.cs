using System.Buffers.Binary;
using System.Globalization;
using Sluice.Fast.Hal.Lines;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Faults;

/// <summary>
/// Random damage on an RTU bus in made-up time, so that thousands of exchanges with time-outs take no time: cut,
/// doubled and flipped answers, noise, other stations' answers, echoes, and answers that come late, but within the two
/// deadlines that the client waits. All answers have the same shape: only care about time keeps them apart.
/// </summary>
public sealed class CorruptionInDrivenTimeTests
{
    private const int SignalCount = 6;
    private const int Exchanges = 1_500;

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task No_damage_on_an_rtu_bus_ever_makes_a_wrong_value_good()
    {
        var seed = Environment.ProcessId;
        var clock = new DrivenClock();
        var line = new DamagedLine(clock, new Random(seed));
        await using var source = new ModbusSource(
            "plc",
            [.. Enumerable.Range(0, SignalCount).Select(At)],
            new ModbusRtuClient(
                line, new ModbusRtuOptions { Timeout = Timeout, ListenFirst = TimeSpan.Zero, Silence = TimeSpan.Zero },
                clock),
            new ModbusSourceOptions { Plan = new ReadPlanOptions { OneRequestPerSignal = true } }, clock);
        var (good, bad) = (0, 0);
        for (var exchange = 0; exchange < Exchanges; exchange++)
        {
            var name = (exchange % SignalCount).ToString(CultureInfo.InvariantCulture);
            var readings = exchange % 10 == 0
                ? await Signals.ReadAsync(source)
                : await Signals.ReadAsync(source, name);
            foreach (var (signal, reading) in readings)
            {
                good += reading.Quality.IsGood ? 1 : 0;
                bad += reading.Quality.IsGood ? 0 : 1;
                var own = SignalValue.From((ulong)ValueAt(int.Parse(signal, CultureInfo.InvariantCulture)));
                Assert.True(
                    !reading.Quality.IsGood || reading.Value == own,
                    $"seed {seed}, exchange {exchange}: {signal} is {own} and was read as {reading}");
            }
        }

        var late = Signals.Counter(source, "lateAnswers");
        TestContext.Current.SendDiagnosticMessage($"seed {seed}: {good} good, {bad} bad readings, {late} late answers");
        Assert.True(good > Exchanges / 10 && bad > Exchanges / 10 && late > 10, $"{good} good, {bad} bad, {late} late");
    }

    private static ModbusSignal At(int number) => Signals.Modbus(
        number.ToString(CultureInfo.InvariantCulture), $"holding:{number}", "uint16", unit: (byte)(1 + (number / 3)));

    private static ushort ValueAt(int address) => (ushort)(0xA55A ^ (address * 0x1357));

    /// <summary>Answers each request, damaged or late.</summary>
    private sealed class DamagedLine(DrivenClock clock, Random random) : DrivenLine(clock)
    {
        protected override bool LosesWhatWaits => true;

        protected override void Asked(ReadOnlySpan<byte> request)
        {
            var value = ValueAt(BinaryPrimitives.ReadUInt16BigEndian(request[2..]));
            var registers = request[5];
            byte[] right = [request[0], 3, (byte)(registers * 2), (byte)(value >> 8), (byte)value];
            right = [.. right, .. Enumerable.Repeat((byte)0x5C, (registers - 1) * 2)];
            right = [.. right, .. FaultTransport.Checksum(right)];
            var isLate = random.Next(8) == 0;
            var after = isLate ? Timeout * (1 + (random.NextDouble() * 0.9)) : TimeSpan.FromMilliseconds(5);
            foreach (var piece in Damaged(right, [.. request]))
            {
                Answer(after, piece);
            }
        }

        private byte[][] Damaged(byte[] right, byte[] request)
        {
            var noise = new byte[random.Next(1, 12)];
            random.NextBytes(noise);
            var cut = random.Next(1, right.Length);
            byte[] other = [9, 3, 2, noise[0], 0x11];
            other = [.. other, .. FaultTransport.Checksum(other)];
            switch (random.Next(16))
            {
                case 0:
                    return [];
                case 1:
                    return [right[..cut]];
                case 2:
                    return [right, right];
                case 3:
                    return [noise, right];
                case 4:
                    return [right, noise];
                case 5:
                    return [noise];
                case 6:
                    return [other, right];
                case 7:
                    return [right, other];
                case 8:
                    return [request, right];
                case 9:
                    return [right[..cut], right[cut..]];
                case 10 or 11:
                    right[random.Next(right.Length)] ^= (byte)(1 << random.Next(8));
                    return [right];
                default:
                    return [right];
            }
        }
    }
}
