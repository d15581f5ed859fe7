using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Binding;
using Sluice.Agent.Health;

namespace Sluice.Agent.Commissioning.Asking;

/// <summary>
/// Whether the agent of this machine polls what is to be asked now. Panels serve few connections, and on a bus two
/// clients collide: so whoever commissions asks the agent's status door first.
/// </summary>
internal sealed class RunningAgent(string socketPath, bool besideAgent, TimeProvider clock)
{
    /// <summary>
    /// Null where the source may be asked, else the sentence that says why not and what to do.
    /// </summary>
    /// <param name="isPolled">Whether what the running agent says of a source is what is to be asked.</param>
    /// <param name="device">How a person knows it: <c>10.10.1.30:502</c>, <c>/dev/ttyS1</c>.</param>
    /// <param name="isBus">It is a bus with no room for a second client, whatever is asked for.</param>
    /// <param name="cancellationToken">Ends the wait for the agent's answer.</param>
    public async Task<string?> RefuseAsync(
        Predicate<SourceStatus> isPolled, string device, bool isBus, CancellationToken cancellationToken)
    {
        if (besideAgent && !isBus)
        {
            return null;
        }

        // Whether the socket is there is not looked at first: a user who may not open its folder would see none.
        var answer = await StatusClient.AskAsync(socketPath, clock, cancellationToken).ConfigureAwait(false);
        if (answer.Report is not { } report)
        {
            return answer.IsNobody
                ? null
                : $"Whether an agent runs on this machine and polls {device} cannot be told: {answer.Problem}";
        }

        if (report.Sources.FirstOrDefault(source => isPolled(source)) is not { } source)
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

    /// <summary>
    /// The same for a source of the configuration. The agent may know it by another name, or run another
    /// configuration: what counts then is the device.
    /// </summary>
    public Task<string?> RefuseAsync(SourceSettings settings, bool isBus, CancellationToken cancellationToken)
    {
        var device = DeviceName.Of(settings);
        return RefuseAsync(
            source => source.Name == settings.Name || source.Device == device, device, isBus, cancellationToken);
    }
}
