namespace Sluice.Agent.Egress.Proof;

/// <summary>What the agent tries to do although it must not. Targets are addresses that belong to nobody (RFC 5737).
/// </summary>
internal enum EscapeAttempt
{
    /// <summary>A TCP connection to the broker's port on another host: only the host's rules can stop it.</summary>
    OtherHost,

    /// <summary>A TCP connection to a port that nothing of the configuration has.</summary>
    OtherPort,

    /// <summary>A datagram to a name server.</summary>
    Datagram,

    /// <summary>A raw socket.</summary>
    Raw,

    /// <summary>A socket to the kernel's routing tables.</summary>
    Netlink,

    /// <summary>A TCP connection of several paths: it would pass Landlock by.</summary>
    Multipath,

    /// <summary>A socket that takes connections from the network.</summary>
    Listen,

    /// <summary>A connection to a service of this host, which could do all this for the agent.</summary>
    Service,

    /// <summary>Another program.</summary>
    Exec,

    /// <summary>A file outside the agent's own folders.</summary>
    WriteOutside,

    /// <summary>A file of the host that is none of the agent's business.</summary>
    ReadOutside,
}

/// <summary>How an attempt ended, as the kernel says it.</summary>
/// <param name="Succeeded">It was done. For a connection: somebody answered, or a packet left and nobody did.</param>
/// <param name="Error">The kernel's number where it was not done, errno of asm-generic.</param>
internal readonly record struct AttemptOutcome(bool Succeeded, int Error)
{
    public static AttemptOutcome Done { get; } = new(true, 0);

    /// <summary>There is nothing to try it on: no such file, no way to that network.</summary>
    public static AttemptOutcome Untried { get; } = new(false, 0);
}

/// <summary>Whether a wall held.</summary>
internal enum WallVerdict
{
    Held,

    /// <summary>The attempt succeeded.</summary>
    Open,

    /// <summary>It could not be tried.</summary>
    Untried,
}

/// <summary>One attempt and what became of it.</summary>
/// <param name="Attempt">What was tried.</param>
/// <param name="Verdict">Whether it was stopped.</param>
/// <param name="By">By what: <c>landlock</c>, <c>seccomp</c>, <c>firewall</c>, <c>host</c> (the unit or the kernel's
/// own rights); empty where nothing did.</param>
internal sealed record ProvedAttempt(EscapeAttempt Attempt, WallVerdict Verdict, string By)
{
    /// <summary>As postures and the status call it: <c>other-host</c>.</summary>
    public string Word => ProofWords.Of(Attempt);
}
