using System.Diagnostics;
using System.Xml;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Fast.Repository;

/// <summary>
/// The count at the end of a run is what everybody trusts, so the runner is shown programs that go wrong.
/// </summary>
public sealed class The_runner : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-runner-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Counts_what_the_report_says() => Assert.Equal(("3 0", 0), Run(Report(total: 3, passed: 3), "exit 0"));

    /// <summary>Thirty-five tests that had passed were no tests: grep says of such a file that it is binary.</summary>
    [Fact]
    public void Counted_nothing_where_the_report_quoted_a_console_byte_for_byte() => Assert.Equal(
        ("2 1", 1), Run(Report(total: 3, passed: 2), $"printf '\\0' >>'{directory}/made-up.trx'; exit 2"));

    [Fact]
    public void Counts_a_failed_test() => Assert.Equal(("2 1", 1), Run(Report(total: 3, passed: 2), "exit 2"));

    [Fact]
    public void Counts_a_skipped_test_as_failed() =>
        Assert.Equal(("2 1", 1), Run(Report(total: 3, passed: 2), "exit 0"));

    [Fact]
    public void Counts_a_program_that_dies_before_it_reports_as_failed() =>
        Assert.Equal(("0 1", 1), Run("", "kill -SEGV $$"));

    [Fact]
    public void Counts_a_program_that_dies_after_a_good_report_as_failed() =>
        Assert.Equal(("3 1", 1), Run(Report(total: 3, passed: 3), "exit 134"));

    [Fact]
    public void Counts_a_program_that_runs_no_test_as_failed() =>
        Assert.Equal(("0 1", 1), Run(Report(total: 0, passed: 0), "exit 0"));

    /// <summary>A console's control character was quoted by a failing test, and the report's XML took it not.</summary>
    [Fact]
    public void Counts_a_report_that_breaks_off_as_failed() =>
        Assert.Equal(("0 1", 1), Run("<R><UnitTestResult testName=", "exit 2"));

    [Fact]
    public void What_a_console_says_to_a_terminal_broke_the_report_off()
    {
        Assert.Equal("gateway login:\n\t[6n", Printable.Of("gateway login:\r\n\t\u001b[6n\0"));
        XmlConvert.VerifyXmlChars(Printable.Of(string.Concat(Enumerable.Range(0, 0x300).Select(code => (char)code))));
    }

    [Fact]
    public void Counts_a_program_that_hangs_as_failed() => Assert.Equal(("0 1", 1), Run("", "sleep 60", limit: "0.2s"));

    [Fact]
    public void Counts_a_program_that_is_not_there_as_failed()
    {
        var result = RunProgram(Path.Combine(directory, "nowhere"), "5s");

        Assert.Equal(("0 1", 1), result);
    }

    [Fact]
    public void Names_what_failed_and_runs_nothing_again_unless_told_to()
    {
        Assert.Equal(("2 1", 1), RunTwice(again: 0, ["N.C.M(a: 1)"], []));
        Assert.Equal(["N.C.M"], Named("failed"));
    }

    [Fact]
    public void Counts_what_passes_by_itself_as_passed_and_names_it_for_ever()
    {
        Assert.Equal(("3 0", 0), RunTwice(again: 3, ["N.C.M(a: 1)"], []));
        Assert.Equal(["N.C.M"], Named("unsteady"));
        Assert.Empty(Named("failed"));
    }

    [Fact]
    public void Counts_what_fails_twice_as_failed() =>
        Assert.Equal(("1 2", 1), RunTwice(again: 3, ["N.C.M", "N.C.O"], ["N.C.O"]));

    [Fact]
    public void Runs_nothing_again_when_more_failed_than_noise_would() =>
        Assert.Equal(("1 2", 1), RunTwice(again: 1, ["N.C.M", "N.C.O"], []));

    [Fact]
    public void Runs_nothing_again_after_a_crash() =>
        Assert.Equal(("2 1", 1), RunTwice(again: 3, ["N.C.M"], [], code: 134));

    /// <summary>Three tests, of which some fail at first and some of them again.</summary>
    private (string Counts, int Code) RunTwice(int again, string[] first, string[] second, int code = 2)
    {
        static string Results(string[] failed) => string.Concat(failed.Select(
            name => $"<UnitTestResult testName=\"{name}\" outcome=\"Failed\" testType=\"t\" />"));
        var program = Path.Combine(directory, "program");
        File.WriteAllText(program, $"""
            #!/bin/bash
            if [[ $* != *made-up.again.trx* ]]; then
              echo '{Report(3, 3 - first.Length)}{Results(first)}' >'{directory}/made-up.trx'; exit {code}
            fi
            [[ $* == *--filter-method=N.C.M* ]] || exit 8
            echo '{Report(first.Length, first.Length - second.Length)}{Results(second)}' \
              >'{directory}/made-up.again.trx'
            exit {(second.Length == 0 ? 0 : 2)}
            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return RunProgram(program, "20s", again);
    }

    private string[] Named(string what)
    {
        var file = Path.Combine(directory, $"made-up.{what}");
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    private static string Report(int total, int passed) =>
        $"<R><Counters total=\"{total}\" executed=\"{total}\" passed=\"{passed}\" passedButRunAborted=\"7\" /></R>";

    /// <summary>
    /// A stand-in for a test program: it writes this report where it was asked to, and ends like this.
    /// </summary>
    private (string Counts, int Code) Run(string report, string ending, string limit = "20s")
    {
        var program = Path.Combine(directory, "program");
        var write = report.Length == 0 ? "" : $"echo '{report}' >'{directory}/made-up.trx'\n";
        File.WriteAllText(program, $"#!/bin/bash\n{write}{ending}\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return RunProgram(program, limit);
    }

    private (string Counts, int Code) RunProgram(string program, string limit, int again = 0)
    {
        var script = Path.Combine(RepositoryTree.FindRoot(), "test", "run-program.sh");
        var start = new ProcessStartInfo("/bin/bash", [script, "made-up", program, limit, directory])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["AGAIN"] = $"{again}" },
        };
        using var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (File.ReadAllText(Path.Combine(directory, "made-up.counts")).Trim(), process.ExitCode);
    }
}
