using System.Globalization;
using System.Text.Json;
using Sluice.Agent;
using Sluice.Agent.CommandLine.Examining;
using Sluice.Agent.Doctor;
using Sluice.Agent.Health;
using Xunit;

namespace Sluice.Fast.Doctor;

/// <summary>What the doctor says, check by check, from made-up facts.</summary>
public sealed class CheckupTests
{
    public static TheoryData<int, string> Cases => [.. CheckTables.All.Select((each, index) =>
        (index, $"{each.Check}: {each.Verdict}: {each.Says}"))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_check_says_what_its_table_says(int index, string told)
    {
        var wanted = CheckTables.All[index];
        var found = Checkup.Examine(wanted.Facts).Where(finding => finding.Check == wanted.Check).ToList();
        Assert.True(
            found.Exists(finding => finding.Verdict == wanted.Verdict
                && $"{finding.Why} {finding.Do}".Contains(wanted.Says, StringComparison.Ordinal)),
            $"{told}\nwas: {string.Join("\n", found)}");
    }

    [Fact]
    public void There_are_at_least_25_checks_and_every_verdict_of_each_has_a_case()
    {
        Assert.True(Checkup.All.Count >= 25);
        Assert.Equal(Checkup.All.Count, Checkup.All.Select(check => check.Name).Distinct().Count());
        Assert.Equal(
            Checkup.All.Select(check => check.Name).Order(),
            CheckTables.All.Select(each => each.Check).Distinct().Order());
        Assert.All(Checkup.All, check => Assert.Contains(
            CheckTables.All, each => each.Check == check.Name && each.Verdict == Verdict.Ok));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whatever_is_the_matter_every_check_answers_and_says_what_to_do(int index, string told)
    {
        var findings = Checkup.Examine(CheckTables.All[index].Facts);
        Assert.True(Checkup.All.All(check => findings.Any(finding => finding.Check == check.Name)), told);
        Assert.All(findings, finding =>
        {
            Assert.NotEmpty(finding.Why);
            Assert.Equal(
                finding.Verdict is Verdict.Bad or Verdict.Look or Verdict.Unknown, finding.Do.Length > 0);
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void With_nothing_wrong_nothing_is_found(bool runs)
    {
        var facts = runs ? SoundGateway.AtWork : SoundGateway.WithoutAgent;
        var findings = Checkup.Examine(facts);
        Assert.Equal(
            runs ? [] : ["agent-answers"],
            findings.Where(each => each.Verdict is not (Verdict.Ok or Verdict.None)).Select(each => each.Check));
        Assert.Equal(ExitCode.Fine, Checkup.ExitCodeOf(facts, findings));
    }

    [Fact]
    public void It_ends_with_65_where_something_is_bad_and_with_78_where_nothing_could_start()
    {
        var bad = SoundGateway.AtWork with { Overlaps = ["two networks overlap."] };
        Assert.Equal(ExitCode.Unclear, Checkup.ExitCodeOf(bad, Checkup.Examine(bad)));
        var refused = SoundGateway.AtWork with { Configuration = null, Problems = [] };
        Assert.Equal(ExitCode.Configuration, Checkup.ExitCodeOf(refused, Checkup.Examine(refused)));
    }

    [Fact]
    public void The_screen_stays_within_its_width_and_names_what_to_begin_with()
    {
        var facts = SoundGateway.WithoutAgent with { Trial = SoundGateway.Steps("connection"), Overlaps = ["x."] };
        var findings = Checkup.Examine(facts);
        var screen = DoctorText.Render(facts, findings, onlyTroubles: false);
        Assert.All(screen.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 110, line));
        Assert.Contains("Begin with networks-apart", screen, StringComparison.Ordinal);
        Assert.All(Checkup.All, check => Assert.Contains(check.Name, screen, StringComparison.Ordinal));

        var brief = DoctorText.Render(facts, findings, onlyTroubles: true);
        Assert.DoesNotContain("\nok", brief, StringComparison.Ordinal);
        Assert.Contains("What to do", brief, StringComparison.Ordinal);
    }

    [Fact]
    public void The_document_for_programs_has_the_same_findings()
    {
        var facts = SoundGateway.AtWork with { Disk = null };
        var findings = Checkup.Examine(facts);
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(
            DoctorReport.Of(facts, findings, 0), DoctorJson.Default.DoctorReport));
        var root = json.RootElement;
        Assert.Equal("gw-042", root.GetProperty("gateway").GetString());
        Assert.True(root.GetProperty("agentRuns").GetBoolean());
        Assert.Equal(1, root.GetProperty("unknown").GetInt32());
        Assert.Equal(findings.Count, root.GetProperty("findings").GetArrayLength());
        Assert.Equal(
            "unknown",
            root.GetProperty("findings").EnumerateArray()
                .Single(each => each.GetProperty("check").GetString() == "disk-health")
                .GetProperty("verdict").GetString());
        Assert.Equal(
            Checkup.All.Count.ToString(CultureInfo.InvariantCulture), root.GetProperty("checks").GetRawText());
    }
}
