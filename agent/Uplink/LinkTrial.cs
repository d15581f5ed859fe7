namespace Sluice.Agent.Uplink;

/// <summary>A connection that only tries an identity: without a will, and beside the one that may be open.</summary>
/// <param name="Identity">The link in the identity directory that is tried, such as <c>staged</c>.</param>
internal sealed record LinkTrial(string Identity)
{
    /// <summary>
    /// Put behind the client id, so that the broker does not end the agent's own session for it. No gateway's id holds
    /// a full stop, so this is nobody else's either.
    /// </summary>
    public string ClientIdEnding { get; } = ".verify";
}
