using System.Globalization;
using Sluice.Agent.Configuration.Schema;
using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Modbus;
using Sluice.Hal.Sensors;
using Sluice.Hal.Simulation;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>
/// Makes the signals of one source out of the rows of its list, and checks what several cells say together. A row with
/// a problem makes no signal, and the rows after it are still checked.
/// </summary>
internal sealed class SignalListBinding(string source, SourceDraft settings)
{
    private static readonly TimeSpan AtLeastEveryDefault = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, SignalRow> names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<SampledSignal> signals = [];
    private readonly List<ModbusSignal> modbus = [];
    private readonly List<SignalRow> placed = [];
    private readonly List<SimulatedSignal> simulated = [];
    private readonly List<GpioSignal> gpio = [];
    private readonly List<SensorSignal> sensors = [];
    private readonly GpioBinding lines = new();
    private readonly ReadPlanOptions planOptions = GatewayBuilding.PlanOptions(settings);

    public IReadOnlyList<SampledSignal> Signals => signals;

    public IReadOnlyList<ModbusSignal> Modbus => modbus;

    public IReadOnlyList<SimulatedSignal> Simulated => simulated;

    public IReadOnlyList<GpioSignal> Gpio => gpio;

    public IReadOnlyList<SensorSignal> Sensors => sensors;

    /// <summary>Names of all rows, also of those that make no signal because of a problem.</summary>
    public IReadOnlyCollection<string> Names => names.Keys;

    public void Bind(IReadOnlyList<SignalRow> rows)
    {
        foreach (var row in rows)
        {
            CheckName(row);
            switch (settings.Kind)
            {
                case "gpio":
                    AddLine(row);
                    break;
                case "sensors":
                    AddSensor(row);
                    break;
                default:
                    Add(row);
                    break;
            }
        }

        CheckOverlaps();
    }

    private bool IsWeintek => settings.Profile == "weintek";

    private void CheckName(SignalRow row)
    {
        if (row.Name.Length > 0 && !names.TryAdd(row.Name, row))
        {
            row.Error("signal", string.Create(
                CultureInfo.InvariantCulture,
                $"\"{row.Name}\" stands in line {names[row.Name].Line} too (case does not count): rename one."));
        }
    }

    private void Add(SignalRow row)
    {
        if (!SignalType.TryParse(row["type"], out var type))
        {
            if (GpioTypes.Words.Contains(row["type"]))
            {
                row.Error("type", $"{row["type"]} is for GPIO inputs: write the type that the device has.");
            }

            return;
        }

        CheckNumbers(row, type);
        var counterBits = MeaningBinding.CounterBits(row, type);
        var texts = MeaningBinding.Texts(row, type);
        var isModbus = settings.IsModbus();
        ModbusAddress address = default;
        SimulatedShape shape = default;
        if (row.HasRight("address"))
        {
            _ = isModbus ? TryAddress(row, type, out address) : TryShape(row, type, out shape);
        }

        if (!row.Right || !row.HasRight("address"))
        {
            return;
        }

        var signal = new Signal
        {
            Name = $"{source}/{row.Name}",
            Source = source,
            Type = type,
            EngineeringUnit = row["unit"],
            Description = row["description"],
            CounterBits = counterBits,
            Texts = texts,
        };
        signals.Add(new SampledSignal(signal, Duration(row, "every") ?? settings.Every ?? default, Report(row)));
        if (isModbus)
        {
            AddModbus(row, Place(row, signal, address));
        }
        else
        {
            simulated.Add(new SimulatedSignal
            {
                Signal = signal,
                Shape = shape,
                Scale = Number(row, "scale") ?? 1,
                Offset = Number(row, "offset") ?? 0,
            });
        }
    }

