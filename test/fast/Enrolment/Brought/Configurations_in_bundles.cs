using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Configuration.Brought;
using Sluice.Agent.Enrolment;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Bundles;
using Xunit;

namespace Sluice.Fast.Enrolment.Brought;

/// <summary>A configuration comes with a bundle, counts with it, and goes with it.</summary>
public sealed class Configurations_in_bundles(BundleBench bench) : IClassFixture<BundleBench>, IDisposable
{
    private readonly BroughtGateway gateway = new(bench);

    public void Dispose() => gateway.Dispose();

    [Fact]
    public async Task It_counts_once_its_version_is_in_use_and_a_rollback_gives_back_what_was_there()
    {
        await gateway.UseAsync(1, null);
        Assert.Equal(["one"], gateway.Signals);
        var taken = await gateway.TakeAsync(2, gateway.Brought("one", "two"));
        Assert.True(taken.Worked, taken.Sentence);
        Assert.Contains(taken.Notes!, note => note.Contains("2 signals of 1 sources", StringComparison.Ordinal));
        Assert.Equal(["one"], gateway.Signals);

        await gateway.DoAsync(context => new Adopt(context).Activate(unverified: true));

        Assert.Equal(["one", "two"], gateway.Signals);
        Assert.Equal("0002", gateway.InForce.Loaded.Configuration!.Brought.Version);
        Assert.DoesNotContain(gateway.InForce.Loaded.Problems, problem => problem.IsError);
        await gateway.DoAsync(context => new Adopt(context).Rollback());
        Assert.Equal(["one"], gateway.Signals);
        await gateway.DoAsync(context => new Adopt(context).Rollback());
        Assert.Equal(["one", "two"], gateway.Signals);
    }

    [Fact]
    public async Task A_bundle_and_a_trust_bundle_without_one_leave_it_and_a_bundle_with_another_one_replaces_it()
    {
        await gateway.UseAsync(1, gateway.Brought("one", "two"));
        await gateway.UseAsync(2, null);
        Assert.Equal(["one", "two"], gateway.Signals);

        await gateway.DoAsync(context =>
        {
            var version = context.Store.Look().Active!;
            context.Store.ReplaceTrust(7, context.Store.ReadFile(version, "roots.pem"),
                context.Store.ReadFile(version, "crl.pem"));
            return new Adopt(context).Status();
        });
        Assert.Equal("0002t7", gateway.InForce.Loaded.Configuration!.Brought.Version);
        Assert.Equal(["one", "two"], gateway.Signals);

        await gateway.UseAsync(3, gateway.Brought("three"));
        Assert.Equal(["three"], gateway.Signals);
    }

