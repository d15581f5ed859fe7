using Sluice.Agent.Configuration.Binding;
using Sluice.Hal;
using Sluice.Hal.Gpio;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>One column of a signal list.</summary>
/// <param name="Name">As it stands in the header.</param>
/// <param name="Shape">What its cells may hold; an empty cell is the default.</param>
/// <param name="Default">What an empty cell means, in words.</param>
/// <param name="Sentence">What it means.</param>
/// <param name="Kinds">The kinds of source that have it.</param>
internal sealed record SignalColumn(
    string Name, LeafShape Shape, string Default, string Sentence, params string[] Kinds)
{
    public bool Required => Default.Length == 0;

    public bool IsFor(string kind) => Kinds.Contains(kind, StringComparer.Ordinal);
}

/// <summary>
/// The columns that a signal list may have, in any order, as data: checked, and written into the documentation.
/// </summary>
internal static class SignalListSchema
{
    private const string Simulated = "simulated";
    private const string Gpio = "gpio";
    private const string Sensors = "sensors";

    private static readonly string[] Modbus = ["modbus-tcp", "modbus-rtu", "modbus-rtu-over-tcp"];
    private static readonly string[] Scaled = [.. Modbus, Simulated, Sensors];
    private static readonly string[] Counted = [.. Modbus, Simulated];
    private static readonly string[] AnyKind = [.. Scaled, Gpio];

    private static readonly string[] Shapes = ["counter", "sine", "ramp", "toggle", "walk"];

    public static IReadOnlyList<SignalColumn> Columns { get; } =
    [
        new("signal", new TextShape("the signal's "
            + "name", "oil/temperature", NameText.SignalPattern, NameText.RefuseSignal),
            "", "Name, unique in the list; on the wire the source's name and a slash stand before it.",
            AnyKind),
        new("address", Text("where it is read", "holding:100", 64), "",
            "Modbus: holding:N, input:N, coil:N, discrete:N (N = PDU address from 0), 40001 or 400001, a bit as "
            + "holding:100.3; with profile weintek LW-N, LB-N, RW-N. GPIO: gpio:N or "
            + "gpio:NAME, the line as the board names it. Sensors: hwmon:lm75/temp1, iio:ads1015/in_voltage0, "
            + "thermal:cpu-thermal, #1 after the name for the second of that name. Simulated: "
            + string.Join(", ", Shapes) + ".",
            AnyKind),
        new("type", new TextShape("a type", "float32", null, RefuseType), "",
            "bool, int16, uint16, int32, uint32, int64, uint64, float32, float64, bcd16, bcd32, or string:N (N bytes). "
            + "GPIO: bool (the level), count (of edges), lost (edges known to be lost), run-time (seconds active), "
            + "cycle-time (seconds from edge to edge).",
            AnyKind),
        new("order", new WordShape("ABCD", "CDAB", "BADC", "DCBA"), "ABCD; with profile weintek CDAB",
            "Byte order of what takes more than one register. For 64 bits: ABCDEFGH, GHEFCDAB, BADCFEHG, HGFEDCBA.",
            Modbus),
        new("scale", new NumberShape(-1e12, 1e12, Whole: false), "1", "value = raw × scale + "
            + "offset.", Scaled),
        new("offset", new NumberShape(-1e12, 1e12, Whole: false), "0", "See scale.", Scaled),
        new("unit", Text("an engineering unit", "degC", 32), "none", "Engineering unit, told to the "
            + "MES.", Scaled),
        new("report", new WordShape("change", "always"), "change",
            "change: when the value moved by more than the deadband. always: every reading.", AnyKind),
        new("deadband", new NumberShape(0, 1e15, Whole: false), "0",
            "In engineering units: a smaller move is not reported.", AnyKind),
        new("atLeastEvery", new DurationShape(TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)), "60 s",
            "An unchanged value is repeated after this, so that silence is never ambiguous.", AnyKind),
        new("every", new DurationShape(TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)), "the source's every",
            "How often the signal is read.", AnyKind),
        new("unitId", new NumberShape(0, 255), "the source's unitId", "Modbus unit id; 1 to 247 on RTU.", Modbus),
        new("counter", new WordShape("16", "32", "64"), "it is no counter",
            "Bits after which the counter begins at 0 again, told to the MES: it counts production across that. For "
            + "whole numbers without a sign and without scale. A count of GPIO has 64 by itself.", Counted),
        new("texts", new TextShape("texts of a state", "0=Stop;1=Run", null, StateTexts.Refuse), "none",
            "What the values of a state mean, told to the MES: value=text, with semicolons between. For bool and whole "
            + "numbers.", AnyKind),
        new("edge", new WordShape("rising", "falling", "both", "none"), "rising; for bool and run-time both",
            "Which edges count. none: a bool of a chip without interrupts, which is read and not watched.", Gpio),
        new("debounce", new DurationShape(TimeSpan.Zero, LineSettings.DebounceMax), "0 ms",
            "A shorter pulse is no edge.", Gpio),
        new("bias", new WordShape("none", "pull-up", "pull-down"), "as the board has it", "Resistor of the input.",
            Gpio),
        new("activeLow", new TrueFalseShape(), "false", "A low level reads as true.", Gpio),
        new("description", Text("a description", "Gear oil at the sump", 200), "none", "For people, told to the MES.",
            AnyKind),
    ];

    public static IReadOnlyList<string> SimulatedShapes => Shapes;

    private static TextShape Text(string what, string example, int charactersMax) => new(
        what, example, null, text => text.Length > charactersMax ? $"is longer than {charactersMax} characters: "
            + "shorten it."
            : text.Any(char.IsControl) ? "holds a control character: take it out." : null);

    private static string? RefuseType(string text)
    {
        if (SignalType.TryParse(text, out _) || GpioTypes.Words.Contains(text))
        {
            return null;
        }

        if (text.StartsWith("string", StringComparison.Ordinal))
        {
            return $"\"{FileNode.Clip(text)}\" needs a length from 1 to {SignalType.TextBytesMax} bytes: write "
                + "string:20.";
        }

        string[] known = [.. Enum.GetValues<SignalKind>()
            .Where(kind => kind is not (SignalKind.String or SignalKind.Count))
            .Select(kind => new SignalType(kind).ToString())];
        var meant = text.ToUpperInvariant() switch
        {
            "REAL" or "FLOAT" or "SINGLE" => "float32",
            "LREAL" or "DOUBLE" => "float64",
            "INT" or "SHORT" => "int16",
            "WORD" or "UINT" => "uint16",
            "DINT" or "LONG" => "int32",
            "DWORD" or "UDINT" => "uint32",
            "BOOLEAN" or "BIT" => "bool",
            _ => Nearest.Of(text, known),
        };
        return $"\"{FileNode.Clip(text)}\" is not a type{Nearest.Ask(meant)}: write one of {string.Join(", ", known)} "
            + "or string:N.";
    }
}
