using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Fast.Repository;
using Sluice.Plant.Gateway;
using Xunit;

namespace Sluice.Fast.Enrolment;

/// <summary>
/// The verbs of <c>sluice-agent identity</c> as a program calls them: each speaks JSON, says one sentence, and ends
/// with the number that it says and that the guide explains.
/// </summary>
public sealed class IdentityVerbsTests : IDisposable
{
    private static readonly string[] Verbs =
    [
        "init", "label", "export", "import", "verify", "activate", "rollback", "adopt", "renew", "crl", "status",
        "audit show", "audit verify",
    ];

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-verbs-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Every_verb_is_there_and_each_speaks_json()
    {
        var (_, all) = await RunAsync("identity", "--help");
        foreach (var verb in Verbs)
        {
            Assert.Matches($@"(?m)^\s+{verb.Split(' ')[0]}\b", all);
            var (code, help) = await RunAsync(["identity", .. verb.Split(' '), "--help"]);
            Assert.Equal((verb, ExitCode.Fine), (verb, code));
            Assert.Contains("--json", help, StringComparison.Ordinal);
        }
    }

    /// <summary>From a gateway that has nothing, in this order.</summary>
    [Fact]
    public async Task Each_says_one_sentence_and_ends_with_the_number_that_it_says_and_the_guide_explains()
    {
        var configuration = new GatewayFiles
        {
            BrokerHost = "mes-broker.dmz.plant1",
            BrokerPort = 1,
            Sources = [SourceFile.ModbusTcp("plc", 1, "level,holding:10,int16,,,,mm,change,,60 s,1 s,1,")],
        }.Write(directory);
        var stick = Directory.CreateDirectory(Path.Combine(directory, "stick")).FullName;
        (string[] Verb, int Code)[] life =
        [
            (["status"], ExitCode.Unclear),
            (["label"], ExitCode.Unavailable),
            (["export", stick], ExitCode.Unavailable),
            (["verify"], ExitCode.Unavailable),
            (["activate"], ExitCode.Unavailable),
            (["rollback"], ExitCode.Unavailable),
            (["crl", stick], ExitCode.Unavailable),
            (["adopt"], ExitCode.Fine),
            (["init"], ExitCode.Fine),
            (["init"], ExitCode.Fine),
            (["label"], ExitCode.Fine),
            (["export", stick], ExitCode.Fine),
            (["export", Path.Combine(stick, "gone")], ExitCode.Storage),
            (["import", stick], ExitCode.Storage),
            (["audit", "show"], ExitCode.Fine),
            (["audit", "verify"], ExitCode.Fine),
            (["audit", "verify", "--head", "9 0"], ExitCode.Unclear),
            (["init", "--again"], ExitCode.Fine),
        ];
        var told = Explained();
        foreach (var (verb, code) in life)
        {
            await SaysAsync(verb, code, told, ["--config", configuration]);
        }

        await SaysAsync(["renew"], ExitCode.Unavailable, told, ["--socket", Path.Combine(directory, "none")]);
        await File.WriteAllTextAsync(configuration, "{");
        await SaysAsync(["status"], ExitCode.Configuration, told, ["--config", configuration]);
        Assert.Equal(ExitCode.Usage, (await RunAsync("identity", "destroy")).Code);
        Assert.Superset(
            new HashSet<int> { ExitCode.Fine, ExitCode.Usage, ExitCode.Unclear, ExitCode.Unavailable, ExitCode.Storage,
                ExitCode.Configuration, ExitCode.EndedEarly },
            told);
    }

    private static async Task SaysAsync(string[] verb, int expected, HashSet<int> told, string[] where)
    {
        var name = string.Join(' ', verb);
        var (code, text) = await RunAsync(["identity", .. verb, .. where, "--json"]);
        Assert.True(expected == code, $"{name}: {code}: {text}");
        Assert.Contains(code, told);
        using var json = JsonDocument.Parse(text);
        var report = json.RootElement;
        Assert.Equal((name, code), (name, report.GetProperty("exitCode").GetInt32()));
        Assert.EndsWith(".", report.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Equal(code != 0, report.TryGetProperty("means", out _));
        Assert.Equal(code != 0, report.TryGetProperty("do", out _));

        // The same for a person: never a half of it, never a stack trace.
        if (verb[0] is not "init")
        {
            var (again, spoken) = await RunAsync(["identity", .. verb, .. where]);
            Assert.Equal((name, code), (name, again));
            Assert.Equal(code != 0, spoken.Contains("What to do: ", StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", spoken, StringComparison.Ordinal);
        }
    }

    /// <summary>The numbers of the guide's table.</summary>
    private static HashSet<int> Explained()
    {
        var guide = File.ReadAllText(
            Path.Combine(RepositoryTree.FindRoot(), "docs", "guides", "technician.md"));
        var from = guide.IndexOf("## What the verbs end with", StringComparison.Ordinal);
        var to = guide.IndexOf("\n## ", from + 1, StringComparison.Ordinal);
        return [.. Regex.Matches(guide[from..to], @"(?m)^\| (\d+) \|")
            .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
    }

    private static async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        await using var said = new StringWriter();
        var line = new AgentCommandLine { Output = said, Error = said, Input = TextReader.Null, IsTerminal = false };
        return (await line.InvokeAsync(arguments, CancellationToken.None), said.ToString());
    }
}
