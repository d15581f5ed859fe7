namespace Sluice.Agent;

/// <summary>What the process says when it ends; the numbers of sysexits.h where there is one.</summary>
public static class ExitCode
{
    public const int Fine = 0;

    /// <summary>A broken invariant of ours; systemd starts the agent again and the buffer replays.</summary>
    public const int OurFault = 70;
}
