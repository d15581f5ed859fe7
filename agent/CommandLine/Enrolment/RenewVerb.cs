using Sluice.Agent.Health;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Enrolment;

/// <summary>
/// <c>identity renew</c>: asks the running agent to renew now, over its connection to the broker, and tells each step
/// as the agent tells it. The agent does it all; ending the verb ends nothing.
/// </summary>
internal sealed class RenewVerb(string socketPath, TimeProvider clock)
{
    private const string Verb = "renew";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    public async Task<VerbReport> RunAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var (first, problem) = await StatusClient.SayAsync(socketPath, StatusServer.Renew, clock, cancellationToken)
            .ConfigureAwait(false);
        if (first?.Renewal is not { } renewal)
        {
            return VerbReport.Failed(Verb, ExitCode.Unavailable, first is null ? $"{problem.TrimEnd('.')}."
                : "The agent that runs is of an older version.",
                "Nothing was asked for: only a running agent renews over its connection.",
                "see that the agent runs (systemctl status sluice-agent), or renew with a stick: sluice-agent identity "
                + "init --again.");
        }

        var ask = renewal.Asked;
        var since = clock.GetTimestamp();
        while (true)
        {
            if (renewal.AsksTaken >= ask && (renewal.State == "idle" || renewal.Held))
            {
                return Ended(first, renewal);
            }

            if (clock.GetElapsedTime(since) >= wait)
            {
                return NotYet(first, renewal, wait);
            }

            await Task.Delay(LookEvery, clock, cancellationToken).ConfigureAwait(false);
            var (report, gone) = await StatusClient.AskAsync(socketPath, clock, cancellationToken)
                .ConfigureAwait(false);
            if (report?.Renewal is not { } next)
            {
                return VerbReport.Failed(Verb, ExitCode.Unavailable, $"The agent no longer answers: {gone}",
                    "The old certificate or the new one is in use, whole; what was begun is gone on with at its next "
                    + "start.", "see how it stands: sluice-agent identity status.") with { Steps = renewal.Steps };
            }

            renewal = next;
        }
    }

    /// <summary>
    /// Only asks: whoever calls this holds the identity directory, which the agent needs for a renewal.
    /// </summary>
    public static async Task<VerbReport> AskAsync(
        string socketPath, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (first, problem) = await StatusClient.SayAsync(socketPath, StatusServer.Renew, clock, cancellationToken)
            .ConfigureAwait(false);
        return first?.Renewal is null
            ? VerbReport.Failed(Verb, ExitCode.Unavailable, first is null ? problem : "The agent that runs is of an "
                + "older version.", "Nothing was asked for: only a running agent renews over its connection.",
                "see that the agent runs; or renew with this stick: the word request, and the CA's bundle.")
            : new VerbReport
            {
                Verb = Verb,
                ExitCode = ExitCode.Fine,
                Sentence = "The running agent was asked to renew its certificate, and goes on by itself.",
                Notes = ["What came of it stands in the diagnostics, a minute later, and in the report of the next "
                    + "stick: which version is in use, and until when."],
            };
    }

    private static VerbReport Ended(StatusReport report, RenewalStatus renewal)
    {
        if (renewal is { State: "idle", Steps: [.., { Passed: true }] })
        {
            return new VerbReport
            {
                Verb = Verb,
                ExitCode = ExitCode.Fine,
                Gateway = report.Gateway,
                Steps = renewal.Steps,
                Sentence = $"The certificate of {report.Gateway} was renewed: version {renewal.Version} is in use, "
                    + $"until {renewal.NotAfter:yyyy-MM-dd}.",
            };
        }

        var happened = renewal.Held ? renewal.Sentence
            : renewal.Steps is [.., { Passed: false } failed] ? $"it failed at '{failed.Name}': {failed.Verdict}"
            : renewal.Sentence;
        return VerbReport.Failed(Verb, ExitCode.Unclear, $"The certificate of {report.Gateway} was not renewed: "
            + $"{happened.TrimEnd('.')}.", "Nothing was changed: what is in use stays in use.", renewal.Held
                ? "have somebody decide at the registration authority; the agent goes on asking by itself."
                : "mend what the step says; the agent tries again by itself, or at once with this verb.") with
        {
            Gateway = report.Gateway,
            Steps = renewal.Steps,
        };
    }

    private static VerbReport NotYet(StatusReport report, RenewalStatus renewal, TimeSpan wait) => VerbReport.Failed(
        Verb, ExitCode.Unavailable, $"The renewal of {report.Gateway} has not ended within {wait.TotalSeconds:0} s; it "
        + $"is at '{renewal.State}'{(renewal.Sentence.Length > 0 ? $": {renewal.Sentence.TrimEnd('.')}" : "")}.",
        "The agent goes on by itself.", "see that the broker and the registration authority (sluice-provision ra) run, "
        + "and later: sluice-agent status.") with
    {
        Gateway = report.Gateway,
        Steps = renewal.Steps,
    };
}
