using Sluice.Agent.Configuration;

namespace Sluice.Agent.Uplink;

/// <summary>A connection that only tries an identity: without a will, and beside the one that may be open.</summary>
/// <param name="Identity">The link in the identity directory that is tried, such as <c>staged</c>.</param>
/// <param name="ClientIdEnding">
/// Put behind the client id, so that the broker does not end the agent's own session for it.
/// </param>
internal sealed record LinkTrial(string Identity, string ClientIdEnding)
{
    /// <summary>Of a verb. No gateway's id holds a full stop, so this is nobody else's either.</summary>
    public const string Verify = ".verify";

    /// <summary>Of a renewal, as the contract names it.</summary>
    public const string Next = GatewayName.NextSession;
}
