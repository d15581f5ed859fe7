using System.Text.Json;
using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class CommandLineTests
{
    private static readonly string TenMistakes =
        Repository.File("test/fast/Configuration/cases/ten-mistakes/gateway.json");

    [Fact]
    public async Task A_verb_that_is_not_known_is_a_usage_error()
    {
        var (said, code) = await InvokeAsync("rum");
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("rum", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_of_an_agent_that_does_not_run_says_so()
    {
        var (said, code) = await InvokeAsync("status", "--socket", "/nowhere/status.sock");
        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("/nowhere/status.sock", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Size_without_a_running_agent_tells_the_most_that_the_configuration_allows_and_says_so()
    {
        var example = Repository.File("docs/examples/gateway.json");
        string[] ask = ["size", "--outage", "72h", "--config", example, "--socket", "/nowhere/status.sock"];
        var (said, code) = await InvokeAsync(ask);

        Assert.Equal(0, code);
        Assert.Contains("No agent answers", said, StringComparison.Ordinal);
        Assert.Contains("An outage of 3 d at", said, StringComparison.Ordinal);
        Assert.Contains("the most that the configuration allows", said, StringComparison.Ordinal);
        Assert.Contains("\"2 GiB\" is enough", said, StringComparison.Ordinal);
        Assert.Contains("Time to drain", said, StringComparison.Ordinal);
        Assert.Contains("buffer.flashEndurance \"30 TB\" lasts", said, StringComparison.Ordinal);

        (said, code) = await InvokeAsync([.. ask, "--json"]);
        using var document = JsonDocument.Parse(said);
        Assert.Equal(0, code);
        Assert.False(document.RootElement.GetProperty("measured").GetBoolean());
        Assert.True(document.RootElement.GetProperty("answer").GetProperty("isEnough").GetBoolean());
        Assert.Equal("3.00:00:00", document.RootElement.GetProperty("answer").GetProperty("outage").GetString());
    }

    [Theory]
    [InlineData("72", "has no unit")]
    [InlineData("0 h", "more than 0 s")]
    [InlineData("3 weeks", "not known")]
    public async Task Size_of_an_outage_that_is_none_is_a_usage_error(string outage, string why)
    {
        var (said, code) = await InvokeAsync("size", "--outage", outage);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains(why, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Size_of_a_configuration_that_cannot_run_points_to_check()
    {
        var (said, code) = await InvokeAsync("size", "--outage", "72h", "--config", TenMistakes);
        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains("sluice-agent check", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_prints_the_version()
    {
        var (said, code) = await InvokeAsync("version");
        Assert.Equal(0, code);
        Assert.StartsWith($"sluice-agent {AgentVersion.Text} ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_quotes_the_line_and_marks_the_place()
    {
        var (said, _) = await InvokeAsync("check", "--config", TenMistakes);
        var lines = said.Split('\n');
        var at = Array.FindIndex(lines, line => line.Contains("broker.keepAlive: 15 has no "
            + "unit", StringComparison.Ordinal));
        Assert.Equal("  8 | \"keepAlive\": 15", lines[at + 1]);
        Assert.Equal("    |              ^", lines[at + 2]);
    }

    [Fact]
    public async Task Check_for_programs_is_one_document_with_everything_in_it()
    {
        var (said, code) = await InvokeAsync(
            "check", "--json", "--config", TenMistakes);

        using var document = JsonDocument.Parse(said);
        var report = document.RootElement;
        Assert.Equal(ExitCode.Configuration, code);
        Assert.False(report.GetProperty("accepted").GetBoolean());
        Assert.Equal(10, report.GetProperty("errors").GetInt32());
        Assert.Equal(10, report.GetProperty("problems").GetArrayLength());
        Assert.Equal("broker.keepAlive", report.GetProperty("problems")[4].GetProperty("path").GetString());
        Assert.Equal(8, report.GetProperty("problems")[4].GetProperty("line").GetInt32());
    }

    [Fact]
    public async Task Schema_prints_what_is_published()
    {
        var (said, _) = await InvokeAsync("schema");
        Assert.Equal(await File.ReadAllTextAsync(Repository.File("agent/Configuration/gateway.schema.json")), said);
    }

    [Fact]
    public async Task Check_looks_at_this_machine_unless_it_is_told_not_to()
    {
        var example = Repository.File("docs/examples/gateway.json");
        var (here, code) = await InvokeAsync("check", "--config", example);
        var (there, _) = await InvokeAsync("check", "--files-only", "--config", example);

        Assert.Equal(0, code);
        Assert.Contains("/var/lib/sluice/identity", here, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", there, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_asks_the_program_for_its_verbs_and_options()
    {
        var (script, _) = await InvokeAsync("completion");
        Assert.Contains("complete -F _sluice_agent sluice-agent", script, StringComparison.Ordinal);

        var (verbs, _) = await InvokeAsync("[suggest:15]", "sluice-agent ch");
        Assert.Contains("check", verbs.Split('\n').Where(verb => verb.StartsWith("ch", StringComparison.Ordinal)));

        var (finder, _) = await InvokeAsync("[suggest:15]", "sluice-agent fi");
        Assert.Contains("find-order", finder.Split('\n'));
        var (discover, _) = await InvokeAsync("[suggest:22]", "sluice-agent discover ");
        Assert.Subset(discover.Split('\n').ToHashSet(), new HashSet<string> { "modbus", "sensors", "gpio" });

        var (options, _) = await InvokeAsync("[suggest:21]", "sluice-agent check --");
        Assert.Contains("--files-only", options, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("status")]
    [InlineData("size")]
    [InlineData("schema")]
    [InlineData("version")]
    [InlineData("completion")]
    [InlineData("find-order")]
    [InlineData("discover", "modbus")]
    [InlineData("discover", "sensors")]
    [InlineData("discover", "gpio")]
    [InlineData("identity", "init")]
    [InlineData("identity", "export")]
    [InlineData("identity", "import")]
    [InlineData("identity", "verify")]
    [InlineData("identity", "activate")]
    [InlineData("identity", "rollback")]
    [InlineData("identity", "status")]
    [InlineData("identity", "audit", "show")]
    [InlineData("identity", "audit", "verify")]
    public async Task Every_verb_and_option_explains_itself(params string[] verb)
    {
        var (help, code) = await InvokeAsync([.. verb, "--help"]);
        Assert.Equal(0, code);
        Assert.All(
            help.Split('\n').Where(line => line.TrimStart().StartsWith('-')),
            line => Assert.Matches(@"^  -\S.*\s{2,}\S.{8,}", line));
    }

    private static async Task<(string Said, int Code)> InvokeAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var code = await new AgentCommandLine { Output = output, Error = output }
            .InvokeAsync(arguments, TestContext.Current.CancellationToken);
        return (output.ToString(), code);
    }
}
