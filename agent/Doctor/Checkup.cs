using Sluice.Agent.Doctor.Checks;
using Sluice.Agent.Health;

namespace Sluice.Agent.Doctor;

/// <summary>
/// All checks, in the order in which a technician would ask: what should run here, does it, who is it, can it get
/// there, do the machines answer, is what they say kept, and is the door shut. A core.
/// <para>Invariants: every check answers at least once; whatever is not <see cref="Verdict.Ok"/> says what to do, but
/// for what does not exist here.</para>
/// </summary>
internal static class Checkup
{
    public static IReadOnlyList<Check> All { get; } =
    [
        .. ConfigurationChecks.All, .. ServiceChecks.All, .. ClockChecks.All, .. IdentityChecks.All,
        .. NetworkChecks.All, .. BrokerChecks.All, .. MachineChecks.All, .. StorageChecks.All, .. ProtectionChecks.All,
    ];

    public static IReadOnlyList<CheckFinding> Examine(CheckupFacts facts) =>
    [
        .. from check in All
           from answer in check.Judge(facts)
           select new CheckFinding(check.Name, answer.About, answer.Verdict, answer.Why, answer.Do),
    ];

    /// <summary>0 where nothing is bad, 65 where something is, 78 where the configuration cannot run.</summary>
    public static int ExitCodeOf(CheckupFacts facts, IReadOnlyList<CheckFinding> findings) =>
        facts.Configuration is null ? ExitCode.Configuration
            : findings.Any(finding => finding.Verdict == Verdict.Bad) ? ExitCode.Unclear
            : ExitCode.Fine;
}
