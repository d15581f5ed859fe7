using System.Globalization;

namespace Sluice.Agent.Egress.Jail;

/// <summary>Which walls stand round this process. Immutable.</summary>
/// <param name="Landlock">The version of Landlock that fences files, and from 4 on TCP ports; 0: none.</param>
/// <param name="Filters">System calls are filtered (seccomp).</param>
/// <param name="Trouble">Why something is missing, in words; empty where nothing is.</param>
internal sealed record JailStanding(int Landlock, bool Filters, string Trouble)
{
    /// <summary>A verb, a test, a machine of another kind: nothing stands.</summary>
    public static JailStanding None { get; } = new(0, false, "it was not asked to");

    public bool FencesFiles => Landlock > 0;

    public bool FencesPorts => new LandlockRights(Landlock).HasPorts;

    public bool IsWhole => FencesFiles && FencesPorts && Filters;

    /// <summary>One sentence for the log and the status.</summary>
    public string Sentence => this switch
    {
        { IsWhole: true } => string.Create(CultureInfo.InvariantCulture,
            $"locked in: files and TCP ports by Landlock {Landlock}, system calls by seccomp"),
        { FencesFiles: true, Filters: true } => "locked in, but for TCP ports: this kernel's Landlock fences files "
            + "only (ports need Linux 6.7); the host's rules hold the ports",
        { Filters: true } => $"half locked in: system calls are filtered, files and TCP ports are not ({Trouble})",
        { FencesFiles: true } => $"half locked in: Landlock fences, system calls are not filtered ({Trouble})",
        _ => $"not locked in: {Trouble}",
    };
}
