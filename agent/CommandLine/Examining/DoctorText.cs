using System.Globalization;
using System.Text;
using Sluice.Agent.Doctor;
using Sluice.Agent.Health;

namespace Sluice.Agent.CommandLine.Examining;

/// <summary>The findings for a person: by group, each with its verdict, and below it what to do. A core.</summary>
internal static class DoctorText
{
    private const int WidthMax = 110;
    private const int NameWidth = 22;
    private const int Indent = 6 + NameWidth;

    public static string Render(CheckupFacts facts, IReadOnlyList<CheckFinding> findings, bool onlyTroubles)
    {
        var text = new StringBuilder();
        foreach (var group in Checkup.All.Select(check => check.Group).Distinct())
        {
            var names = Checkup.All.Where(check => check.Group == group).Select(check => check.Name).ToHashSet();
            var shown = findings.Where(finding => names.Contains(finding.Check)
                && (!onlyTroubles || finding.Verdict is Verdict.Bad or Verdict.Look or Verdict.Unknown)).ToList();
            if (shown.Count == 0)
            {
                continue;
            }

            text.AppendLine(group);
            shown.ForEach(finding => Append(text, finding));
            text.AppendLine();
        }

        return text.AppendLine(Summary(facts, findings)).ToString();
    }

    private static void Append(StringBuilder text, CheckFinding finding)
    {
        text.Append(VerdictWords.Screen(finding.Verdict)).Append("  ").Append(finding.Check.PadRight(NameWidth));
        AppendWrapped(text, finding.About.Length > 0 ? $"{finding.About}: {finding.Why}" : finding.Why);
        if (finding.Do.Length > 0)
        {
            text.Append(' ', Indent);
            AppendWrapped(text, $"What to do: {finding.Do}");
        }
    }

    private static void AppendWrapped(StringBuilder text, string sentence)
    {
        var rest = sentence;
        while (rest.Length > WidthMax - Indent && rest.LastIndexOf(' ', WidthMax - Indent) is > 0 and var at)
        {
            text.AppendLine(rest[..at]).Append(' ', Indent);
            rest = rest[(at + 1)..];
        }

        text.AppendLine(rest);
    }

    private static string Summary(CheckupFacts facts, IReadOnlyList<CheckFinding> findings)
    {
        int Count(Verdict verdict) => findings.Count(finding => finding.Verdict == verdict);
        var (bad, look, unknown) = (Count(Verdict.Bad), Count(Verdict.Look), Count(Verdict.Unknown));
        var who = facts.Configuration?.Gateway.Id ?? facts.File;
        var first = findings.FirstOrDefault(finding => finding.Verdict == Verdict.Bad);
        return string.Create(CultureInfo.InvariantCulture,
            $"{who}: {Checkup.All.Count} checks, {bad} bad, {look} to look at, {unknown} unknown.{Environment.NewLine}")
            + (first is not null ? $"Begin with {first.Check}: what comes after may follow from it."
                : look > 0 ? "Nothing is bad." : "All is well.");
    }
}
