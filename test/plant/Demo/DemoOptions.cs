using System.Globalization;
using Sluice.Plant.Gateway;

namespace Sluice.Plant.Demo;

/// <summary>What the command line asked for.</summary>
public sealed record DemoOptions
{
    public const string Usage =
        "sluice-plant demo [--seconds N] [--agent PATH] [--plain] [--picture FILE]\n"
        + "  --seconds N     10 to 86400: cuts the broker in the middle, stops by itself, says whether anything was "
        + "lost\n  --agent PATH    the sluice-agent to run; without it, the one that was built beside this program\n"
        + "  --plain         a line every second instead of the table, as without a terminal\n"
        + "  --picture FILE  writes the last table into a file, or between the marks of a guide, as plain text";

    /// <summary>Null: until somebody stops it.</summary>
    public TimeSpan? Length { get; init; }

    public string Agent { get; init; } = AgentProcess.Beside;

    public bool Plain { get; init; }

    public string? Picture { get; init; }

    /// <summary>Null with a sentence where the arguments make no sense.</summary>
    public static DemoOptions? Parse(ReadOnlySpan<string> arguments, out string problem)
    {
        var options = new DemoOptions();
        problem = "";
        while (!arguments.IsEmpty)
        {
            var name = arguments[0];
            if (name == "--plain")
            {
                options = options with { Plain = true };
                arguments = arguments[1..];
                continue;
            }

            if (name is not ("--seconds" or "--agent" or "--picture"))
            {
                problem = $"'{name}' is no option of the demo";
                return null;
            }

            if (arguments.Length < 2)
            {
                problem = $"{name} needs a value behind it";
                return null;
            }

            if (options.With(name, arguments[1], out problem) is not { } changed)
            {
                return null;
            }

            options = changed;
            arguments = arguments[2..];
        }

        return options;
    }

    private DemoOptions? With(string name, string value, out string problem)
    {
        problem = "";
        switch (name)
        {
            case "--agent":
                return this with { Agent = Path.GetFullPath(value) };
            case "--picture":
                return this with { Picture = Path.GetFullPath(value) };
            default:
                if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                    && seconds is >= 10 and <= 86_400)
                {
                    return this with { Length = TimeSpan.FromSeconds(seconds) };
                }

                problem = $"--seconds {value}: write a whole number from 10 to 86400";
                return null;
        }
    }
}
