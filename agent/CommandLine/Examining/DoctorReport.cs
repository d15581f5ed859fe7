using System.Text.Json.Serialization;
using Sluice.Agent.Doctor;
using Sluice.Agent.Health;

namespace Sluice.Agent.CommandLine.Examining;

/// <summary>What <c>sluice-agent doctor --json</c> prints. Fields are only ever added.</summary>
/// <param name="File">The configuration.</param>
/// <param name="Gateway">Which gateway; null where the configuration cannot run.</param>
/// <param name="AgentRuns">An agent answered; null where one may run that did not tell.</param>
/// <param name="ExitCode">What the process ends with.</param>
/// <param name="Checks">How many different checks there are.</param>
/// <param name="Bad">Findings that say <c>bad</c>.</param>
/// <param name="Look">Findings that say <c>look</c>.</param>
/// <param name="Unknown">Findings that say <c>unknown</c>.</param>
/// <param name="Findings">Each answer, in the order in which a technician would ask.</param>
internal sealed record DoctorReport(
    string File, string? Gateway, bool? AgentRuns, int ExitCode, int Checks, int Bad, int Look, int Unknown,
    IReadOnlyList<DoctorFinding> Findings)
{
    public static DoctorReport Of(CheckupFacts facts, IReadOnlyList<CheckFinding> findings, int code)
    {
        int Count(Verdict verdict) => findings.Count(finding => finding.Verdict == verdict);
        var groups = Checkup.All.ToDictionary(check => check.Name, check => check.Group);
        return new DoctorReport(
            facts.File, facts.Configuration?.Gateway.Id,
            facts.Running is not null ? true : facts.IsNobody ? false : null, code, Checkup.All.Count,
            Count(Verdict.Bad), Count(Verdict.Look), Count(Verdict.Unknown),
            [.. findings.Select(finding => new DoctorFinding(
                finding.Check, groups[finding.Check], finding.About, VerdictWords.Json(finding.Verdict), finding.Why,
                finding.Do))]);
    }
}

/// <param name="Check">The check's name; it stays the same over versions.</param>
/// <param name="Group">Under which heading a person finds it.</param>
/// <param name="About">Which of several: a source, a unit, a card; empty where there is one only.</param>
/// <param name="Verdict"><c>ok</c>, <c>look</c>, <c>bad</c>, <c>unknown</c> (nobody could find out) or <c>none</c>
/// (nothing of the kind is here).</param>
/// <param name="Why">What was seen.</param>
/// <param name="Do">What to do; empty where nothing is to be done.</param>
internal sealed record DoctorFinding(
    string Check, string Group, string About, string Verdict, string Why, string Do);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
