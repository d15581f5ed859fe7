using System.Globalization;

namespace Sluice.Hal;

/// <summary>The types that a signal list may name (docs: configuration).</summary>
public enum SignalKind : byte
{
    Bool,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float32,
    Float64,
    Bcd16,
    Bcd32,

    /// <summary>Text of a fixed number of bytes, two to a register.</summary>
    String,

    /// <summary>A counter of edges (GPIO).</summary>
    Count,
}

/// <summary>A type of the signal list: its kind and, for text, its length in bytes.</summary>
public readonly record struct SignalType(SignalKind Kind, int TextBytes = 0)
{
    /// <summary>
    /// Longest text: 125 registers, what one request can read (Modbus Application Protocol V1.1b3, 6.3).
    /// </summary>
    public const int TextBytesMax = 250;

    /// <summary>How many 16-bit registers a value takes; 1 for a bool.</summary>
    public int Registers => Kind switch
    {
        SignalKind.Int32 or SignalKind.Uint32 or SignalKind.Float32 or SignalKind.Bcd32 => 2,
        SignalKind.Int64 or SignalKind.Uint64 or SignalKind.Float64 => 4,
        SignalKind.String => (TextBytes + 1) / 2,
        _ => 1,
    };

    /// <summary>Reads <c>float32</c>, <c>string:20</c> and the like; false where it is none of them.</summary>
    public static bool TryParse(string text, out SignalType type)
    {
        type = default;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            if (text[..colon] != "string"
                || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                    out var length)
                || length is < 1 or > TextBytesMax)
            {
                return false;
            }

            type = new SignalType(SignalKind.String, length);
            return true;
        }

        foreach (var kind in Enum.GetValues<SignalKind>())
        {
            if (kind != SignalKind.String && Word(kind) == text)
            {
                type = new SignalType(kind);
                return true;
            }
        }

        return false;
    }

    public override string ToString() =>
        Kind == SignalKind.String ? string.Create(CultureInfo.InvariantCulture, $"string:{TextBytes}") : Word(Kind);

    private static string Word(SignalKind kind) => kind switch
    {
        SignalKind.Bool => "bool",
        SignalKind.Int16 => "int16",
        SignalKind.Uint16 => "uint16",
        SignalKind.Int32 => "int32",
        SignalKind.Uint32 => "uint32",
        SignalKind.Int64 => "int64",
        SignalKind.Uint64 => "uint64",
        SignalKind.Float32 => "float32",
        SignalKind.Float64 => "float64",
        SignalKind.Bcd16 => "bcd16",
        SignalKind.Bcd32 => "bcd32",
        SignalKind.Count => "count",
        _ => "string",
    };
}