    /// <summary>The source's own rules have the last word: what passes here never makes it throw.</summary>
    private void AddModbus(SignalRow row, ModbusSignal signal)
    {
        if (settings.IsRtu() && row.HasRight("unitId") && ModbusShapes.RtuUnits.Refuse(row["unitId"]) is { } refused)
        {
            row.Error("unitId", $"{refused} On an RTU bus no other unit answers.");
            return;
        }

        if (ModbusSignalRules.Problem(signal, planOptions) is { } problem)
        {
            row.Error("type", problem + ".");
            return;
        }

        modbus.Add(signal);
        placed.Add(row);
    }

    private void AddLine(SignalRow row)
    {
        if (!row.Has("type") || !row.Has("address") || !lines.TryBind(row, source, out var line))
        {
            return;
        }

        signals.Add(new SampledSignal(line.Signal, Duration(row, "every") ?? settings.Every ?? default, Report(row)));
        gpio.Add(line);
    }

    private void AddSensor(SignalRow row)
    {
        if (!row.Has("type") || !row.Has("address"))
        {
            return;
        }

        _ = MeaningBinding.Texts(row, new SignalType(SignalKind.Float64));
        if (row["type"] != "float64")
        {
            row.Error("type", "a sensor is a number with decimals: write float64.");
        }

        if (!SensorAddress.TryParse(row["address"], out var address, out var problem))
        {
            row.Error("address", $"\"{FileNode.Clip(row["address"])}\" {problem}.");
        }

        if (!row.Right)
        {
            return;
        }

        var signal = new Signal
        {
            Name = $"{source}/{row.Name}",
            Source = source,
            Type = new SignalType(SignalKind.Float64),
            EngineeringUnit = row.Has("unit") || row.Has("scale") || row.Has("offset") ? row["unit"] : address.Unit,
            Description = row["description"],
        };
        signals.Add(new SampledSignal(signal, Duration(row, "every") ?? settings.Every ?? default, Report(row)));
        sensors.Add(new SensorSignal
        {
            Signal = signal,
            Address = address,
            Scale = Number(row, "scale") ?? 1,
            Offset = Number(row, "offset") ?? 0,
        });
    }

    private ModbusSignal Place(SignalRow row, Signal signal, ModbusAddress address)
    {
        // A panel's words are low word first (docs: Weintek); text has no words to swap.
        var swaps = IsWeintek && signal.Type.Registers > 1 && signal.Type.Kind != SignalKind.String;
        return new ModbusSignal
        {
            Signal = signal,
            UnitId = row.Has("unitId") ? (byte)Number(row, "unitId")! : settings.UnitId ?? 1,
            Address = address,
            Order = row.Has("order") ? Enum.Parse<ByteOrder>(row["order"]) : swaps ? ByteOrder.CDAB : ByteOrder.ABCD,
            Scale = Number(row, "scale") ?? 1,
            Offset = Number(row, "offset") ?? 0,
        };
    }

    /// <summary>
    /// Two values that share a register are a slip far more often than a wish: a line copied and not changed, a width
    /// forgotten. Bits of one register may stand beside each other, and beside the whole.
    /// </summary>
    private void CheckOverlaps()
    {
        var last = new Dictionary<(byte Unit, ModbusTable Table), (int End, SignalRow Row)>();
        var ordered = modbus.Zip(placed)
            .OrderBy(pair => pair.First.Address.Address)
            .ThenBy(pair => pair.Second.Line);
        foreach (var (signal, row) in ordered)
        {
            if (signal.Address.Bit >= 0)
            {
                continue;
            }

            var key = (signal.UnitId, signal.Address.Table);
            if (last.TryGetValue(key, out var before) && before.End > signal.Address.Address)
            {
                var (later, earlier) = row.Line > before.Row.Line ? (row, before.Row) : (before.Row, row);
                var line = earlier.Line.ToString(CultureInfo.InvariantCulture);
                later.Warning("address", $"{later["address"]} {later["type"]} lies on {earlier["address"]} "
                    + $"{earlier["type"]} of {earlier.Name} (line {line}): is one of them wrong?");
            }

            var end = signal.Address.Address + signal.Signal.Type.Registers;
            if (end >= before.End)
            {
                last[key] = (end, row);
            }
        }
    }

