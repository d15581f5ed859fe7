using System.CommandLine;
using System.Globalization;
using Sluice.Agent.Commissioning.Finding;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.CommandLine.Finding;

/// <summary>The options of find-order. All that is wrong with them is said at once.</summary>
internal sealed class FindOrderOptions
{
    private readonly Option<string> source = new("--source")
    {
        Description = "The source, as gateway.json names it.",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<string> address = new("--address")
    {
        Description = "Where the value begins, as the signal list writes it: LW-100, holding:100, input:30, 40101.",
        HelpName = "ADDRESS",
        Required = true,
    };

    private readonly Option<string> shows = new("--shows")
    {
        Description = "What the screen shows now. 71.3 means 71.25 to 71.35.",
        HelpName = "VALUE",
        Required = true,
    };

    private readonly Option<string[]> then = new("--then")
    {
        Description = "What the screen shows later; waited for. May be given several times. Without it, values are "
            + "taken from the terminal or the standard input, a line each.",
        HelpName = "VALUE",
    };

    private readonly Option<string> tolerance = new("--tolerance")
    {
        Description = "How far the value may lie from what is shown, where half of the last digit is not right.",
        HelpName = "NUMBER",
    };

    private readonly Option<string> scale = new("--scale")
    {
        Description = "value = raw x scale + offset, for every type. Without it, whole numbers are tried with 1, 0.1, "
            + "0.01, 0.001 and 10.",
        HelpName = "NUMBER",
    };

    private readonly Option<string> offset = new("--offset") { Description = "See --scale.", HelpName = "NUMBER" };

    private readonly Option<string> type = new("--type")
    {
        Description = "Only this type: int16, uint32, float32, string:20 ...",
        HelpName = "TYPE",
    };

    private readonly Option<string> order = new("--order")
    {
        Description = "Only this order: ABCD, CDAB, BADC or DCBA.",
        HelpName = "ORDER",
    };

    private readonly Option<string> within = new("--within")
    {
        Description = "How long each --then is waited for: 30 s.",
        HelpName = "TIME",
    };

    public Option<string> Config { get; } = VerbOptions.Config();

    public Option<string> Socket { get; } = VerbOptions.Socket();

    public Option<bool> BesideAgent { get; } = VerbOptions.BesideAgent();

    public Option<string> Unit { get; } = new("--unit")
    {
        Description = "Modbus unit id; else that of the source.",
        HelpName = "N",
    };

    public Option<string> Write { get; } = new("--write")
    {
        Description = "Write the signal of this name into the source's list, and the golden samples beside it.",
        HelpName = "SIGNAL",
    };

    public Option<bool> Once { get; } = new("--once")
    {
        Description = "Do not ask what the screen shows later.",
    };

    public void AddTo(Command verb)
    {
        foreach (var option in (Option[])[
            source, address, shows, then, tolerance, Unit, scale, offset, type, order, within, Write, Once, Config,
            BesideAgent, Socket])
        {
            verb.Add(option);
        }
    }

    public (FinderQuestion? Question, ConfiguredSource? Source, IReadOnlyList<string> Problems) Question(
        ParseResult parsed, IReadOnlyList<ConfiguredSource> sources)
    {
        var problems = new List<string>();
        var found = Source(parsed, sources, problems);
        var place = Address(parsed, found?.IsWeintek ?? true, problems);
        var limit = Number(parsed, tolerance, problems) is { } given ? (decimal?)given : null;
        if (limit < 0)
        {
            problems.Add("--tolerance: below 0 nothing would fit: write 0 or more.");
        }

        var candidates = Candidates(parsed, problems);
        var isText = candidates is [{ Type.Kind: SignalKind.String }, ..];
        var values = new List<ShownValue>();
        foreach (var typed in (string[])[parsed.GetValue(shows) ?? "", .. parsed.GetValue(then) ?? []])
        {
            if (isText)
            {
                values.Add(ShownValue.OfText(typed));
            }
            else if (ShownValue.TryNumber(typed, limit, out var shown, out var problem))
            {
                values.Add(shown);
            }
            else
            {
                problems.Add($"{(values.Count == 0 ? "--shows" : "--then")}: {problem} For a text, say its type too: "
                    + "--type string:20 with the length that it has in the panel's program.");
            }
        }

        var unit = UnitOf(parsed, found, problems);
        var wait = Within(parsed, problems);
        Name(parsed, problems);
        if (problems.Count > 0 || found is null)
        {
            return (null, found, problems);
        }

        return (new FinderQuestion
        {
            Source = found.Settings.Name,
            AddressText = parsed.GetValue(address)!.Trim(),
            Address = place,
            UnitId = unit,
            Candidates = candidates,
            Registers = isText ? candidates[0].Type.Registers : OrderCandidate.NumberRegistersMax,
            Shows = values[0],
            Then = [.. values.Skip(1)],
            Tolerance = limit,
            Within = wait,
        }, found, problems);
    }

    private ConfiguredSource? Source(
        ParseResult parsed, IReadOnlyList<ConfiguredSource> sources, List<string> problems)
    {
        var name = parsed.GetValue(source);
        var modbus = sources.Where(each => each.Settings is ModbusSettings).ToList();
        if (modbus.Find(each => each.Settings.Name == name) is { } found)
        {
            return found;
        }

        var there = modbus.Count == 0 ? "it has none" : "write "
            + string.Join(" or ", modbus.Select(each => each.Settings.Name));
        problems.Add($"--source: \"{FileNode.Clip(name ?? "")}\" is no Modbus source of the configuration: {there}.");
        return null;
    }

    private ModbusAddress Address(ParseResult parsed, bool isWeintek, List<string> problems)
    {
        if (!ModbusAddressNotation.TryParse(parsed.GetValue(address) ?? "", isWeintek, out var place, out var problem))
        {
            problems.Add($"--address: {problem.TrimEnd('.')}.");
        }
        else if (place.Bit >= 0 || place.Table is ModbusTable.Coil or ModbusTable.DiscreteInput)
        {
            problems.Add($"--address: {parsed.GetValue(address)} is a single bit: its type is bool, and there is no "
                + "order to find.");
        }

        return place;
    }

    private IReadOnlyList<OrderCandidate> Candidates(ParseResult parsed, List<string> problems)
    {
        SignalType? only = null;
        if (parsed.GetValue(type) is { } word)
        {
            if (!SignalType.TryParse(word, out var known) || known.Kind is SignalKind.Bool or SignalKind.Count)
            {
                problems.Add($"--type: \"{FileNode.Clip(word)}\" is not a type with an order: write int16, uint16, "
                    + "int32, uint32, int64, uint64, float32, float64, bcd16, bcd32 or string:N.");
            }

            only = known;
        }

        ByteOrder? letters = null;
        if (parsed.GetValue(order) is { } written)
        {
            if (!Enum.GetNames<ByteOrder>().Contains(written))
            {
                problems.Add($"--order: \"{FileNode.Clip(written)}\" is not an order: write "
                    + $"{string.Join(", ", Enum.GetNames<ByteOrder>())}.");
            }
            else
            {
                letters = Enum.Parse<ByteOrder>(written);
            }
        }

        var factor = Number(parsed, scale, problems);
        var added = Number(parsed, offset, problems);
        if (factor is 0)
        {
            problems.Add("--scale: 0 would make every value the same: write the factor.");
        }

        var candidates = only is { Kind: SignalKind.String } text
            ? OrderCandidate.OfText(text, letters)
            : OrderCandidate.OfNumbers(only, letters, factor, added);
        if (candidates.Count == 0 && problems.Count == 0)
        {
            problems.Add($"--order: {letters} swaps words, and {only} has none to swap: write ABCD or BADC.");
        }

        return candidates;
    }

    private byte UnitOf(ParseResult parsed, ConfiguredSource? found, List<string> problems)
    {
        var isRtu = found?.Settings is ModbusRtuSettings;
        if (parsed.GetValue(Unit) is not { } text)
        {
            return found?.UnitId ?? 1;
        }

        if (!byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var unit)
            || (isRtu && unit is 0 or > 247))
        {
            problems.Add($"--unit: \"{FileNode.Clip(text)}\" is not a unit id: write a whole number from "
                + (isRtu ? "1 to 247, as on every RTU bus." : "0 to 255."));
        }

        return unit;
    }

    private TimeSpan Within(ParseResult parsed, List<string> problems)
    {
        if (parsed.GetValue(within) is not { } text)
        {
            return TimeSpan.FromSeconds(30);
        }

        if (!UnitText.TryDuration(text, out var wait, out var problem))
        {
            problems.Add($"--within: {problem}");
        }
        else if (wait > TimeSpan.FromHours(1))
        {
            problems.Add("--within: nobody stands there for longer than an hour: write less.");
        }

        return wait;
    }

    private void Name(ParseResult parsed, List<string> problems)
    {
        if (parsed.GetValue(Write) is { } name && NameText.RefuseSignal(name) is { } refused)
        {
            problems.Add($"--write: {refused}");
        }
    }

    private static double? Number(ParseResult parsed, Option<string> option, List<string> problems)
    {
        if (parsed.GetValue(option) is not { } text)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && Math.Abs(number) <= 1e12)
        {
            return number;
        }

        problems.Add($"{option.Name}: \"{FileNode.Clip(text)}\" is not a number: write one such as 0.1, with a point.");
        return null;
    }
}
