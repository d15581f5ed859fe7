using System.Globalization;
using Sluice.Hal.Gpio.Counting;

namespace Sluice.Hal.Gpio;

/// <summary>A line of a chip: by its number there, or by the name that the board gives it.</summary>
/// <param name="Number">The line's offset on its chip, from 0; -1 where it is named.</param>
/// <param name="Name">The name in the kernel; empty where it is numbered.</param>
public readonly record struct GpioLine(int Number, string Name)
{
    /// <summary>Bytes of a name in the kernel, its closing zero not counted (linux/gpio.h,
    /// GPIO_MAX_NAME_SIZE).</summary>
    public const int NameBytesMax = 31;

    /// <summary>More lines than any chip has: a number above it is a slip of the pen.</summary>
    public const int NumberMax = 1023;

    private const string Prefix = "gpio:";

    /// <summary>Reads <c>gpio:17</c> or <c>gpio:DI1</c>; what is wrong is a sentence.</summary>
    public static bool TryParse(string text, out GpioLine line, out string problem)
    {
        line = default;
        problem = "";
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || text.Length == Prefix.Length)
        {
            problem = "is not the address of a line; write gpio: and the line's number on its chip or its name, "
                + "such as gpio:17 or gpio:DI1";
            return false;
        }

        var rest = text[Prefix.Length..];
        if (rest.All(char.IsAsciiDigit))
        {
            if (!int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number > NumberMax)
            {
                problem = $"names line {rest}; no chip has lines above {NumberMax}";
                return false;
            }

            line = new GpioLine(number, "");
            return true;
        }

        if (rest.Length > NameBytesMax || rest.Any(c => c is <= ' ' or > '~'))
        {
            problem = $"is not the name of a line: up to {NameBytesMax} printable ASCII characters without blanks";
            return false;
        }

        line = new GpioLine(-1, rest);
        return true;
    }

    public override string ToString() =>
        Prefix + (Name.Length > 0 ? Name : Number.ToString(CultureInfo.InvariantCulture));
}

/// <summary>The resistor inside the chip.</summary>
public enum LineBias : byte
{
    /// <summary>As the board's firmware left it.</summary>
    AsIs,
    PullUp,
    PullDown,

    /// <summary>Switched off.</summary>
    Disabled,
}

/// <summary>What a signal makes of its line.</summary>
public enum GpioQuantity : byte
{
    /// <summary>Active or not; every change at the time of its edge.</summary>
    Level,

    /// <summary>Edges counted.</summary>
    Count,

    /// <summary>Edges known to be lost: count plus lost is what the machine made.</summary>
    Lost,

    /// <summary>Seconds that the line was active, in all.</summary>
    RunTime,

    /// <summary>Seconds from one edge to the next of the same kind.</summary>
    CycleTime,
}

/// <summary>How a line is watched; the signals of one line agree on it.</summary>
/// <param name="ActiveLow">Low voltage means active: levels and edges are turned round.</param>
/// <param name="Bias">The resistor inside the chip.</param>
/// <param name="Debounce">A level shorter than this never happened. Zero: none.</param>
public readonly record struct LineSettings(bool ActiveLow, LineBias Bias, TimeSpan Debounce)
{
    /// <summary>Longer than any contact bounces: 10 s.</summary>
    public static readonly TimeSpan DebounceMax = TimeSpan.FromSeconds(10);
}

/// <summary>A signal and the line it comes from.</summary>
public sealed record GpioSignal
{
    public required Signal Signal { get; init; }

    public required GpioLine Line { get; init; }

    public GpioQuantity Quantity { get; init; } = GpioQuantity.Level;

    /// <summary>
    /// The edges that count or begin a cycle. For a level: Both, or None where the chip has no interrupts and the level
    /// is only read.
    /// </summary>
    public EdgeKinds Edges { get; init; } = EdgeKinds.Both;

    public LineSettings Settings { get; init; }

    /// <summary>The edges that have to be watched for it.</summary>
    public EdgeKinds Watched => Quantity == GpioQuantity.RunTime ? EdgeKinds.Both : Edges;

    /// <summary>
    /// Under which its total is kept over a restart. It names what was counted, so that a total is never carried on
    /// after the line or the edge was changed.
    /// </summary>
    public string TotalName => string.Create(
        CultureInfo.InvariantCulture,
            $"{Signal.Name} {Line} {Quantity} {Edges} {(Settings.ActiveLow ? "low" : "high")}");
}

/// <summary>How a chip is watched. Every wait has a bound, and these are they.</summary>
public sealed record GpioOptions
{
    /// <summary>A line that could not be had is asked for again after this. 1 s.</summary>
    public TimeSpan RetryEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Totals that changed are kept this often, and when the source is closed. What a power cut may take from a counter
    /// is one such period. 5 s.
    /// </summary>
    public TimeSpan KeepEvery { get; init; } = TimeSpan.FromSeconds(5);
}
