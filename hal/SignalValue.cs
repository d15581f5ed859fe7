using System.Globalization;

namespace Sluice.Hal;

/// <summary>What a value is, once it is decoded and scaled.</summary>
public enum ValueKind : byte
{
    /// <summary>There is no value: the reading says only what went wrong.</summary>
    None = 0,
    Boolean = 1,
    Signed = 2,
    Unsigned = 3,

    /// <summary>
    /// A 32-bit float that nobody scaled: printed with the digits of a float, so that 71.3 stays 71.3.
    /// </summary>
    Single = 4,
    Double = 5,
    Text = 6,
}

/// <summary>
/// One decoded value. A struct of two words and a kind, so that a reading costs no allocation (text excepted).
/// NaN and infinities are not values: <see cref="FromDouble"/> and <see cref="FromSingle"/> turn them into None,
/// and the caller marks the reading Bad/OutOfRange.
/// </summary>
public readonly struct SignalValue : IEquatable<SignalValue>
{
    private readonly long bits;
    private readonly string? text;

    private SignalValue(ValueKind kind, long bits, string? text = null)
    {
        Kind = kind;
        this.bits = bits;
        this.text = text;
    }

    public static SignalValue None => default;

    public ValueKind Kind { get; }

    /// <summary>The 64 bits that hold the value; the buffer stores them as they are.</summary>
    public long Bits => bits;

    public bool AsBoolean => bits != 0;

    public long AsSigned => bits;

    public ulong AsUnsigned => unchecked((ulong)bits);

    public float AsSingle => BitConverter.Int32BitsToSingle(unchecked((int)bits));

    public string AsText => text ?? "";

    /// <summary>The value as a double, for deadbands and tables; 0 for None and Text.</summary>
    public double AsDouble => Kind switch
    {
        ValueKind.Boolean => bits,
        ValueKind.Signed => bits,
        ValueKind.Unsigned => AsUnsigned,
        ValueKind.Single => AsSingle,
        ValueKind.Double => BitConverter.Int64BitsToDouble(bits),
        _ => 0,
    };

    public static SignalValue From(bool value) => new(ValueKind.Boolean, value ? 1 : 0);

    public static SignalValue From(long value) => new(ValueKind.Signed, value);

    public static SignalValue From(ulong value) => new(ValueKind.Unsigned, unchecked((long)value));

    public static SignalValue From(string value) => new(ValueKind.Text, 0, value);

    public static SignalValue FromSingle(float value) =>
        float.IsFinite(value) ? new(ValueKind.Single, BitConverter.SingleToInt32Bits(value)) : None;

    public static SignalValue FromDouble(double value) =>
        double.IsFinite(value) ? new(ValueKind.Double, BitConverter.DoubleToInt64Bits(value)) : None;

    /// <summary>The value back from what the buffer stored.</summary>
    public static SignalValue FromBits(ValueKind kind, long bits, string? text = null) => new(kind, bits, text);

    public bool Equals(SignalValue other) =>
        Kind == other.Kind && bits == other.bits && string.Equals(text, other.text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is SignalValue other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Kind, bits, text);

    public static bool operator ==(SignalValue left, SignalValue right) => left.Equals(right);

    public static bool operator !=(SignalValue left, SignalValue right) => !left.Equals(right);

    public override string ToString() => Kind switch
    {
        ValueKind.None => "",
        ValueKind.Boolean => AsBoolean ? "true" : "false",
        ValueKind.Signed => AsSigned.ToString(CultureInfo.InvariantCulture),
        ValueKind.Unsigned => AsUnsigned.ToString(CultureInfo.InvariantCulture),
        ValueKind.Single => AsSingle.ToString("R", CultureInfo.InvariantCulture),
        ValueKind.Double => AsDouble.ToString("R", CultureInfo.InvariantCulture),
        _ => AsText,
    };
}
