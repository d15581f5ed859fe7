using Sluice.Agent.Health;

namespace Sluice.Agent.Commissioning.Asking;

/// <summary>
/// Whether the agent of this machine polls what is to be asked now. Panels serve few connections, and on a bus two
/// clients collide: so whoever commissions asks the agent's status door first.
/// </summary>
internal sealed class RunningAgent(string socketPath, bool besideAgent, TimeProvider clock)
{
    /// <summary>What is said where no agent runs: <see cref="StatusClient"/> found nobody behind the socket.</summary>
    private const string Nobody = "No agent answers";

    /// <summary>
    /// Null where the source may be asked, else the sentence that says why not and what to do.
    /// </summary>
    /// <param name="isPolled">Whether a source of the running agent, by name, is what is to be asked.</param>
    /// <param name="device">How a person knows it: <c>10.10.1.30:502</c>, <c>/dev/ttyS1</c>.</param>
    /// <param name="isBus">It is a bus with no room for a second client, whatever is asked for.</param>
    /// <param name="cancellationToken">Ends the wait for the agent's answer.</param>
    public async Task<string?> RefuseAsync(
        Predicate<string> isPolled, string device, bool isBus, CancellationToken cancellationToken)
    {
        if ((besideAgent && !isBus) || !File.Exists(socketPath))
        {
            return null;
        }

        var (report, problem) = await StatusClient.AskAsync(socketPath, clock, cancellationToken)
            .ConfigureAwait(false);
        if (report is null)
        {
            return problem.StartsWith(Nobody, StringComparison.Ordinal)
                ? null
                : $"Whether an agent runs on this machine and polls {device} cannot be told: {problem}";
        }

        if (report.Sources.FirstOrDefault(source => isPolled(source.Name)) is not { } source)
        {
            return null;
        }

        return isBus
            ? $"The agent on this machine holds {device} for its source {source.Name}, and a bus takes one client. "
                + "Stop it first: systemctl stop sluice-agent; start it again afterwards."
            : $"The agent on this machine polls {device} as its source {source.Name}, and many panels serve one or two "
                + "connections only. Stop it first (systemctl stop sluice-agent), or add --beside-agent where the "
                + "device has a connection to spare.";
    }
}
