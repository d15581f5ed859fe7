using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Sluice.Evidence;
using Sluice.Fast.Repository;
using Xunit;

namespace Sluice.Fast.Evidence;

/// <summary>The report is believed by people who did not see the tests run: it is shown tests that went wrong.
/// </summary>
public sealed class The_evidence_report
{
    private const string Rows = """
        | CR 1.1 | one thing | `fast/One.Holds_well` `zones/Two.Holds_too` |
        | CR 1.2 | another <thing> | `fast/One.Holds_well` `fast/One.In_rows` |
        """;

    [Fact]
    public void Holds_where_each_named_test_has_passed()
    {
        var report = Report(Trx(("One.Holds_well", true), ("One.In_rows(a: 1)", true)), Trx(("Two.Holds_too", true)));
        Assert.True(report.Holds);
        Assert.All(report.Requirements, row => Assert.Equal(Outcome.Passed, row.Outcome));
        Assert.Equal("passed", Json(report).GetProperty("result").GetString());
        Assert.Contains("every requirement below was shown", EvidencePage.Of(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Says_failed_for_a_failed_test_and_for_its_requirement_and_for_no_other()
    {
        var report = Report(
            Trx(("One.Holds_well", true), ("One.In_rows(a: 1)", true), ("One.In_rows(a: 2)", false)),
            Trx(("Two.Holds_too", true)));
        Assert.False(report.Holds);
        Assert.Equal([Outcome.Passed, Outcome.Failed], report.Requirements.Select(row => row.Outcome));
        var json = Json(report);
        Assert.Equal("failed", json.GetProperty("result").GetString());
        var row = json.GetProperty("requirements")[1];
        Assert.Equal("failed", row.GetProperty("result").GetString());
        Assert.Equal("failed", row.GetProperty("tests")[1].GetProperty("result").GetString());
        Assert.Contains("it broke", row.GetProperty("tests")[1].GetProperty("said").GetString()!);
        var page = EvidencePage.Of(report);
        Assert.Contains("failed: 1 of 2 not shown", page, StringComparison.Ordinal);
        Assert.DoesNotContain("every requirement below was shown", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Takes_a_test_that_did_not_run_for_one_that_failed()
    {
        var report = Report(Trx(("One.Holds_well", true), ("One.In_rows(a: 1)", true)), Trx());
        Assert.False(report.Holds);
        Assert.Equal([Outcome.NotRun, Outcome.Passed], report.Requirements.Select(row => row.Outcome));
        Assert.Contains("did not run", EvidencePage.Of(report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<TestRun><Results>")]
    [InlineData("<R><UnitTestResult testName='Sluice.Two.Holds_too' outcome='Passed' duration='soon'/></R>")]
    public void Takes_a_program_that_wrote_no_report_for_one_whose_tests_failed(string trx)
    {
        var report = Report(Trx(("One.Holds_well", true), ("One.In_rows(a: 1)", true)), trx);
        Assert.False(report.Holds);
        Assert.NotEmpty(report.Problems);
    }

    [Theory]
    [InlineData("NotExecuted")]
    [InlineData("Failed")]
    [InlineData("")]
    public void Takes_no_other_word_for_passed(string outcome)
    {
        var trx = Trx(("Two.Holds_too", true)).Replace("\"Passed\"", $"\"{outcome}\"", StringComparison.Ordinal);
        Assert.False(Report(Trx(("One.Holds_well", true), ("One.In_rows", true)), trx).Holds);
    }

    [Fact]
    public void Does_not_hold_where_a_row_of_the_guide_cannot_be_read()
    {
        var guide = SecurityGuide.Read(The_security_guide.Table(Rows, "| CR 1.3 | nothing | to be done |"));
        Assert.False(EvidenceReport.Of(guide, Results(
            Trx(("One.Holds_well", true), ("One.In_rows", true)), Trx(("Two.Holds_too", true)), []), [], Here).Holds);
    }

    [Fact]
    public void Is_one_page_without_a_script_or_a_way_out_of_it()
    {
        var page = EvidencePage.Of(Report(
            Trx(("One.Holds_well", false), ("One.In_rows", true)), Trx(("Two.Holds_too", true))));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("href", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("another &lt;thing&gt;", page, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.Contains("0123abc", page, StringComparison.Ordinal);
    }

    /// <summary>The program itself, at the real guide: whoever runs it looks at its number before its page.</summary>
    [Fact]
    public async Task Ends_with_65_where_the_tests_that_the_guide_names_did_not_run_and_writes_a_page_that_says_so()
    {
        var results = Directory.CreateTempSubdirectory("sluice-evidence-").FullName;
        try
        {
            var program = Path.Combine(AppContext.BaseDirectory, "sluice-evidence");
            using var evidence = Process.Start(new ProcessStartInfo(program, ["report", results, results, program])
            {
                WorkingDirectory = RepositoryTree.FindRoot(), RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var said = await evidence.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await evidence.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(65, evidence.ExitCode);
            Assert.Contains("zones/The_three_zones.Leave_the_stated_flows_and_nothing_else: did not run", said);
            var page = await File.ReadAllTextAsync(
                Path.Combine(results, "report.html"), TestContext.Current.CancellationToken);
            Assert.Contains("verdict bad", page, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(results, "report.json")));
        }
        finally
        {
            Directory.Delete(results, recursive: true);
        }
    }

    private static Surroundings Here { get; } = new()
    {
        Utc = new DateTime(2026, 11, 23, 10, 0, 0, DateTimeKind.Utc), Version = "sluice-agent 0.1.0",
        Commit = "0123abc", Kernel = "Linux 6.12", System = "Debian", Processor = "X64", Parts = ["nftables"],
        Binaries = [new Binary("out/sluice-agent", 12, "0123abc", true)],
    };

    private static EvidenceReport Report(string fast, string zones)
    {
        var problems = new List<string>();
        var results = Results(fast, zones, problems);
        return EvidenceReport.Of(
            SecurityGuide.Read(The_security_guide.Table(Rows)), results,
            problems.Where(problem => problem.Length > 0), Here);
    }

    private static TestResults Results(string fast, string zones, List<string> problems)
    {
        var results = new TestResults();
        problems.Add(results.Take("fast", fast));
        problems.Add(results.Take("zones", zones));
        return results;
    }

    private static string Trx(params (string Name, bool Passed)[] tests) =>
        "<TestRun xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\"><Results>"
        + string.Concat(tests.Select(test => $"<UnitTestResult testName=\"Sluice.Some.{test.Name}\" outcome=\""
            + (test.Passed ? "Passed" : "Failed") + "\" duration=\"00:00:01.5000000\">"
            + (test.Passed ? "" : "<Output><ErrorInfo><Message>it broke</Message></ErrorInfo></Output>")
            + "</UnitTestResult>"))
        + "</Results></TestRun>";

    private static JsonElement Json(EvidenceReport report)
    {
        using var stream = new MemoryStream();
        EvidenceJson.Write(report, stream);
        using var json = JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        return json.RootElement.Clone();
    }
}
