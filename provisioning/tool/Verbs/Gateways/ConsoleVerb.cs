using System.CommandLine;
using System.Security.Cryptography;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Consoles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>sluice-provision console: the token that opens one gateway's console, once.</summary>
internal sealed class ConsoleVerb(ToolSurroundings tool)
{
    private const string Verb = "console";
    private const int HoursMax = 24 * 31;

    private readonly Argument<string> gateway = new("GATEWAY") { Description = "The gateway's id." };

    private readonly Option<string> person = new("--for")
    {
        Description = "Who is to use it; stands in the gateway's audit log.",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<int> hours = new("--hours")
    {
        Description = "How long from now on it may be used.",
        HelpName = "N",
        DefaultValueFactory = _ => 24,
    };

    private readonly Option<int> minutes = new("--minutes")
    {
        Description = "For how long it opens the console.",
        HelpName = "N",
        DefaultValueFactory = _ => 30,
    };

    private readonly Option<string> into = new("--out")
    {
        Description = "The stick, or any folder: the token is written to sluice/GATEWAY.console in it.",
        HelpName = "DIR",
        Required = true,
    };

    public Command Command()
    {
        var console = new Command(Verb, "Write the token that opens the console of one gateway, once: on a stick "
            + "that is plugged into it, where it was flashed with the image.")
        {
            gateway, person, hours, minutes, into, tool.Ca, tool.PassphraseFile, tool.Json,
        };
        console.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return console;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var name = parsed.GetValue(gateway)!;
        var problems = new[]
        {
            KeyRequest.IsName(name) ? null : $"'{name}' is no gateway's id.",
            ConsoleToken.IsPerson(parsed.GetValue(person)!) ? null
                : $"--for is a person's name, of {ConsoleToken.PersonLettersMax} letters at most.",
            parsed.GetValue(hours) is >= 1 and <= HoursMax ? null : $"--hours is 1 to {HoursMax}.",
            parsed.GetValue(minutes) is >= 1 and <= ConsoleToken.MinutesMax ? null
                : $"--minutes is 1 to {ConsoleToken.MinutesMax}.",
        }.OfType<string>().ToList();
        if (problems.Count > 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Refused, string.Join(" ", problems), "Nothing was made.",
                "mend all of it.");
        }

        var now = tool.Clock.GetUtcNow();
        var token = new ConsoleToken
        {
            Site = folder.ReadRegister().Site,
            Gateway = name,
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ConsoleToken.IdLetters / 2)),
            Person = parsed.GetValue(person)!.Trim(),
            From = now,
            Until = now.AddHours(parsed.GetValue(hours)),
            Minutes = parsed.GetValue(minutes),
        };
        var bytes = authority.Seal(EnvelopeKind.Console, token.Write(), tool.Passphrase(parsed));
        var file = StickLayout.ConsoleOf(parsed.GetValue(into)!, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        AuthorityFolder.WriteFile(file, bytes);
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Site = token.Site,
            Gateway = name,
            Files = [file],
            Sentence = $"{file} opens the console of {name} once, until "
                + $"{token.Until.UtcDateTime:yyyy-MM-dd HH:mm}Z, for {token.Minutes} minutes, for {token.Person}.",
            Notes = ["Whoever has the stick can use it: give it to nobody else, and make a new one each time."],
        };
    }
}
