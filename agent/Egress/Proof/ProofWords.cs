namespace Sluice.Agent.Egress.Proof;

/// <summary>What attempts and verdicts are called in postures, reports and on screens.</summary>
internal static class ProofWords
{
    public static string Of(EscapeAttempt attempt) => attempt switch
    {
        EscapeAttempt.OtherHost => "other-host",
        EscapeAttempt.OtherPort => "other-port",
        EscapeAttempt.Datagram => "datagram",
        EscapeAttempt.Raw => "raw",
        EscapeAttempt.Netlink => "netlink",
        EscapeAttempt.Multipath => "multipath",
        EscapeAttempt.Listen => "listen",
        EscapeAttempt.Service => "service",
        EscapeAttempt.Exec => "exec",
        EscapeAttempt.WriteOutside => "write-outside",
        _ => "read-outside",
    };

    /// <summary>The same for a person.</summary>
    public static string Sentence(EscapeAttempt attempt) => attempt switch
    {
        EscapeAttempt.OtherHost => "connect to another host, on the broker's port",
        EscapeAttempt.OtherPort => "connect to another port",
        EscapeAttempt.Datagram => "send a datagram, as to a name server",
        EscapeAttempt.Raw => "make a raw socket",
        EscapeAttempt.Netlink => "reach the routing tables",
        EscapeAttempt.Multipath => "connect by several paths (MPTCP)",
        EscapeAttempt.Listen => "take connections from the network",
        EscapeAttempt.Service => "call a service of this host",
        EscapeAttempt.Exec => "start another program",
        EscapeAttempt.WriteOutside => "write outside its own folders",
        _ => "read what is none of its business",
    };

    public static string Of(WallVerdict verdict) => verdict switch
    {
        WallVerdict.Held => "held",
        WallVerdict.Open => "open",
        _ => "untried",
    };
}
