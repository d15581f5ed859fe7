using System.CommandLine;
using System.Globalization;
using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Provision.Authority;
using Sluice.Provision.Verbs;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Preparing;

/// <summary>
/// sluice-provision prepare: from a sheet with one line for each gateway to a folder for each card. Nothing is written
/// unless all of it is right.
/// </summary>
internal sealed class PrepareVerb(ToolSurroundings tool)
{
    private const string Verb = "prepare";

    private readonly Argument<string> sheet = new("SHEET")
    {
        Description = "CSV: the header names keys of gateway.json (gateway.id, sources.hmi1.address, ...), then a line "
            + "for each gateway. Cells of a key \"signals\" name a signal list beside the sheet.",
    };

    private readonly Option<string> common = new("--base")
    {
        Description = "A gateway.json with what all gateways have in common; a cell of the sheet counts before it.",
        HelpName = "FILE",
    };

    private readonly Option<string> into = new("--out")
    {
        Description = "Where each gateway gets a folder of its name: what goes onto its card.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> token = new("--token")
    {
        Description = "The site token (sluice-provision token), for every card: the first bundle then needs no person.",
        HelpName = "FILE",
    };

    public Command Command()
    {
        var prepare = new Command(Verb, "Write configuration, signal lists and name for each gateway's card, judged by "
            + "the agent's own rules. Ends with 65 and every mistake at its line where something is wrong; nothing is "
            + "written then.") { sheet, common, into, token, tool.Json };
        prepare.SetAction(parsed => tool.Run(parsed, Verb, () => Prepare(parsed)));
        return prepare;
    }

    private VerbReport Prepare(ParseResult parsed)
    {
        var (cards, problems) = new CardPreparation(
            parsed.GetValue(sheet)!, parsed.GetValue(common), path =>
                ConfigurationLoader.TryRead(path, out var bytes, out var problem) ? (bytes, "") : (null, problem))
            .Prepare();
        var all = problems.ToList();
        var pinned = parsed.GetValue(token) is { } file ? ReadToken(file, cards, all) : null;
        var errors = all.Count(problem => problem.IsError);
        if (errors > 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Refused,
                $"{Count(errors, "mistake")} in {parsed.GetValue(sheet)} and what it names.",
                "Nothing was written.", "mend each at its line, and do it again.") with
            {
                Shown = Lines(all), Problems = [.. all.Select(problem => problem.ToString())],
            };
        }

        var files = Write(parsed.GetValue(into)!, cards, pinned);
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Files = files,
            Problems = all.Count > 0 ? [.. all.Select(problem => problem.ToString())] : null,
            Shown = Lines(all) + Table(cards),
            Sentence = $"{Count(cards.Count, "card")} in {parsed.GetValue(into)}, judged by the agent's own rules"
                + (all.Count > 0 ? $", with {Count(all.Count, "warning")}." : "."),
            Notes =
            [
                "Copy what is in a gateway's folder to its card, or into its /etc/sluice. On the gateway sluice-agent "
                    + "doctor says what is left to do.",
            ],
        };
    }

    private static byte[]? ReadToken(
        string file, IReadOnlyList<PreparedCard> cards, List<ConfigurationProblem> problems)
    {
        if (!ConfigurationLoader.TryRead(file, out var bytes, out var problem))
        {
            problems.Add(new ConfigurationProblem(file, 0, 0, "", problem));
            return null;
        }

        if (SiteToken.Read(bytes, out var damaged) is not { } read)
        {
            problems.Add(new ConfigurationProblem(file, 0, 0, "", $"{damaged}."));
            return null;
        }

        foreach (var card in cards.Where(card => card.Configuration is { } one && one.Gateway.Site != read.Site))
        {
            problems.Add(new ConfigurationProblem(file, 0, 0, "", $"is for the site {read.Site}, and {card.Id} is of "
                + $"{card.Configuration!.Gateway.Site}."));
        }

        return bytes;
    }

    /// <summary>A file that is there already is replaced as a whole; what else lies in the folder is left alone.
    /// </summary>
    private static List<string> Write(string into, IReadOnlyList<PreparedCard> cards, byte[]? pinned)
    {
        var files = new List<string>();
        foreach (var card in cards)
        {
            foreach (var (name, bytes) in card.Files.Concat(pinned is null
                ? [] : [KeyValuePair.Create(SiteToken.FileName, pinned)]))
            {
                var file = Path.Combine(into, card.Id, name);
                AuthorityFolder.WriteFile(file, bytes);
                files.Add(file);
            }
        }

        return files;
    }

    private static string Lines(List<ConfigurationProblem> problems) =>
        string.Concat(problems.Select(problem => problem + Environment.NewLine));

    private static string Table(IReadOnlyList<PreparedCard> cards)
    {
        var text = new StringBuilder();
        var width = cards.Select(card => card.Id.Length).Max();
        foreach (var card in cards)
        {
            var sources = card.Configuration!.Sources;
            text.AppendLine(CultureInfo.InvariantCulture, $"  {card.Id.PadRight(width)}  "
                + $"{Count(sources.Count, "source")}, {Count(sources.Sum(source => source.Signals.Count), "signal")}, "
                + $"configuration {card.Configuration.Hash[..12]}");
        }

        return text.ToString();
    }

    private static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
