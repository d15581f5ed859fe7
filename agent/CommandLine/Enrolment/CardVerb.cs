using System.CommandLine;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment.Sticks;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Agent.OwnCard;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Enrolment;

/// <summary>
/// sluice-agent card take, and card forget after a wipe: what the image's unit calls at each start, before anything
/// reads a configuration, as the user to whom the configuration belongs. What is wrong on the card changes nothing, and
/// is told there.
/// </summary>
internal sealed class CardVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private const string Verb = "card";
    private const int TroubleBytesMax = 8192;

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Option<string> state = new("--services")
    {
        Description = "Directory for what the network and the time service read.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/var/lib/sluice-card",
    };

    private readonly Option<string> troubles = new("--troubles")
    {
        Description = "File with what went wrong with this machine before, a line each.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "/run/sluice-image/troubles",
    };

    private readonly Argument<string> mount = new("DIR")
    {
        Description = "Where the card is mounted; what is for the gateway lies in the folder sluice.",
    };

    public Command Command()
    {
        var take = new Command("take", "Take configuration, signal lists, name, addresses (network.txt) and site token "
            + "from the card of the gateway's image, where they are new and all of them right. Writes card.report.txt. "
            + "Ends with 0, 65 where something on the card is wrong, 69 where there is no card, 74 where a disk fails.")
        { mount, config, state, troubles, json };
        take.SetAction(parsed => Take(parsed).Print(output, error, parsed.GetValue(json)));
        var hash = new Option<string>("--configuration")
        {
            Description = "Hash of the configuration that was wiped; another one stays.",
            HelpName = "SHA256",
            Required = true,
        };
        var forget = new Command("forget", "After a wipe: delete the configuration with its lists, name and addresses, "
            + "here and on the card. Ends with 0, 69 where there is no card, 74 where a disk fails.")
        { mount, hash, config, state, json };
        forget.SetAction(async (parsed, stop) => (await ForgetAsync(parsed, parsed.GetValue(hash)!, stop)
            .ConfigureAwait(false)).Print(output, error, parsed.GetValue(json)));
        return new Command(Verb, "The card of the gateway's own image.") { take, forget };
    }

    private async Task<VerbReport> ForgetAsync(ParseResult parsed, string hash, CancellationToken cancellationToken)
    {
        using var card = LinuxStick.Open(parsed.GetValue(mount)!, out var problem);
        if (card is null)
        {
            return NoCard(problem);
        }

        var file = parsed.GetValue(config)!;
        return await new WipedCard(card, file, PlaceOf(parsed, file), clock).ForgetAsync(hash, cancellationToken)
            .ConfigureAwait(false) is { } left
            ? VerbReport.Failed(Verb, ExitCode.Storage, $"{left.TrimEnd('.')}.",
                "Not all of what was wiped is gone; the next start goes on with it.",
                "is the gateway's disk full or damaged?")
            : Fine("Nothing of the configuration that was wiped is here or on the card.");
    }

    private CardPlace PlaceOf(ParseResult parsed, string file) =>
        new(Path.GetDirectoryName(Path.GetFullPath(file))!, parsed.GetValue(state)!);

    private static VerbReport NoCard(string problem) => VerbReport.Failed(
        Verb, ExitCode.Unavailable, $"{problem}.", "Nothing was taken.", "make a folder sluice on the card.");

    private VerbReport Take(ParseResult parsed)
    {
        using var card = LinuxStick.Open(parsed.GetValue(mount)!, out var problem);
        if (card is null)
        {
            return NoCard(problem);
        }

        var file = parsed.GetValue(config)!;
        var contents = CardContents.Read(card, ConfigurationLoader.Load(file).Configuration);
        var report = Take(card, contents, PlaceOf(parsed, file), GatewayFilesToWipe.Told(file));
        var text = CardReport.Write(report.Means is null ? report.Sentence : $"{report.Sentence}\r\n{report.Means}",
            contents, Troubles(parsed.GetValue(troubles)!), NetworkCards());
        if (card.Read(CardReport.FileName, CardReport.BytesMax).Bytes is { } there
            && there.AsSpan().SequenceEqual(text))
        {
            return report;
        }

        return card.Write(CardReport.FileName, text) is { } lost
            ? report with { Notes = [$"The report did not get onto the card: {lost}."] } : report;
    }

    private static VerbReport Take(LinuxStick card, CardContents contents, CardPlace place, string? wiped)
    {
        if (contents.Loaded is null && contents.Problems.Count == 0)
        {
            return Fine($"There is no configuration on the card.{(wiped is null ? "" : $" {wiped}")}");
        }

        if (!contents.IsRight)
        {
            var first = contents.Problems.First(each => each.IsError);
            return VerbReport.Failed(Verb, ExitCode.Unclear,
                $"Something on the card is wrong, and nothing was taken from it: {first}",
                "What the gateway had, it has still.",
                "mend what the report on the card says, and start the gateway again.") with
            { Problems = [.. contents.Problems.Select(each => each.ToString())] };
        }

        var configuration = contents.Loaded!.Configuration!;
        var who = $"{configuration.Gateway.Site}/{configuration.Gateway.Id}, configuration {configuration.Hash[..12]}";
        var wasThere = place.Has(contents);
        if (!wasThere && place.Take(contents) is { } problem)
        {
            return VerbReport.Failed(Verb, ExitCode.Storage, $"{problem}.",
                "Not all of what is on the card was taken; the next start goes on with it.",
                "is the gateway's disk full or damaged?");
        }

        // It has done its part when the gateway has it: the next who holds the card cannot give it to another one.
        var kept = contents.Files.Any(each => each.Key == SiteToken.FileName) ? card.Remove(SiteToken.FileName) : null;
        var words = contents.Units.Count == 0 ? "without network.txt, so its network cards ask for addresses"
            : $"{contents.Units.Count} of its network cards have addresses";
        return Fine($"{(wasThere ? "It has what is on the card" : "Taken from the card")}: {who}; {words}.") with
        {
            Gateway = configuration.Gateway.Id,
            Site = configuration.Gateway.Site,
            Notes = kept is null ? null : [$"The site token stays on the card: {kept}."],
        };
    }

    private static VerbReport Fine(string sentence) => new()
    {
        Verb = Verb,
        ExitCode = ExitCode.Fine,
        Sentence = sentence,
    };

    private static string[] Troubles(string file)
    {
        try
        {
            using var reader = new StreamReader(file);
            var room = new char[TroubleBytesMax];
            return new string(room, 0, reader.ReadBlock(room)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static List<string> NetworkCards()
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries("/sys/class/net").Order(StringComparer.Ordinal)
                .Where(path => File.Exists(Path.Combine(path, "address")) && Path.GetFileName(path) != "lo").Take(32)
                .Select(path => $"{Path.GetFileName(path)}  {File.ReadAllText(Path.Combine(path, "address")).Trim()}")];
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return [$"they cannot be seen: {world.Message}"];
        }
    }
}
