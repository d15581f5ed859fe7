using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Sluice.Hal.Modbus;

/// <summary>
/// What was decoded: a value, or none and the quality that says why.
/// </summary>
public readonly record struct DecodedValue(SignalValue Value, Quality Quality)
{
    public static DecodedValue OutOfRange => new(SignalValue.None, Quality.Bad(QualityReason.OutOfRange));
}

/// <summary>
/// Turns registers and bits, as the wire carries them, into values.
/// <para>
/// Invariants: a value is Good only if the registers say exactly it; NaN, infinities, digits that are no digits, a word
/// that is neither 0 nor 1 where a bool was promised, and bytes that are no text are Bad/OutOfRange with no value.
/// Nothing here throws for what a device may send.
/// </para>
/// <para>
/// Order: BADC and DCBA say "low byte first in each register", also for 16 bits and text; CDAB and DCBA say "low word
/// first", which means nothing for one register and is not applied to text.
/// </para>
/// </summary>
public static class RegisterDecoding
{
    /// <summary>Beyond this, scale and offset are applied in floating point: a decimal would overflow.</summary>
    private const double ExactScaleMax = 1e8;

    public static DecodedValue FromBit(bool bit) => new(SignalValue.From(bit), Quality.Good);

    /// <summary>Decodes the registers of one signal: exactly as many as its type takes.</summary>
    public static DecodedValue FromRegisters(ModbusSignal signal, ReadOnlySpan<ushort> registers)
    {
        ArgumentNullException.ThrowIfNull(signal);
        var type = signal.Signal.Type;
        if (registers.Length != type.Registers)
        {
            throw new ArgumentException($"{type} takes {type.Registers} registers, {registers.Length} were given");
        }

        if (signal.Address.Bit >= 0)
        {
            return FromBit(((LowByteFirst(signal.Order) ? Swap(registers[0]) : registers[0])
                >> signal.Address.Bit & 1) != 0);
        }

        return type.Kind switch
        {
            SignalKind.Bool => FromWholeRegister(registers[0], signal.Order),
            SignalKind.String => FromText(registers, type.TextBytes, signal.Order),
            SignalKind.Float32 => FromSingle(
                signal, BitConverter.UInt32BitsToSingle((uint)Word(registers, signal.Order))),
            SignalKind.Float64 => FromDouble(
                signal, BitConverter.UInt64BitsToDouble(Word(registers, signal.Order))),
            _ => FromInteger(signal, Word(registers, signal.Order)),
        };
    }

    private static DecodedValue FromInteger(ModbusSignal signal, ulong word)
    {
        switch (signal.Signal.Type.Kind)
        {
            case SignalKind.Int16:
                return FromSigned(signal, (short)word);
            case SignalKind.Int32:
                return FromSigned(signal, (int)word);
            case SignalKind.Int64:
                return FromSigned(signal, (long)word);
            case SignalKind.Bcd16:
            case SignalKind.Bcd32:
                return TryBinaryCodedDecimal(word, out var number)
                    ? FromUnsigned(signal, number)
                    : DecodedValue.OutOfRange;
            default:
                return FromUnsigned(signal, word);
        }
    }

    /// <summary>The bits of a value of one, two or four registers, most significant first.</summary>
    private static ulong Word(ReadOnlySpan<ushort> registers, ByteOrder order)
    {
        var lowWordFirst = order is ByteOrder.CDAB or ByteOrder.DCBA;
        ulong word = 0;
        for (var index = 0; index < registers.Length; index++)
        {
            var register = registers[lowWordFirst ? registers.Length - 1 - index : index];
            word = (word << 16) | (LowByteFirst(order) ? Swap(register) : register);
        }

        return word;
    }

    private static bool LowByteFirst(ByteOrder order) => order is ByteOrder.BADC or ByteOrder.DCBA;

    private static ushort Swap(ushort register) => BinaryPrimitives.ReverseEndianness(register);

    /// <summary>
    /// A bool in a register of its own: 0 or 1. Any other word is not a bool, and saying true would be a guess.
    /// </summary>
    private static DecodedValue FromWholeRegister(ushort register, ByteOrder order) =>
        (LowByteFirst(order) ? Swap(register) : register) switch
        {
            0 => FromBit(false),
            1 => FromBit(true),
            _ => DecodedValue.OutOfRange,
        };

    private static bool TryBinaryCodedDecimal(ulong word, out ulong number)
    {
        number = 0;
        for (var shift = 28; shift >= 0; shift -= 4)
        {
            var digit = (word >> shift) & 0xF;
            if (digit > 9)
            {
                return false;
            }

            number = (number * 10) + digit;
        }

        return true;
    }

    private static DecodedValue FromText(ReadOnlySpan<ushort> registers, int length, ByteOrder order)
    {
        Span<byte> bytes = stackalloc byte[registers.Length * 2];
        for (var index = 0; index < registers.Length; index++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(
                bytes[(index * 2)..], LowByteFirst(order) ? Swap(registers[index]) : registers[index]);
        }

        bytes = bytes[..length];
        var end = bytes.IndexOf((byte)0);
        var text = (end < 0 ? bytes : bytes[..end]).TrimEnd((byte)' ');
        return Utf8.IsValid(text)
            ? new(SignalValue.From(Encoding.UTF8.GetString(text)), Quality.Good)
            : DecodedValue.OutOfRange;
    }

    private static DecodedValue FromSigned(ModbusSignal signal, long raw) => IsRaw(signal)
        ? new(SignalValue.From(raw), Quality.Good)
        : Finite(SignalValue.FromDouble(Scaled(signal, raw, raw)));

    private static DecodedValue FromUnsigned(ModbusSignal signal, ulong raw) => IsRaw(signal)
        ? new(SignalValue.From(raw), Quality.Good)
        : Finite(SignalValue.FromDouble(Scaled(signal, raw, raw)));

    private static DecodedValue FromSingle(ModbusSignal signal, float raw) => Finite(IsRaw(signal)
        ? SignalValue.FromSingle(raw)
        : SignalValue.FromDouble((raw * signal.Scale) + signal.Offset));

    private static DecodedValue FromDouble(ModbusSignal signal, double raw) => Finite(IsRaw(signal)
        ? SignalValue.FromDouble(raw)
        : SignalValue.FromDouble((raw * signal.Scale) + signal.Offset));

    private static bool IsRaw(ModbusSignal signal) => signal.Scale.Equals(1.0) && signal.Offset.Equals(0.0);

    /// <summary>
    /// Whole numbers are scaled in decimal where that is exact: 3 with a scale of 0.1 is 0.3, as the panel shows it,
    /// and not 0.30000000000000004.
    /// </summary>
    private static double Scaled(ModbusSignal signal, decimal raw, double rawAsDouble)
    {
        if (Math.Abs(signal.Scale) <= ExactScaleMax && Math.Abs(signal.Offset) <= ExactScaleMax)
        {
            var scale = (decimal)signal.Scale;
            var offset = (decimal)signal.Offset;
            if (((double)scale).Equals(signal.Scale) && ((double)offset).Equals(signal.Offset))
            {
                return (double)((raw * scale) + offset);
            }
        }

        return (rawAsDouble * signal.Scale) + signal.Offset;
    }

    private static DecodedValue Finite(SignalValue value) =>
        value.Kind == ValueKind.None ? DecodedValue.OutOfRange : new(value, Quality.Good);
}
