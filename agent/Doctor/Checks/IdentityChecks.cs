using Sluice.Provisioning.Certificates;

namespace Sluice.Agent.Doctor.Checks;

/// <summary>Who this gateway is.</summary>
internal static class IdentityChecks
{
    private const string Group = "Identity";
    private const string Bring = "bring a bundle from the plant's CA (sluice-agent identity import); the technician's "
        + "guide says how.";

    private const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly TimeSpan Near = TimeSpan.FromDays(14);

    public static IReadOnlyList<Check> All { get; } =
    [
        new("identity-there", Group, "Has it a key and a certificate?", There),
        new("key-mode", Group, "Is the key nobody else's to read?", KeyMode),
        new("certificate-dates", Group, "Is the certificate valid today?", Dates),
        new("revocation-lists", Group, "Are the revocation lists fresh?", Lists),
        new("identity-machine", Group, "Does it belong to this machine?", Machine),
    ];

    private static IEnumerable<Answer> There(CheckupFacts facts)
    {
        if (Missing(facts) is { } missing)
        {
            yield return facts.Identity is { IsHidden: false, Problems: [var (_, sentence, _), ..] }
                ? Answer.Bad(char.ToUpperInvariant(sentence[0]) + sentence[1..] + ".",
                    "on the bench: sluice-agent identity init, then export; then " + Bring)
                : missing;
            yield break;
        }

        var identity = facts.Identity!;
        var blocking = identity.Problems.Where(problem => problem.Blocks).ToList();
        foreach (var (file, sentence, _) in blocking)
        {
            yield return Answer.Bad($"{file}: {sentence}.", Bring);
        }

        if (blocking.Count == 0)
        {
            yield return facts.Running?.Identity is { State: "withdrawn" }
                ? Answer.Bad("The agent does not use it any more: it was revoked, or its revocation list is too late.",
                    Bring)
                : Answer.Ok($"version {identity.Version}: key, certificate and roots belong together");
        }
    }

    private static IEnumerable<Answer> KeyMode(CheckupFacts facts)
    {
        yield return Missing(facts) ?? (facts.Identity switch
        {
            { KeyMode: { } mode } identity when (mode & OfOthers) != 0 => Answer.Bad(
                $"{identity.KeyFile} has mode {Octal(mode)}: others may read the key.",
                $"chmod 600 {identity.KeyFile}; whoever could read it may have copied it, so think of a new key "
                + "(sluice-agent identity init --again)."),
            { KeyMode: { } mode } => Answer.Ok($"mode {Octal(mode)}"),
            _ => Answer.Bad("There is no key file.", Bring),
        });
    }

    private static IEnumerable<Answer> Dates(CheckupFacts facts)
    {
        if (Missing(facts) is { } missing)
        {
            yield return missing;
            yield break;
        }

        if (facts.Identity is not { NotBefore: { } from, NotAfter: { } until })
        {
            yield return Answer.Unknown("No certificate could be read.", Bring);
            yield break;
        }

        var left = until - facts.Time.At;
        var dates = $"from {from.UtcDateTime:yyyy-MM-dd} to {until.UtcDateTime:yyyy-MM-dd}";
        yield return facts.Time.Judge(from, until) switch
        {
            DateVerdict.Expired => Answer.Bad($"It expired: it was valid {dates}.", Bring),
            DateVerdict.NotYet => Answer.Bad($"It is not valid yet: it is valid {dates}.",
                "wait, or have it made with another date."),
            DateVerdict.Clock => Answer.Unknown($"It is valid {dates}, and the gateway's clock is not right.",
                "set the clock first (clock-set)."),
            _ when left < Near => Answer.Look($"{left.TotalDays:0} days are left: it should have been renewed over the "
                + "broker's connection by now.",
                "sluice-agent identity renew says why not; or " + Bring),
            _ => Answer.Ok($"{dates}, {left.TotalDays:0} days left"),
        };
    }

    private static IEnumerable<Answer> Lists(CheckupFacts facts)
    {
        if (Missing(facts) is { } missing)
        {
            yield return missing;
            yield break;
        }

        var lists = facts.Identity!.RevocationLists;
        if (lists.Count == 0)
        {
            yield return Answer.Look("There is none: a broker whose certificate was taken back would be believed.",
                "have the plant's CA publish one (sluice-provision crl), and bring it (sluice-agent identity crl).");
        }

        foreach (var (issuer, next) in lists)
        {
            yield return next is not { } until ? Answer.Ok("has no date by which it is old", issuer)
                : until < facts.Time.At ? Answer.Look(
                    $"should have been replaced on {until.UtcDateTime:yyyy-MM-dd}.",
                    "have the plant's CA make a new one (sluice-provision crl), and bring it (sluice-agent identity "
                    + "crl).", issuer)
                : Answer.Ok($"good until {until.UtcDateTime:yyyy-MM-dd}", issuer);
        }
    }

    private static IEnumerable<Answer> Machine(CheckupFacts facts)
    {
        yield return Missing(facts) ?? (facts.Identity!.Elsewhere is { } elsewhere
            ? Answer.Bad(elsewhere, "a card that was moved on purpose: sluice-agent identity adopt; a copied one: "
                + "sluice-agent identity init --again.")
            : Answer.Ok("it was made here, or nobody can tell machines of this kind apart"));
    }

    /// <summary>The same for every check of it but the first: there is nothing to look at.</summary>
    private static Answer? Missing(CheckupFacts facts) => facts switch
    {
        { Identity: { IsHidden: true } } => Answer.Unknown(
            $"User {facts.User.Name} may not look into the identity directory.",
            "sudo -u sluice sluice-agent doctor."),
        { Identity: null } => Answer.Unknown("Without a configuration nobody knows where it lies.",
            "correct the configuration first."),
        { Identity: { Version: "", KeyMode: null } } => Answer.None("There is none: see identity-there."),
        _ => null,
    };

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
