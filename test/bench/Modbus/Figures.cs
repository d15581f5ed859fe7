using System.Globalization;
using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Bench.Modbus;

/// <summary>Numbers as the tables of this bench print them, and the signals that it reads.</summary>
internal static class Figures
{
    public static CultureInfo Plain => CultureInfo.InvariantCulture;

    public static string Of(FormattableString text) => text.ToString(Plain);

    public static string Verdict(double ratio, double goal) => ratio >= goal ? "met" : "NOT met";

    public static double Median(IEnumerable<double> values) => Quantile(values, 0.5);

    public static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
    }

    public static ModbusSignal Signal(string name, ModbusTable table, int address, SignalKind kind, byte unit = 1) =>
        new()
        {
            Signal = new Signal { Name = name, Source = "bench", Type = new SignalType(kind) },
            UnitId = unit,
            Address = new ModbusAddress(table, (ushort)address),
        };
}