    private static ReportRule Report(SignalRow row) => new(
        row["report"] == "always", Number(row, "deadband") ?? 0, Duration(row, "atLeastEvery") ?? AtLeastEveryDefault);

    private static void CheckNumbers(SignalRow row, SignalType type)
    {
        if (type.Kind is SignalKind.Bool or SignalKind.String)
        {
            foreach (var column in (string[])["scale", "offset", "deadband"])
            {
                if (row.Has(column))
                {
                    row.Error(column, $"means nothing for {type}: leave it empty.");
                }
            }
        }
        else if (Number(row, "scale") is 0)
        {
            row.Error("scale", "0 would make every value the same: write the factor, or leave it empty for 1.");
        }

        if (row["report"] == "always" && row.Has("deadband"))
        {
            row.Warning("deadband", "has no effect with report always: leave one of the two empty.");
        }
    }

    private bool TryAddress(SignalRow row, SignalType type, out ModbusAddress address)
    {
        if (!ModbusAddressNotation.TryParse(row["address"], IsWeintek, out address, out var problem))
        {
            row.Error("address", problem.TrimEnd('.') + ".");
            return false;
        }

        var isBit = address.Bit >= 0 || address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput;
        var isBool = type.Kind == SignalKind.Bool;
        if (type.Kind == SignalKind.Count)
        {
            row.Error("type", "count is for GPIO inputs: write uint32 or whatever the device's counter is.");
        }
        else if (isBit && !isBool)
        {
            row.Error("type", $"{type} does not fit the single bit {row["address"]}: write bool.");
        }
        else if (isBool && !isBit)
        {
            row.Error("address", $"{row["address"]} is a register of 16 bits: say which bit is meant, "
                + $"{row["address"]}.0 (least significant) to {row["address"]}.15, or make the type uint16.");
        }
        else if (address.Address + type.Registers - 1 > ushort.MaxValue)
        {
            row.Error("address", string.Create(CultureInfo.InvariantCulture, $"{type} at {row["address"]} takes "
                + $"{type.Registers} registers and runs past 65535: write a lower address."));
        }

        CheckOrder(row, type);
        return true;
    }

    private static void CheckOrder(SignalRow row, SignalType type)
    {
        if (!row.Has("order"))
        {
            return;
        }

        if (type.Kind == SignalKind.Bool)
        {
            row.Error("order", "means nothing for bool: leave it empty.");
        }
        else if ((type.Registers == 1 || type.Kind == SignalKind.String) && row["order"] is "CDAB" or "DCBA")
        {
            row.Error("order", $"{row["order"]} swaps words, and {type} has none to swap: leave it empty, or write "
                + "BADC where "
                + "the device sends the low byte first.");
        }
    }

    private static bool TryShape(SignalRow row, SignalType type, out SimulatedShape shape)
    {
        var text = row["address"];
        var at = SignalListSchema.SimulatedShapes.ToList().IndexOf(text);
        shape = (SimulatedShape)Math.Max(0, at);
        if (at < 0)
        {
            var meant = Nearest.Of(text, SignalListSchema.SimulatedShapes);
            row.Error("address", $"\"{FileNode.Clip(text)}\" is not a simulated course{Nearest.Ask(meant)}: "
                + $"write one of {string.Join(", ", SignalListSchema.SimulatedShapes)}.");
        }
        else if (type.Kind == SignalKind.Count)
        {
            row.Error("type", "count is for GPIO inputs: write uint32 with the address counter.");
        }

        return at >= 0;
    }

    private static double? Number(SignalRow row, string column) =>
        double.TryParse(row[column], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static TimeSpan? Duration(SignalRow row, string column) =>
        UnitText.TryDuration(row[column], out var duration, out _) ? duration : null;
}
