namespace Sluice.Agent.Uplink;

/// <summary>One attempt of the main session to connect, as the publisher tells it.</summary>
/// <param name="Number">From 1, in this run of the agent; 0 before the first.</param>
/// <param name="Verdict">How it ended.</param>
/// <param name="Sentence">For a technician.</param>
/// <param name="Serial">The certificate that it was made with; empty where it did not come so far.</param>
internal sealed record LinkAttempt(long Number, ConnectVerdict Verdict, string Sentence, string Serial)
{
    /// <summary>The chain that the broker showed; DER. Empty where it did not come so far, and once it is lost.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> BrokerChain { get; init; } = [];

    /// <summary>It was made beside a session that goes on.</summary>
    public bool IsBeside { get; init; }

    /// <summary>There is a session.</summary>
    public bool IsLive => Verdict == ConnectVerdict.Connected || IsBeside;

    public static LinkAttempt None { get; } = new(0, ConnectVerdict.Unavailable, "", "");

    /// <summary>
    /// Whether the identity may be why. A broker that is away or busy says nothing about a certificate that it has
    /// accepted a moment ago.
    /// </summary>
    public bool IsAboutIdentity => Verdict is not (ConnectVerdict.Connected or ConnectVerdict.OutsideNetwork
        or ConnectVerdict.Refused or ConnectVerdict.Silent or ConnectVerdict.Unreachable
        or ConnectVerdict.Unavailable);
}
