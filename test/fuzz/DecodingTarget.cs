using System.Globalization;
using System.Numerics;
using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Fuzz;

/// <summary>
/// Registers of every type and order: the value must be the one that the bytes, laid out by the letters of the order,
/// give in another way of counting; and what is no value must not be Good.
/// </summary>
public sealed class DecodingTarget() : FuzzTarget("decoding", "Good", "OutOfRange")
{
    private static readonly SignalKind[] Kinds =
    [
        SignalKind.Bool, SignalKind.Int16, SignalKind.Uint16, SignalKind.Int32, SignalKind.Uint32, SignalKind.Int64,
        SignalKind.Uint64, SignalKind.Float32, SignalKind.Float64, SignalKind.Bcd16, SignalKind.Bcd32,
    ];

    private static readonly ModbusSignal[] TypesAndOrders =
    [
        .. from kind in Kinds
           from order in Enum.GetValues<ByteOrder>()
           select new ModbusSignal
           {
               Signal = new Signal { Name = $"{kind}", Source = "fuzz", Type = new SignalType(kind) },
               UnitId = 1,
               Address = new ModbusAddress(ModbusTable.HoldingRegister, 0),
               Order = order,
           },
    ];

    private readonly ushort[] registers = new ushort[4];

    public override int Try(ref Dice dice)
    {
        var signal = TypesAndOrders[dice.Below(TypesAndOrders.Length)];
        var kind = signal.Signal.Type.Kind;
        var used = registers.AsSpan(0, signal.Signal.Type.Registers);
        var few = dice.Below(3) == 0 ? 0x0101 : kind is SignalKind.Bcd16 or SignalKind.Bcd32 ? 0x7777 : 0xFFFF;
        for (var index = 0; index < used.Length; index++)
        {
            used[index] = (ushort)(dice.Next() & (ulong)few);
        }

        var decoded = RegisterDecoding.FromRegisters(signal, used);
        Span<byte> plain = stackalloc byte[8];
        var bytes = LayOut(used, signal.Order, plain);
        var expected = Expected(kind, bytes);
        var got = decoded.Quality.IsGood ? decoded.Value.ToString() : null;
        if (got != expected)
        {
            throw new FuzzViolationException($"{kind} {signal.Order}: read {got}, judged {expected}", bytes.ToArray());
        }

        return decoded.Quality.IsGood ? 0 : 1;
    }

    /// <summary>The bytes from the most significant on: A first, as the letters of the order say.</summary>
    private static ReadOnlySpan<byte> LayOut(ReadOnlySpan<ushort> registers, ByteOrder order, Span<byte> into)
    {
        var isLowWordFirst = $"{order}"[0] is 'C' or 'D';
        var isLowByteFirst = $"{order}"[0] is 'B' or 'D';
        for (var index = 0; index < registers.Length; index++)
        {
            var register = registers[isLowWordFirst ? registers.Length - 1 - index : index];
            into[index * 2] = (byte)(isLowByteFirst ? register % 256 : register / 256);
            into[(index * 2) + 1] = (byte)(isLowByteFirst ? register / 256 : register % 256);
        }

        return into[..(registers.Length * 2)];
    }

    private static string? Expected(SignalKind kind, ReadOnlySpan<byte> bytes)
    {
        var unsigned = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        switch (kind)
        {
            case SignalKind.Bool:
                return unsigned == 0 ? "false" : unsigned == 1 ? "true" : null;
            case SignalKind.Int16 or SignalKind.Int32 or SignalKind.Int64:
                var signed = new BigInteger(bytes, isUnsigned: false, isBigEndian: true);
                return signed.ToString(CultureInfo.InvariantCulture);
            case SignalKind.Float32:
                var single = BitConverter.Int32BitsToSingle((int)(uint)unsigned);
                return float.IsFinite(single) ? single.ToString("R", CultureInfo.InvariantCulture) : null;
            case SignalKind.Float64:
                var number = BitConverter.Int64BitsToDouble((long)(ulong)unsigned);
                return double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : null;
            case SignalKind.Bcd16 or SignalKind.Bcd32:
                var digits = Convert.ToHexString(bytes);
                return digits.All(char.IsAsciiDigit)
                    ? long.Parse(digits, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)
                    : null;
            default:
                return unsigned.ToString(CultureInfo.InvariantCulture);
        }
    }
}
