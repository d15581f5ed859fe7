using Sluice.Agent.Configuration;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.CharacterDevice;

namespace Sluice.Agent.Doctor.Checks;

/// <summary>Whether the machines answer.</summary>
internal static class MachineChecks
{
    private const string Group = "Machines";
    private const string StatusDoor = "see why the agent does not tell (agent-answers).";

    public static IReadOnlyList<Check> All { get; } =
    [
        new("source-reached", Group, "Does each machine answer?", Reached),
        new("panel-server", Group, "Does each panel serve Modbus?", PanelServer),
        new("unit-answers", Group, "Does each unit answer?", Units),
        new("signals-good", Group, "Is what they say Good?", Signals),
        new("serial-port", Group, "Is each serial port there, and permitted?", Ports),
        new("gpio-lines", Group, "Are chips and lines there?", Lines),
    ];

    private static IEnumerable<Answer> Reached(CheckupFacts facts)
    {
        foreach (var source in facts.Sources)
        {
            yield return source.IsReached switch
            {
                true => Answer.Ok(source.Device, source.Name),
                false => Answer.Bad(At(source),
                    source.PortProblem is not null
                        ? "check the wiring: A and B swapped, termination, baud and parity as the devices are set."
                        : "is the machine on? Is its address right? Try its cable and switch port.", source.Name),
                _ => Answer.Unknown(At(source), StatusDoor, source.Name),
            };
        }

        if (facts.Sources.Count == 0)
        {
            yield return Answer.None("No source of the configuration is a machine that could be asked.");
        }
    }

    /// <summary>A panel that is there and refuses the port has no Modbus server in its project.</summary>
    private static IEnumerable<Answer> PanelServer(CheckupFacts facts)
    {
        var panels = facts.Sources.Where(source => source.IsWeintek).ToList();
        foreach (var panel in panels)
        {
            yield return panel switch
            {
                { IsReached: true, Units: { Count: > 0 } units } when units.All(unit => unit.Answers == false) =>
                    Answer.Bad($"Something listens at {panel.Device}, and no unit of it answers Modbus.",
                        "is it the panel, and the port of its MODBUS Server? Is the station number in the panel's "
                        + "project the unitId of the list?", panel.Name),
                { IsReached: true } => Answer.Ok("its Modbus server answers", panel.Name),
                { IsRefused: true } => Answer.Bad(
                    $"The panel at {panel.Device} is there, and nothing serves Modbus on it.",
                    "have the machine builder add a MODBUS Server (TCP/IP, this port) to the devices of the panel's "
                    + "project, and load the project into the panel.", panel.Name),
                { IsReached: false } => Answer.Unknown("The panel itself does not answer.",
                    "see source-reached first.", panel.Name),
                _ => Answer.Unknown(Sentence(panel), StatusDoor, panel.Name),
            };
        }

        if (panels.Count == 0)
        {
            yield return Answer.None("No source has the profile weintek.");
        }
    }

    private static IEnumerable<Answer> Units(CheckupFacts facts)
    {
        var some = false;
        foreach (var source in facts.Sources)
        {
            foreach (var unit in source.Units)
            {
                some = true;
                var about = $"{source.Name} unit {unit.UnitId}";
                yield return unit.Answers switch
                {
                    true => Answer.Ok(unit.Said, about),
                    false => Answer.Bad($"It does not answer: {unit.Said}.",
                        "is it on, and set to this unit id? sluice-agent discover modbus finds who answers.", about),
                    _ => Answer.Unknown(unit.Said, "see source-reached first.", about),
                };
            }
        }

        if (!some)
        {
            yield return Answer.None("No unit was asked or told of.");
        }
    }

    private static IEnumerable<Answer> Signals(CheckupFacts facts)
    {
        var read = facts.Sources.Where(source => source.Signals is not null).ToList();
        foreach (var source in read)
        {
            var (good, all, reason) = source.Signals!.Value;
            yield return good == all
                ? Answer.Ok($"{all} of {all}", source.Name)
                : Answer.Look($"{good} of {all} are Good; the others mostly {reason}"
                    + (source.Sentence.Length > 0 ? $": {source.Sentence}." : "."),
                    reason is "DeviceException"
                        ? "these addresses are not on the device: compare the list with the machine's."
                        : reason is "Stale" or "LayoutChanged"
                            ? "see to the machine: a guard of the source does not hold."
                            : "see which: sluice-agent status --all; or stop the agent and: sluice-agent check --live.",
                    source.Name);
        }

        if (read.Count == 0)
        {
            yield return Answer.None("Nothing was read. sluice-agent check --live reads every signal once.");
        }
    }

