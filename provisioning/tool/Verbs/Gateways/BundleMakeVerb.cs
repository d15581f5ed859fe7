using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provision.Authority;
using Sluice.Provision.Authority.Elsewhere;
using Sluice.Provision.Verbs.Plant;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>
/// sluice-provision bundle make: a bundle around a certificate that the plant's own CA made. Everything is looked at
/// before anything is asked, and everything asked before anything is written.
/// </summary>
internal sealed class BundleMakeVerb(ToolSurroundings tool)
{
    private const string Verb = "bundle make";

    private readonly RequestDesk desk = new(tool);
    private readonly BundlePlace place = new();
    private readonly GivenConfiguration configuration = new();

    private readonly Option<string> request = new("--request")
    {
        Description = "The gateway's request that was signed, as it came on the stick.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string[]> chain = new("--chain")
    {
        Description = "What the plant's CA gave back: the certificate and what stands above it, PEM or DER, in any "
            + "order. May be repeated.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string[]> lists = new("--crl")
    {
        Description = "The revocation list of each CA of the chain, where the folder trusted has none that is newer. "
            + "May be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<bool> withoutUpper = new("--without-upper-crl")
    {
        Description = "A CA above the one that made the certificate makes no list: go on without.",
    };

    private readonly Option<string> rootFingerprint = new("--root-fingerprint")
    {
        Description = "The root of the plant's CA, as its people say by another way: confirms it without asking, the "
            + "first time.",
        HelpName = "LETTERS",
    };

    public Command Command()
    {
        var make = new Command("make", "Make a gateway's bundle around a certificate that the plant's own CA made.")
        {
            request, chain, lists, withoutUpper, place.Into, place.Above, rootFingerprint, desk.Fingerprints,
            desk.Labels, configuration.Gateway, configuration.Lists, tool.Ca, tool.PassphraseFile, tool.Json,
        };
        make.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return make;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var (asked, problem) = RequestVerb.Read(parsed.GetValue(request)!, Verb);
        if (asked is null)
        {
            return problem!;
        }

        var register = folder.ReadRegister();
        var problems = new List<string>();
        var given = GivenFiles.Read((parsed.GetValue(chain) ?? []).Concat(parsed.GetValue(lists) ?? []), problems);
        var trusted = TrustedFolder.Read(folder);
        var verdict = new ElsewhereJudge(asked, given, GivenFiles.Of(trusted), tool.Clock.GetUtcNow())
        {
            GoesWithoutUpperLists = parsed.GetValue(withoutUpper),
        }.Judge();
        problems.AddRange(verdict.Problems);
        problems.AddRange(desk.NoLabels(parsed));
        var brought = configuration.Read(parsed, asked.GatewayId, register.Site, problems);
        problems.AddRange(new[]
        {
            desk.Problem(register, asked), place.Problem(parsed, register, asked.GatewayId),
        }.OfType<string>().Select(each => $"{each}."));
        if (problems.Count > 0)
        {
            return Refused(asked, problems);
        }

        // Nothing is asked twice because something else was wrong.
        var notes = verdict.Notes.ToList();
        if (verdict.IsRootNew && !IsConfirmed(parsed, verdict.Chain[^1]))
        {
            return Refused(asked, [$"'{verdict.Chain[^1].Subject}' ({Fingerprint.Of(verdict.Chain[^1])}) is new as a "
                + "root of this plant, and nobody confirmed it: whoever made it could pose as the broker."]);
        }

        var doubts = new List<string>();
        return desk.IsConfirmed(parsed, asked, "", doubts)
            ? Write(parsed, folder, authority, asked, (verdict, given, brought), notes)
            : Refused(asked, doubts);
    }

    private VerbReport Write(
        ParseResult parsed, AuthorityFolder folder, PlantAuthority authority, KeyRequest asked,
        (ElsewhereVerdict Verdict, GivenFiles Files, BundleConfiguration? Brought) given, List<string> notes)
    {
        var passphrase = tool.Passphrase(parsed);
        authority.TryPassphrase(passphrase);
        if (desk.OtherKey(folder.ReadRegister(), asked) is { } other)
        {
            notes.Add($"It has a certificate for another key until {other.NotAfter:yyyy-MM-dd}, number {other.Serial}: "
                + "where the gateway was replaced, have its CA take that one back, and bring the list.");
        }

        // What can be done again first: cut short anywhere, the same command does the rest.
        TrustedFolder.Keep(folder, given.Verdict.Chain.Skip(1), given.Files.Lists.Select(each => each.Der));
        var registered = authority.EnterElsewhere(asked.GatewayId, [.. given.Verdict.Chain.SkipLast(1)]);
        var (bytes, version) = authority.Bundle(
            asked.GatewayId, passphrase, parsed.GetValue(place.Above), given.Brought);
        var file = place.Of(parsed, asked.GatewayId);
        AuthorityFolder.WriteFile(file, bytes);
        using var root = authority.Root;
        if (given.Brought is not null)
        {
            notes.Add(GivenConfiguration.Note);
        }

        notes.Add($"A gateway that takes its first bundle asks for the root of bundles: {Fingerprint.Of(root)}.");
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Gateway = asked.GatewayId,
            Site = asked.Plant,
            KeyFingerprint = asked.KeyFingerprint,
            RootFingerprint = Fingerprint.Of(root),
            Files = [file],
            Certificates = [ListVerb.Row(registered, version, tool.Clock.GetUtcNow())],
            Sentence = $"Version {version} of {asked.GatewayId}'s bundle is in {file}: its certificate was made by "
                + $"'{registered.Issuer}' and is valid until {registered.NotAfter:yyyy-MM-dd}.",
            Notes = notes,
        };
    }

    private bool IsConfirmed(ParseResult parsed, X509Certificate2 root) =>
        parsed.GetValue(rootFingerprint) is { } letters
        ? Fingerprint.Matches(root, letters)
        : tool.Confirms($"Gateways will believe brokers under the root '{root.Subject}', {Fingerprint.Of(root)} "
            + $"(SHA-256 {Fingerprint.LongOf(root)}). Do the people of the plant's CA say "
            + "the same, by another way than these files?");

    private static VerbReport Refused(KeyRequest asked, List<string> problems) => VerbReport.Failed(
        Verb, ToolExitCode.Refused, problems.Count == 1 ? problems[0]
            : $"{problems.Count} things are wrong: {string.Join(" ", problems)}",
        "Nothing was made, and nothing was entered.", "mend all of it, with the people of the plant's CA where it is "
            + "theirs, and do it again.") with
    {
        Gateway = asked.GatewayId,
        KeyFingerprint = asked.KeyFingerprint,
    };
}
