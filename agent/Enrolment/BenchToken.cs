using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// The site token of the bench: who may write the gateway's configuration or identity directory says with it which root
/// the first bundle must come from, so that nobody is asked in the cabinet. Where there is one, it alone decides: a
/// bundle under another root is refused and not put to a person, who would confirm what the bench did not mean.
/// </summary>
internal sealed class BenchToken(EnrolmentContext context)
{
    /// <summary>Keeps it with the identity; the report of why not, or null.</summary>
    public VerbReport? Keep(string file)
    {
        var bytes = StickLayout.Read(file, SiteToken.BytesMax, out var problem);
        var token = bytes is null ? null : SiteToken.Read(bytes, out problem);
        if (token is not null && token.Site != context.Site)
        {
            problem = $"it is that of plant '{token.Site}', and this gateway belongs to '{context.Site}'";
            token = null;
        }

        if (token is null)
        {
            return VerbReport.Failed("init", ExitCode.Unclear, $"The site token {file} is not taken: {problem}.",
                "Nothing was changed: no key was made.",
                "have the plant's CA write it (sluice-provision token), and name the file.");
        }

        context.KeepToken(token.Write());
        context.Log("init", "done", $"Site token for root {token.RootSha256} kept.");
        return null;
    }

    /// <summary>Whether a first root is the plant's, and by what; it asks only where there is no token.</summary>
    public (bool IsConfirmed, string? Because) Judge(X509Certificate2 root, Func<X509Certificate2, bool> confirms)
    {
        if (context.ReadToken() is not { } bytes)
        {
            return (confirms(root), null);
        }

        var difference = SiteToken.Read(bytes, out var problem) is { } token
            ? token.Difference(root, context.Site) : problem;
        return difference is null ? (true, "The root was confirmed by the site token of the bench.")
            : (false, $"Nobody was asked: {difference}.");
    }
}
