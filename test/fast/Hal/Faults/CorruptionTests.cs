using System.Buffers.Binary;
using System.Globalization;
using Sluice.Hal;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Faults;

/// <summary>
/// Random damage to valid exchanges over a real connection: frames cut, doubled, swapped, headed wrongly, mixed with
/// noise and with answers that nobody asked for. SLUICE_FUZZ_EXCHANGES asks for more of it, SLUICE_FUZZ_SEED for the
/// same again.
/// </summary>
public abstract class CorruptionTests
{
    private const int SignalCount = 6;

    /// <summary>
    /// With two units six shapes of answers, so that an answer of RTU which this machine held up for longer than any
    /// deadline is not taken for another signal's: nothing on that wire could tell. CorruptionInDrivenTimeTests has
    /// them all alike, and no machine that can be slow.
    /// </summary>
    private static readonly string[] Types = ["uint16", "uint32", "uint64"];

    private byte[] kept = [];
    private bool isCut;

    [Fact]
    public async Task No_damage_on_the_wire_ever_makes_a_wrong_value_good()
    {
        var seed = Number("SLUICE_FUZZ_SEED", Environment.ProcessId);
        var exchanges = Number("SLUICE_FUZZ_EXCHANGES", Exchanges);
        var random = new Random(seed);
        var transport = Make();
        await using var device = transport.Device;
        await using var source = transport.Open(SixSignals());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var answering = AnswerAsync(transport, random, stop.Token);
        var good = 0;
        var bad = 0;
        for (var exchange = 0; exchange < exchanges; exchange++)
        {
            foreach (var (name, reading) in await ReadAsync(source, exchange))
            {
                good += reading.Quality.IsGood ? 1 : 0;
                bad += reading.Quality.IsGood ? 0 : 1;
                var own = ValueOf(int.Parse(name, CultureInfo.InvariantCulture));
                Assert.True(
                    !reading.Quality.IsGood || reading.Value == SignalValue.From(own),
                    $"seed {seed}, exchange {exchange}: {name} is {own} and was read as {reading}");
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{GetType().Name}, seed {seed}: {good} good, {bad} bad readings");
        await stop.CancelAsync();
        await answering;
        Assert.True(good > 0 && bad > 0, $"seed {seed}: {good} good and {bad} bad readings: nothing was tried");
    }

    protected abstract int Exchanges { get; }

    private protected abstract FaultTransport Make();

    /// <summary>Damage inside of a frame, where its transport must find it.</summary>
    protected abstract byte[] Headed(byte[] right, Random random);

    /// <summary>Whether answers may be sent out of turn, and cut without a word.</summary>
    protected abstract bool HasTransactions { get; }

    protected virtual bool HasConnection => true;

    /// <summary>
    /// All at once, and every other time one by one: a unit that has just failed is asked for the first of a call only.
    /// </summary>
    private static async Task<List<KeyValuePair<string, Reading>>> ReadAsync(ISignalSource source, int exchange)
    {
        if (exchange % 2 == 0)
        {
            return [.. await Signals.ReadAsync(source)];
        }

        var readings = new List<KeyValuePair<string, Reading>>();
        for (var each = 0; each < SignalCount; each++)
        {
            readings.AddRange(await Signals.ReadAsync(source, each.ToString(CultureInfo.InvariantCulture)));
        }

        return readings;
    }

    private static FaultCase SixSignals()
    {
        var fault = new FaultCase { Name = "corruption" };
        for (var each = 0; each < SignalCount; each++)
        {
            var name = each.ToString(CultureInfo.InvariantCulture);
            var unit = (byte)(1 + (each % 2));
            fault.Signals.Add(new FaultSignal(name, $"holding:{each * 10}", Types[each / 2], 0, unit));
        }

        fault.Options["timeoutMs"] = "15";
        fault.Options["window"] = "4";
        fault.Options["oneRequestPerSignal"] = "1";
        fault.Options["reconnectMs"] = "0";
        return fault;
    }

    private static ushort RegisterAt(int address) => (ushort)(0xA55A ^ (address * 0x1357));

    private static ulong ValueOf(int signal)
    {
        ulong value = 0;
        for (var register = 0; register < 1 << (signal / 2); register++)
        {
            value = (value << 16) | RegisterAt((signal * 10) + register);
        }

        return value;
    }

    private static byte[] PduOf(ReadOnlySpan<byte> asked)
    {
        var address = BinaryPrimitives.ReadUInt16BigEndian(asked[1..]);
        var count = BinaryPrimitives.ReadUInt16BigEndian(asked[3..]);
        var pdu = new byte[2 + (count * 2)];
        (pdu[0], pdu[1]) = (3, (byte)(count * 2));
        for (var register = 0; register < count; register++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(pdu.AsSpan(2 + (register * 2)), RegisterAt(address + register));
        }

        return pdu;
    }

    private async Task AnswerAsync(FaultTransport transport, Random random, CancellationToken cancellationToken)
    {
        var device = transport.Device;
        try
        {
            while (true)
            {
                var request = await device.AskAsync(cancellationToken);
                var right = transport.Frame(request, PduOf(transport.PduOf(request)));
                var damage = Next(random);
                if (damage == 0)
                {
                    // Kept for later: a late answer, after its deadline or just out of turn.
                    (kept, right) = (right, kept);
                }

                await device.SendAsync(Damaged(right, damage, random), cancellationToken);
                if (damage == 1 && HasConnection)
                {
                    device.Close();
                }
                else if (damage == 2 && HasConnection)
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

    /// <summary>
    /// The next damage; 20 and more is none. Over TCP a cut frame is not followed by another damaged one: a single
    /// stray byte in place of a lost last one is beyond what anybody can tell.
    /// </summary>
    private int Next(Random random)
    {
        if (HasTransactions)
        {
            var damage = isCut ? 27 : random.Next(28);
            isCut = damage == 3;
            return damage;
        }

        // Without an id an answer out of turn is the right one: that is what the waiting after a time-out is for.
        return random.Next(1, 28);
    }

    private byte[] Damaged(byte[] right, int damage, Random random)
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
            case 10:
                return [.. right[..cut], .. right];
            case < 20:
                return Headed(right, random);
            default:
                return right;
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : otherwise;
}

/// <summary>
/// Over Modbus TCP. The data bytes inside a whole frame are left alone: their safety is TCP's.
/// </summary>
public sealed class CorruptionTcpTests : CorruptionTests
{
    protected override int Exchanges => 60;

    protected override bool HasTransactions => true;

    private protected override FaultTransport Make() => FaultTransport.Tcp();

    /// <summary>One bit of the header: transaction, protocol, length, unit, function, byte count.</summary>
    protected override byte[] Headed(byte[] right, Random random)
    {
        if (random.Next(11) == 0)
        {
            return [.. right[..7], (byte)(right[7] | 0x80), (byte)random.Next(256)];
        }

        right[random.Next(9)] ^= (byte)(1 << random.Next(8));
        return right;
    }
}

/// <summary>Over RTU every byte may be hit, the value too: the CRC has to find it.</summary>
public abstract class CorruptionRtuTests : CorruptionTests
{
    protected override int Exchanges => 20;

    protected override bool HasTransactions => false;

    /// <summary>
    /// One to three bits anywhere, or a burst of up to 16: all of which the polynomial is sure to find.
    /// </summary>
    protected override byte[] Headed(byte[] right, Random random)
    {
        if (random.Next(3) == 0)
        {
            var at = random.Next(right.Length - 1);
            right[at] ^= (byte)random.Next(1, 256);
            right[at + 1] ^= (byte)random.Next(256);
            return right;
        }

        for (var bits = random.Next(3); bits >= 0; bits--)
        {
            right[random.Next(right.Length)] ^= (byte)(1 << random.Next(8));
        }

        return right;
    }
}

public sealed class CorruptionRtuOverTcpTests : CorruptionRtuTests
{
    private protected override FaultTransport Make() => FaultTransport.RtuOverTcp();
}

public sealed class CorruptionSerialTests : CorruptionRtuTests
{
    protected override bool HasConnection => false;

    private protected override FaultTransport Make() => FaultTransport.Serial();
}