    private static IEnumerable<Answer> Ports(CheckupFacts facts)
    {
        var ports = facts.Sources.Where(source => source.PortProblem is not null).ToList();
        foreach (var source in ports)
        {
            yield return source.PortProblem is { Length: > 0 } problem
                ? Answer.Bad($"{source.Device} {problem}.",
                    "ls -l /dev/serial/by-path shows what is plugged in; the port belongs to the agent's group by the "
                    + "udev rule of the package.", source.Name)
                : Answer.Ok(source.Device, source.Name);
        }

        if (ports.Count == 0)
        {
            yield return Answer.None("No source is on a serial port.");
        }
    }

    private static IEnumerable<Answer> Lines(CheckupFacts facts)
    {
        var any = false;
        foreach (var source in (facts.Configuration?.Sources ?? []).OfType<GpioSettings>())
        {
            any = true;
            foreach (var answer in Judge(facts, source.Name, source.Chip,
                [.. source.Lines.Select(each => each.Line)], facts.Running is not null))
            {
                yield return answer;
            }
        }

        if (facts.Configuration?.Light is { } light)
        {
            any = true;
            foreach (var answer in Judge(facts, "light", light.Chip, [light.Line], facts.Running is not null))
            {
                yield return answer;
            }
        }

        if (!any)
        {
            yield return Answer.None("No source watches a line, and there is no light.");
        }
    }

    private static IEnumerable<Answer> Judge(
        CheckupFacts facts, string about, string named, GpioLine[] lines, bool isHeld)
    {
        const string label = "label:";
        var chip = facts.Chips.FirstOrDefault(each => named.StartsWith(label, StringComparison.Ordinal)
            ? each.Label == named[label.Length..] : each.Path == named);
        if (chip is null || chip.Problem.Length > 0)
        {
            yield return chip is null
                ? Answer.Bad($"This machine has no chip {named}.",
                    "sluice-agent discover gpio shows what it has; correct \"chip\".", about)
                : Answer.Bad($"{chip.Path} cannot be asked: {chip.Problem}.",
                    "the agent's user must be in the group of the device: the udev rule of the package sees to it.",
                    about);
            yield break;
        }

        var missing = lines.Where(line => Find(chip, line) is null).Select(line => line.ToString()).ToList();
        var taken = isHeld ? [] : lines.Select(line => Find(chip, line)).OfType<FoundLine>()
            .Where(line => line.IsUsed).ToList();
        if (missing.Count > 0)
        {
            yield return Answer.Bad($"{chip.Path} has no {string.Join(", ", missing)}.",
                "sluice-agent discover gpio shows its lines; correct the addresses.", about);
        }

        foreach (var line in taken)
        {
            yield return Answer.Bad($"Line {line.Number} of {chip.Path} is used by "
                + $"{(line.UsedBy.Length > 0 ? line.UsedBy : "somebody")}.",
                "stop who has it, or take another line.", about);
        }

        if (missing.Count == 0 && taken.Count == 0)
        {
            yield return Answer.Ok($"{lines.Length} of {chip.Path}", about);
        }
    }

    private static FoundLine? Find(FoundChip chip, GpioLine line) => chip.Lines.FirstOrDefault(each =>
        line.Name.Length > 0 ? each.Name == line.Name : each.Number == line.Number);

    /// <summary>With the device, where the sentence does not begin with it.</summary>
    private static string At(SourceFacts source) =>
        Sentence(source) is var sentence && sentence.StartsWith(source.Device, StringComparison.Ordinal)
            ? sentence : $"{source.Device}: {sentence}";

    private static string Sentence(SourceFacts source) => source.Sentence switch
    {
        "" => "no answer.",
        [.., '.'] whole => whole,
        var part => part + ".",
    };
}
