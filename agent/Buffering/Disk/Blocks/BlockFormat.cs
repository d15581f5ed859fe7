using System.Text;
using Sluice.Agent.Buffering.Loop;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Disk.Blocks;

/// <summary>
/// What encoder and decoder of a block share (FORMAT.md, Block). A block has its own table of signal names, so that a
/// damaged one hurts no other. Everything is told as the difference to what came before: the signal that followed last
/// time, the milliseconds since the reading before, the value that this signal had. Times are whole milliseconds, as
/// the wire carries them.
/// </summary>
internal static class BlockFormat
{
    public const byte Version = 2;

    /// <summary>Blocks without clocks, still read: their readings' times are taken as they are.</summary>
    public const byte VersionWithoutClocks = 1;

    /// <summary>Where a reading's first byte would stand: the clock of the readings that follow is another.</summary>
    public const byte ClockTold = KindMask;

    // What is known of a clock.
    public const byte ClockNotSet = 0;
    public const byte ClockSet = 1;
    public const byte ClockUnknown = 2;

    /// <summary>
    /// Most readings in a block; what a journal's frame carries is <see cref="BufferLoop.CommitReadings"/>.
    /// </summary>
    public const int ReadingsMax = 4096;

    /// <summary>Longest name or text, bytes of UTF-8. A reading's text is at most 250 by its type.</summary>
    public const int TextBytesMax = 4096;

    // The first byte of a reading: its kind in the low three bits, and what it has in common with what came before.
    public const byte KindMask = 0x07;
    public const byte SignalTold = 0x08;
    public const byte QualityTold = 0x10;
    public const byte SameTime = 0x20;
    public const byte SameValue = 0x40;
    public const byte Decimal = 0x80;

    public const int ScaleMax = 6;

    /// <summary>Decimals past this are not exact in a double.</summary>
    private const double ScaledMax = 1L << 50;

    private static readonly double[] PowersOfTen = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

    /// <summary>
    /// The scale by which a float is a whole number, so that 71.3 takes two bytes and not eight; -1 where there is
    /// none.
    /// Exact or not at all: the number that <see cref="FromDecimal"/> makes of it has the same bits.
    /// </summary>
    public static int ScaleOf(SignalValue value, int preferred, out long scaled)
    {
        scaled = 0;
        if (value.Kind is not (ValueKind.Single or ValueKind.Double))
        {
            return -1;
        }

        for (var attempt = -1; attempt <= ScaleMax; attempt++)
        {
            var scale = attempt < 0 ? preferred : attempt;
            var product = Math.Round(value.AsDouble * PowersOfTen[scale]);
            if (Math.Abs(product) < ScaledMax && FromDecimal(value.Kind, (long)product, scale).Bits == value.Bits)
            {
                scaled = (long)product;
                return scale;
            }
        }

        return -1;
    }

    public static SignalValue FromDecimal(ValueKind kind, long scaled, int scale)
    {
        var value = scaled / PowersOfTen[scale];
        return kind == ValueKind.Single ? SignalValue.FromSingle((float)value) : SignalValue.FromDouble(value);
    }
}

/// <summary>What encoder and decoder remember of a signal inside one block.</summary>
internal struct SignalState
{
    public string Name;
    public int Follower;
    public SignalValue Value;
    public Quality Quality;
    public long Scaled;
    public int Scale;
}

/// <summary>Names of signals, each once, so that a drained block makes no new texts. Bounded.</summary>
internal sealed class SignalNames
{
    private const int NamesMax = 65_536;
    private const int CharsMax = 256;

    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public SignalNames() => lookup = names.GetAlternateLookup<ReadOnlySpan<char>>();

    public string Get(ReadOnlySpan<byte> utf8)
    {
        Span<char> text = stackalloc char[CharsMax];
        if (utf8.Length > CharsMax)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        var name = text[..Encoding.UTF8.GetChars(utf8, text)];
        if (lookup.TryGetValue(name, out var known))
        {
            return known;
        }

        var made = name.ToString();
        if (names.Count < NamesMax)
        {
            names.Add(made);
        }

        return made;
    }
}
