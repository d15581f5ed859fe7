using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

/// <summary>
/// Random damage to valid exchanges over a real connection: frames cut, doubled, swapped, delayed, headed wrongly,
/// mixed with noise and with answers that nobody asked for. The data bytes inside a whole frame are left alone: over
/// TCP their safety is TCP's. Nor is a cut frame followed by another damaged one: a single stray byte in place of a
/// lost last one is beyond what anybody can tell. SLUICE_FUZZ_EXCHANGES asks for more of it, SLUICE_FUZZ_SEED for the
/// same again.
/// </summary>
public sealed class CorruptionTests
{
    private const int SignalCount = 6;

    [Fact]
    public async Task No_damage_on_the_wire_ever_makes_a_wrong_value_good()
    {
        var seed = Number("SLUICE_FUZZ_SEED", Environment.ProcessId);
        var exchanges = Number("SLUICE_FUZZ_EXCHANGES", 60);
        var random = new Random(seed);
        await using var device = new ScriptedModbusServer();
        await using var source = Source(device.Port);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var answering = AnswerAsync(device, random, stop.Token);
        var good = 0;
        var bad = 0;
        for (var exchange = 0; exchange < exchanges; exchange++)
        {
            foreach (var (name, reading) in await Signals.ReadAsync(source))
            {
                good += reading.Quality.IsGood ? 1 : 0;
                bad += reading.Quality.IsGood ? 0 : 1;
                var own = ValueAt(int.Parse(name, CultureInfo.InvariantCulture));
                Assert.True(
                    !reading.Quality.IsGood || reading.Value == SignalValue.From((ulong)own),
                    $"seed {seed}, exchange {exchange}: {name} is {own} and was read as {reading}");
            }
        }

        TestContext.Current.SendDiagnosticMessage($"seed {seed}: {good} good, {bad} bad readings");
        await stop.CancelAsync();
        await answering;
        Assert.True(good > 0 && bad > 0, $"seed {seed}: {good} good and {bad} bad readings: nothing was tried");
    }

    private static ModbusSource Source(int port) => new(
        "plc",
        [.. Enumerable.Range(0, SignalCount).Select(each => Signals.Modbus($"{each}", $"holding:{each}", "uint16"))],
        new ModbusTcpOptions
        {
            Address = IPAddress.Loopback,
            Port = port,
            Timeout = TimeSpan.FromMilliseconds(15),
            Window = 4,
            OneRequestPerSignal = true,
            ReconnectFirst = TimeSpan.FromTicks(1),
            ReconnectMax = TimeSpan.FromTicks(1),
        },
        TimeProvider.System);

    private static ushort ValueAt(int address) => (ushort)(0xA55A ^ (address * 0x1357));

    private static async Task AnswerAsync(
        ScriptedModbusServer device, Random random, CancellationToken cancellationToken)
    {
        var kept = Array.Empty<byte>();
        var isCut = false;
        try
        {
            while (true)
            {
                var request = await device.AskAsync(cancellationToken);
                var value = ValueAt(BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(8)));
                var right = ScriptedModbusServer.Frame(request, [3, 2, (byte)(value >> 8), (byte)value]);
                var damage = isCut ? 27 : random.Next(28);
                isCut = damage == 3;
                if (damage == 0)
                {
                    // Kept for later: a late answer, after its deadline or just out of turn.
                    (kept, right) = (right, kept);
                }

                await device.SendAsync(Damaged(right, damage, random), cancellationToken);
                if (damage == 1)
                {
                    device.Close();
                }
                else if (damage == 2)
                {
                    device.Reset();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    private static byte[] Damaged(byte[] right, int damage, Random random)
    {
        if (right.Length == 0)
        {
            return right;
        }

        var noise = new byte[random.Next(1, 20)];
        random.NextBytes(noise);
        var cut = random.Next(right.Length);
        switch (damage)
        {
            case 1 or 2 or 3:
                return right[..cut];
            case 4:
                return [.. right, .. right];
            case 5:
                return [.. noise, .. right];
            case 6:
                return [.. right, .. noise];
            case 7:
                return noise;
            case 8:
                return [];
            case 9:
                return [.. right[..7], (byte)(right[7] | 0x80), (byte)random.Next(256)];
            case 10:
                return [.. right[..cut], .. right];
            case < 20:
                // One bit of the header: transaction, protocol, length, unit, function, byte count.
                right[random.Next(9)] ^= (byte)(1 << random.Next(8));
                return right;
            default:
                return right;
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : otherwise;
}
