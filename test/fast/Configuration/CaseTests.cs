using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Xunit;

namespace Sluice.Fast.Configuration;

/// <summary>
/// Folders named after a mistake: the files, and what <c>sluice-agent check --brief --files-only</c> says about them,
/// word for word, because a sentence is what the person at the other end works with. After a wanted change, run that
/// command in the folder, write what it says to expected.txt, and read the difference before it is committed.
/// </summary>
public sealed class CaseTests
{
    private static readonly string Root = Repository.File("test/fast/Configuration/cases");

    public static TheoryData<string> Cases =>
        [.. Directory.GetDirectories(Root).Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_mistake_is_told_as_expected(string name)
    {
        var folder = Path.Combine(Root, name);
        var expected = await File.ReadAllTextAsync(Path.Combine(folder, "expected.txt"));

        var (said, code) = await CheckAsync(folder);

        Assert.Equal(expected, said);
        Assert.Equal(expected.Contains("Nothing starts", StringComparison.Ordinal) ? ExitCode.Configuration : 0, code);
    }

    [Fact]
    public async Task A_file_with_ten_mistakes_lists_ten()
    {
        var (said, code) = await CheckAsync(Path.Combine(Root, "ten-mistakes"));

        var lines = said.TrimEnd().Split('\n');
        Assert.Equal(10 + 1, lines.Length);
        Assert.All(lines[..10], line => Assert.Matches(@"^(gateway\.json|hmi1\.csv):\d+: \S+.*: .{20,}", line));
        Assert.Equal(ExitCode.Configuration, code);
    }

    private static async Task<(string Said, int Code)> CheckAsync(string folder)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var code = await new AgentCommandLine { Output = output, Error = output }.InvokeAsync(
            ["check", "--brief", "--files-only", "--config", Path.Combine(folder, "gateway.json")],
            TestContext.Current.CancellationToken);
        return (output.ToString().Replace(folder + "/", "", StringComparison.Ordinal), code);
    }
}
