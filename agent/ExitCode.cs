namespace Sluice.Agent;

/// <summary>What the process says when it ends; the numbers of sysexits.h where there is one.</summary>
public static class ExitCode
{
    public const int Fine = 0;

    /// <summary>The command line was not understood.</summary>
    public const int Usage = 64;

    /// <summary>
    /// The question was asked, and the answer is not what was hoped for: several orders fit, a signal is not Good.
    /// </summary>
    public const int Unclear = 65;

    /// <summary>Nobody answers: there is no running agent to ask, no device, or it may not be asked now.</summary>
    public const int Unavailable = 69;

    /// <summary>A broken invariant of ours; systemd starts the agent again and the buffer replays.</summary>
    public const int OurFault = 70;

    /// <summary>The storage cannot be used.</summary>
    public const int Storage = 74;

    /// <summary>The configuration is wrong, and starting again would not help.</summary>
    public const int Configuration = 78;

    /// <summary>
    /// Somebody ended it before it could answer (Ctrl-C, SIGTERM): 128 and SIGINT, as a shell says it. Nothing that was
    /// not looked at may be taken for right.
    /// </summary>
    public const int EndedEarly = 130;
}
