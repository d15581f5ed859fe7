using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Agent.Commissioning.Discovery;
using Sluice.Agent.Commissioning.Discovery.Host;
using Sluice.Agent.Commissioning.Lists;

namespace Sluice.Agent.CommandLine.Finding;

/// <summary>
/// sluice-agent discover: what is there, before a signal list is. On this machine (sensors, GPIO lines) it reads and
/// asks only; what is on a network or a bus is <see cref="DiscoverModbusVerb"/>.
/// </summary>
internal sealed class DiscoverVerb(bool isTerminal, TextWriter output, TextWriter error, TimeProvider clock)
{
    // People read it too: a quote stays a quote. It is never put into HTML.
    public static readonly DiscoveryJson Readable = new(new JsonSerializerOptions(DiscoveryJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };
    private readonly Option<string> draft = Draft();

    private readonly Option<string> sys = new("--sys")
    {
        Description = "Where the kernel's sensors stand; another folder for a recorded tree.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/sys",
    };

    private readonly Option<string> chip = new("--chip")
    {
        Description = "Only this chip: its device or label:NAME. A draft is of one chip.",
        HelpName = "CHIP",
    };

    public Command Command()
    {
        var verb = new Command("discover", "Look for what can be read: on a Modbus device or bus, among the kernel's "
            + "sensors, on the GPIO chips. Nothing is ever written or driven.");
        verb.Add(new DiscoverModbusVerb(isTerminal, output, error, clock).Command());

        var sensors = new Command("sensors", "List what the kernel's drivers measure (hwmon, IIO, thermal zones), with "
            + "the address for the signal list.") { json, draft, sys };
        sensors.SetAction(Sensors);
        verb.Add(sensors);

        var gpio = new Command("gpio", "List the GPIO chips and lines, and who uses them. No line is requested, so "
            + "none changes.") { json, draft, chip };
        gpio.SetAction(Gpio);
        verb.Add(gpio);
        return verb;
    }

    public static Option<string> Draft() => new("--out")
    {
        Description = "Write a draft signal list there. A file that exists is not overwritten.",
        HelpName = "FILE",
    };

    /// <summary>Writes a draft; the exit code.</summary>
    public static int WriteDraft(string path, string text, TextWriter error)
    {
        if (File.Exists(path))
        {
            error.WriteLine($"{path} is there already, and may hold somebody's work: name another file, or move it.");
            return ExitCode.Storage;
        }

        if (SafeFile.Replace(path, System.Text.Encoding.UTF8.GetBytes(text)) is { } problem)
        {
            error.WriteLine(problem);
            return ExitCode.Storage;
        }

        error.WriteLine($"{path}: a draft to begin with. Name it in gateway.json as the source's signals, and run "
            + "sluice-agent check.");
        return ExitCode.Fine;
    }

    private int Sensors(ParseResult parsed)
    {
        var found = HostDiscovery.Sensors(parsed.GetValue(sys)!);
        if (parsed.GetValue(json))
        {
            output.WriteLine(JsonSerializer.Serialize(found, Readable.IReadOnlyListDiscoveredSensor));
        }
        else if (found.Count == 0)
        {
            error.WriteLine($"The kernel offers no sensor under {parsed.GetValue(sys)}: its driver may not be loaded.");
        }
        else
        {
            output.Write(DiscoveryText.Render(found));
        }

        return found.Count == 0 ? ExitCode.Unavailable
            : parsed.GetValue(draft) is { } path ? WriteDraft(path, DraftList.OfSensors(found), error)
            : ExitCode.Fine;
    }

    private int Gpio(ParseResult parsed)
    {
        var wanted = parsed.GetValue(chip);
        var all = HostDiscovery.Chips("/dev");
        var found = all
            .Where(each => wanted is null || each.Chip == wanted || $"label:{each.Label}" == wanted)
            .ToList();
        if (parsed.GetValue(json))
        {
            output.WriteLine(JsonSerializer.Serialize(
                (IReadOnlyList<DiscoveredChip>)found, Readable.IReadOnlyListDiscoveredChip));
        }
        else if (found.Count == 0)
        {
            error.WriteLine(all.Count == 0
                ? "This machine has no GPIO chip (/dev/gpiochip*), or its driver is not loaded."
                : $"There is no GPIO chip {wanted}: write {string.Join(" or ", all.Select(each => each.Chip))}.");
        }
        else
        {
            output.Write(DiscoveryText.Render(found));
        }

        if (found.All(each => each.Problem.Length > 0))
        {
            return ExitCode.Unavailable;
        }

        if (parsed.GetValue(draft) is not { } path)
        {
            return ExitCode.Fine;
        }

        if (found.Count > 1)
        {
            error.WriteLine("A source watches one chip, and so a draft is of one: choose with --chip.");
            return ExitCode.Usage;
        }

        return WriteDraft(path, DraftList.OfGpio(found[0]), error);
    }
}
