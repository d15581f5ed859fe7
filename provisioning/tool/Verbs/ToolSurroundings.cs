using System.CommandLine;
using System.Text;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs;

/// <summary>What every verb of the tool has: who sits there, the options, and the ladder for what goes wrong.</summary>
internal sealed class ToolSurroundings(
    TextReader input, bool isTerminal, TextWriter output, TextWriter error, TimeProvider clock)
{
    public const int PassphraseLettersMin = 8;

    private const int PassphraseBytesMax = 1024;

    public Option<string> Ca { get; } = new("--ca")
    {
        Description = "The folder of the plant's CA.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "ca",
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document, for programs." };

    public Option<string> PassphraseFile { get; } = new("--passphrase-file")
    {
        Description = "A file with the passphrase of the CA's keys in its first line; else it is asked for.",
        HelpName = "FILE",
    };

    public TimeProvider Clock => clock;

    public static Option<int> Days(int otherwise, string what) => new("--days")
    {
        Description = what,
        HelpName = "N",
        DefaultValueFactory = _ => otherwise,
    };

    public static TimeSpan Life(int days) => TimeSpan.FromDays(Math.Clamp(days, 1, 7300));

    /// <summary>Runs a verb, and turns what the world did wrong into a report.</summary>
    public int Run(ParseResult parsed, string verb, Func<VerbReport> act)
    {
        VerbReport report;
        try
        {
            report = act();
        }
        catch (WrongPassphraseException exception)
        {
            report = VerbReport.Failed(verb, ToolExitCode.NoPermission, exception.Message, "Nothing was changed.",
                "type it again; where it is lost, the CA is lost with it, and a new one must be made.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
            or InvalidDataException or System.Text.Json.JsonException)
        {
            report = VerbReport.Failed(verb, ToolExitCode.Storage, $"A file could not be read or written: "
                + exception.Message, "What was not finished is not there under its name.",
                "see to the disk or the stick (is it full, was it pulled out?), and do it again.");
        }

        return report.Print(output, error, parsed.GetValue(Json));
    }

    /// <summary>Opens the CA for a verb, or says that there is none.</summary>
    public VerbReport InCa(ParseResult parsed, string verb, Func<AuthorityFolder, PlantAuthority, VerbReport> act)
    {
        var directory = parsed.GetValue(Ca)!;
        if (!AuthorityFolder.Exists(directory))
        {
            return VerbReport.Failed(
                verb, ToolExitCode.Unavailable, $"There is no CA in {Path.GetFullPath(directory)}.",
                "Nothing was changed.", "name its folder with --ca, or make one with 'sluice-provision ca init'.");
        }

        using var folder = AuthorityFolder.OpenInTurn(directory, clock);
        return act(folder, new PlantAuthority(folder, clock));
    }

    /// <summary>
    /// The same for a verb that makes certificates; where another CA does that, says what to do instead.
    /// </summary>
    public VerbReport InIssuingCa(
        ParseResult parsed, string verb, string instead, Func<AuthorityFolder, PlantAuthority, VerbReport> act) =>
        InCa(parsed, verb, (folder, authority) => authority.Issues ? act(folder, authority) : VerbReport.Failed(
            verb, ToolExitCode.Unavailable, $"{Path.GetFullPath(folder.Directory)} signs bundles and makes no "
            + "certificates: the plant has a CA of its own.", "Nothing was changed.", instead));

    public string Passphrase(ParseResult parsed) =>
        Passphrase(parsed.GetValue(PassphraseFile), "Passphrase of the CA's keys");

    /// <summary>From the file, or typed without being shown. Empty where there is neither.</summary>
    public string Passphrase(string? file, string question)
    {
        if (file is not null)
        {
            using var reader = new StreamReader(file);
            var bytes = new char[PassphraseBytesMax];
            var text = new string(bytes, 0, reader.ReadBlock(bytes));
            return text.Split('\n')[0].TrimEnd('\r');
        }

        if (!isTerminal)
        {
            return "";
        }

        error.WriteLine($"{question}, which is not shown:");
        error.Flush();
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(typed.Length - 1, 0);
            }
            else if (!char.IsControl(key.KeyChar) && typed.Length < PassphraseBytesMax)
            {
                typed.Append(key.KeyChar);
            }
        }

        error.WriteLine();
        return typed.ToString();
    }

    /// <summary>A person says yes; nobody there means no.</summary>
    public bool Confirms(string question) =>
        Answer(question, "Type yes: ").Equals("yes", StringComparison.OrdinalIgnoreCase);

    /// <summary>What a person types or scans; empty where nobody is there.</summary>
    public string Answer(string question, string prompt)
    {
        if (!isTerminal)
        {
            return "";
        }

        error.WriteLine(question);
        error.Write(prompt);
        error.Flush();
        return input.ReadLine()?.Trim() ?? "";
    }

    /// <summary>A line of a verb that goes on.</summary>
    public void Say(string line)
    {
        output.WriteLine(line);
        output.Flush();
    }

    /// <summary>How far it is, where it takes long; to a person only.</summary>
    public void Tell(string line)
    {
        if (isTerminal)
        {
            error.WriteLine(line);
        }
    }
}