    [Fact]
    public async Task Whoever_changes_the_files_of_the_gateway_is_heard_and_told()
    {
        await gateway.UseAsync(1, gateway.Brought("one", "two"));

        gateway.Lay("by", "hand");

        Assert.Equal(["by", "hand"], gateway.Signals);
        Assert.Contains("the files here were changed since", Assert.Single(gateway.InForce.Loaded.Problems).Sentence);
        Assert.Null(gateway.InForce.Loaded.Configuration!.Brought.Version);
        Assert.NotEmpty(gateway.InForce.Loaded.Configuration!.Brought.Stamp);
        Assert.Contains("files here were changed since", await CheckAsync());
        gateway.Lay("one");
        Assert.Equal(["one", "two"], gateway.Signals);
        Assert.Contains("is not what counts: version 0001", await CheckAsync());
        var status = await gateway.DoAsync(context => new Adopt(context).Status());
        Assert.Contains(status.Notes!, note => note.Contains("came with version 0001", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("{}")]
    [InlineData("""{"v":2,"over":"","configuration":{}}""")]
    public async Task A_damaged_one_does_not_count_and_the_gateway_s_own_files_do(string text)
    {
        await gateway.UseAsync(1, gateway.Brought("one", "two"));
        await File.WriteAllTextAsync(Path.Combine(gateway.Identity, "current", "configuration.json"), text);

        Assert.Equal(["one"], gateway.Signals);
        Assert.NotEmpty(gateway.InForce.Loaded.Problems);
    }

    [Fact]
    public async Task One_that_this_release_refuses_does_not_count_either()
    {
        await gateway.UseAsync(1, gateway.Brought("one", "two"));
        var file = Path.Combine(gateway.Identity, "current", "configuration.json");
        var kept = BundleConfiguration.ReadFile(await File.ReadAllBytesAsync(file), out _)!;
        await File.WriteAllBytesAsync(file, (BroughtGateway.Brought(gateway.Json(), ("list.csv", "signal\n"))
            with { Over = kept.Over }).WriteFile());

        Assert.Equal(["one"], gateway.Signals);
        Assert.Contains("list.csv", Assert.Single(gateway.InForce.Loaded.Problems).Sentence);
    }

    [Theory]
    [InlineData("gateway.id", "is gw-007, and here it is gw-042")]
    [InlineData("gateway.site", "is plant2, and here it is plant1")]
    [InlineData("identity.directory", "identity.directory")]
    [InlineData("buffer.directory", "buffer.directory")]
    [InlineData("broker.host", "is other.dmz.plant1")]
    [InlineData("broker.network", "broker.network")]
    [InlineData("another machine", "leads to 192.0.2.21, port 502, and the host's rules are made from")]
    [InlineData("another broker", "leads to 192.0.2.11, port 8883")]
    [InlineData("list left out", "list.csv is not in the bundle")]
    [InlineData("list too many", "more.csv: is in the bundle, and no source names it")]
    [InlineData("no JSON", "gateway.json:1")]
    [InlineData("wrong row", "list.csv:2")]
    public async Task What_is_wrong_with_it_is_told_and_nothing_is_changed(string what, string words)
    {
        await gateway.UseAsync(1, null);
        var before = gateway.Snapshot();

        var report = await gateway.TakeAsync(2, Spoilt(what));

        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.Equal("Configuration", report.Refusal);
        Assert.Contains(words, string.Join('\n', report.Notes!));
        Assert.Contains("Nothing was changed", report.Means);
        Assert.Equal(before, gateway.Snapshot());
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_at_once_by_file_and_line()
    {
        var report = await gateway.TakeAsync(1, BroughtGateway.Brought(
            gateway.Json(replaced: "\"every\": \"1 s\"", by: "\"every\": \"1000\""),
            ("list.csv", "signal,address,type\none,holding:0,uint16\none,nowhere,word\n")));

        Assert.Equal("The configuration in the bundle is refused: 3 problems.", report.Sentence);
        Assert.Equal(3, report.Notes!.Count);
        Assert.StartsWith("gateway.json:11: sources.plc.every", report.Notes[0]);
        Assert.Equal(2, report.Notes.Count(note => note.StartsWith("list.csv:3", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_payload_holds_it_and_older_readers_that_do_not_know_the_key_read_the_rest()
    {
        var content = BundleBench.ContentOf(gateway.Bundle(3, gateway.Brought("one")));

        Assert.Equal(gateway.Brought("one").Gateway.ToArray(), content.Configuration!.Gateway.ToArray());
        Assert.Equal("list.csv", Assert.Single(content.Configuration.Lists).Key);
        Assert.Null(BundleBench.ContentOf(bench.First).Configuration);
    }

    [Theory]
    [InlineData("../gateway.json")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b.csv")]
    [InlineData("a\\b.csv")]
    [InlineData("a/./b.csv")]
    [InlineData("")]
    public void A_list_has_a_name_below_the_folder_or_the_bundle_is_made_wrong(string name)
    {
        var payload = (BundleBench.ContentOf(bench.First) with
        {
            Configuration = BroughtGateway.Brought(gateway.Json(), (name, "signal\n")),
        }).Write();

        Assert.Null(BundleContent.Read(payload, out var problem));
        Assert.Contains("the name of a signal list", problem);
    }

    [Fact]
    public async Task The_agent_runs_it_and_keeps_it_as_the_last_good_one_and_the_hosts_rules_stay_those_of_the_file()
    {
        var none = gateway.Json();
        none = none[..none.IndexOf("\"plc\"", StringComparison.Ordinal)]
            + """ "demo": { "kind": "simulated", "every": "1 s", "signals": "list.csv" } } }""";
        const string list = "signal,address,type\nwave,sine,float64\n";
        await gateway.UseAsync(1, BroughtGateway.Brought(none, ("list.csv", list)));
        Sluice.Agent.Configuration.GatewayConfiguration? ran = null;
        var state = Path.Combine(gateway.Directory, "state");
        Directory.CreateDirectory(state);
        using var said = new StringWriter();
        var agent = new AgentCommandLine
        {
            Output = said,
            Error = said,
            Run = (configuration, options, _) =>
            {
                ran = configuration;
                options.Started();
                return Task.FromResult(ExitCode.Fine);
            },
        };

        string[] run = ["run", "--config", gateway.File, "--state", state];
        Assert.Equal(ExitCode.Fine, await agent.InvokeAsync(run, CancellationToken.None));
        Assert.Equal("demo", Assert.Single(ran!.Sources).Name);
        await File.WriteAllTextAsync(gateway.File, "broken");
        Assert.Equal(ExitCode.Fine, await agent.InvokeAsync(run, CancellationToken.None));
        Assert.Equal("demo", Assert.Single(ran.Sources).Name);
        Assert.Equal(ConfigurationInForce.StampOf(gateway.Identity), ran.Brought.Stamp);

        gateway.Lay("one");
        await agent.InvokeAsync(["firewall", "unit", "--config", gateway.File, "--state", state, "--user", "root"],
            CancellationToken.None);
        Assert.Contains("IPAddressAllow=192.0.2.20", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wipe_takes_it_away_and_the_files_that_it_was_laid_over()
    {
        await gateway.UseAsync(1, gateway.Brought("one", "two"));

        using var said = new StringWriter();
        Assert.Equal(ExitCode.Fine, await new AgentCommandLine { Output = said, Error = said, IsTerminal = false }
            .InvokeAsync(["identity", "wipe", "--confirm", "gw-042", "--config", gateway.File, "--state",
                Path.Combine(gateway.Directory, "state")], CancellationToken.None));

        Assert.False(File.Exists(gateway.File), said.ToString());
        Assert.DoesNotContain(
            Directory.EnumerateFiles(gateway.Directory, "*", SearchOption.AllDirectories),
            file => file.EndsWith("configuration.json", StringComparison.Ordinal));
    }

    private BundleConfiguration Spoilt(string what)
    {
        var list = ("list.csv", BroughtGateway.List("one"));
        return what switch
        {
            "gateway.id" => BroughtGateway.Brought(gateway.Json(replaced: "gw-042", by: "gw-007"), list),
            "gateway.site" => BroughtGateway.Brought(
                gateway.Json(replaced: "\"site\": \"plant1\"", by: "\"site\": \"plant2\""), list),
            "identity.directory" => BroughtGateway.Brought(
                gateway.Json(replaced: gateway.Identity, by: "/var/lib/elsewhere"), list),
            "buffer.directory" => BroughtGateway.Brought(
                gateway.Json(replaced: Path.Combine(gateway.Directory, "buffer"), by: "/var/lib/elsewhere"), list),
            "broker.host" => BroughtGateway.Brought(gateway.Json(replaced: "mes-broker", by: "other"), list),
            "broker.network" => BroughtGateway.Brought(gateway.Json(replaced: ".8/29", by: ".0/28"), list),
            "another machine" => BroughtGateway.Brought(gateway.Json(address: "192.0.2.21"), list),
            "another broker" => BroughtGateway.Brought(gateway.Json(replaced: "192.0.2.10", by: "192.0.2.11"), list),
            "list left out" => BroughtGateway.Brought(gateway.Json()),
            "list too many" => BroughtGateway.Brought(gateway.Json(), list, ("more.csv", "signal\n")),
            "no JSON" => BroughtGateway.Brought("nothing", list),
            _ => BroughtGateway.Brought(gateway.Json(), ("list.csv", "signal,address,type\none,nowhere,uint16\n")),
        };
    }

    private async Task<string> CheckAsync()
    {
        using var said = new StringWriter();
        await new AgentCommandLine { Output = said, Error = said }
            .InvokeAsync(["check", "--config", gateway.File], CancellationToken.None);
        return said.ToString();
    }
}
