using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// A configuration that came in a bundle: judged by the agent's own rules before anything is changed, and laid down
/// with the identity, whose switch is its switch.
/// </summary>
internal static class BroughtWork
{
    /// <summary>Problems that are told in full; the rest is counted.</summary>
    private const int ToldMax = 100;

    /// <summary>The report of all that is wrong with it; null where nothing is, or where there is none.</summary>
    public static VerbReport? Refuse(EnrolmentContext context, string verb, string file, BundleContent content)
    {
        if (content.Configuration is not { } brought)
        {
            return null;
        }

        var wrong = Problems(context, brought).Where(problem => problem.IsError).ToList();
        if (wrong.Count == 0)
        {
            return null;
        }

        context.Log(verb, "refused", $"{file}: its configuration: {wrong.Count} problems, the first: {wrong[0]}");
        return VerbReport.Failed(verb, ExitCode.Unclear, "The configuration in the bundle is refused: "
            + (wrong.Count == 1 ? "1 problem." : $"{wrong.Count} problems."),
            "Nothing was changed: the gateway is as it was, its certificate too.",
            "mend all that is listed, and have a new bundle made: sluice-provision bundle --configuration.") with
        {
            Gateway = context.GatewayId,
            Refusal = "Configuration",
            Notes =
            [
                .. wrong.Take(ToldMax).Select(problem => problem.ToString()),
                .. wrong.Count > ToldMax ? [$"And {wrong.Count - ToldMax} more."] : Array.Empty<string>(),
            ],
        };
    }

    /// <summary>The same content, whose configuration knows over which file it is laid.</summary>
    public static BundleContent Over(EnrolmentContext context, BundleContent content) =>
        content.Configuration is { } brought
            ? content with { Configuration = brought with { Over = context.Own.Hash } }
            : content;

    public static IEnumerable<string> Notes(EnrolmentContext context, BundleContent content)
    {
        if (content.Configuration is not { } brought)
        {
            yield break;
        }

        var loaded = ConfigurationInForce.Read(brought);
        yield return $"It brings a configuration: {loaded.Configuration!.Sources.Sum(source => source.Signals.Count)} "
            + $"signals of {loaded.Configuration.Sources.Count} sources. It counts as soon as the version is in use, "
            + "and the agent starts again by itself then; a rollback gives back what is here now.";
        foreach (var warning in Problems(context, brought))
        {
            yield return warning.ToString();
        }
    }

    private static IReadOnlyList<ConfigurationProblem> Problems(EnrolmentContext context, BundleConfiguration brought)
    {
        var loaded = ConfigurationInForce.Read(brought);
        return ConfigurationProblem.Sort(
            loaded.Problems.Concat(BroughtJudge.Differences(loaded.Configuration, brought, context.Own)));
    }
}
