using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// <c>identity crl</c>: newer revocation lists, without a bundle. They take their place in one step, in what is in use
/// first and then in what is staged and what was before, so that no rollback brings older ones back. The agent that
/// runs reads them within a second.
/// </summary>
internal sealed class NewerLists(EnrolmentContext context)
{
    private const string Verb = "crl";

    private readonly StoredLists lists = new(context);

    public VerbReport Take(string file)
    {
        if (context.RefuseElsewhere(Verb) is { } elsewhere)
        {
            return elsewhere;
        }

        var state = context.Store.Look();
        if (state.Active is not { } active)
        {
            return VerbReport.Failed(Verb, ExitCode.Unavailable, "No identity is in use.",
                "Nothing was changed: nobody can say whose lists count here.",
                "bring a bundle first, which holds its lists: sluice-agent identity import.");
        }

        if (StickLayout.Read(file, RevocationList.BytesMax, out var unreadable) is not { } bytes)
        {
            return VerbReport.Failed(Verb, ExitCode.Storage, unreadable + ".", "Nothing was changed.",
                "have the plant's CA write its lists (sluice-provision crl), and name that file.");
        }

        var verdict = lists.Judge(active, bytes);
        if (verdict.Problems.Count > 0)
        {
            var happened = string.Join(". ", verdict.Problems.Select(Capital));
            context.Log(Verb, "refused", $"{file}: {verdict.Refusal}: {happened}.");
            return VerbReport.Failed(Verb, ExitCode.Unclear, $"{happened}.",
                "Nothing was changed: the lists that were here count on.",
                "bring the newest lists of this plant's CA.") with
            {
                Gateway = context.GatewayId,
                Refusal = verdict.Refusal,
            };
        }

        return verdict.Taken.Count == 0
            ? Done("These lists are here already.", null)
            : Replace(state, active, file, bytes, verdict);
    }

    private VerbReport Replace(
        Provisioning.Store.IdentityState state, string active, string file, byte[] bytes,
        RevocationUpdateVerdict verdict)
    {
        var until = verdict.Taken.Min(list => list.NextUpdate);
        context.Log(Verb, "begun", $"{file}.");
        context.Store.ReplaceLists(active, verdict.Pem.Span);
        lists.ReplaceBeside(state, bytes);

        var own = context.Look(IdentityDirectory.Current);
        own.Identity?.Dispose();
        var isRevoked = own.Revocation is { IsRevoked: true };
        context.Log(Verb, "done", $"{verdict.Taken.Count} newer lists"
            + (isRevoked ? "; the certificate in use is revoked by them." : "."));
        return Done($"{verdict.Taken.Count} newer revocation "
            + (verdict.Taken.Count == 1 ? "list counts" : "lists count") + " from now on, until "
            + (until == DateTimeOffset.MaxValue ? "newer ones come." : $"{until:yyyy-MM-dd}."), isRevoked
            ? "They revoke this gateway's own certificate: the agent stops publishing. Bring a new bundle."
            : "The agent that runs uses them within seconds, and keeps its session.");
    }

    private VerbReport Done(string sentence, string? note) => new()
    {
        Verb = Verb,
        ExitCode = ExitCode.Fine,
        Gateway = context.GatewayId,
        Sentence = sentence,
        Notes = note is null ? null : [note],
    };

    private static string Capital(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];
}
