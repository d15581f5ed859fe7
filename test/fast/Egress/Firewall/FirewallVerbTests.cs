using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Firewall;
using Xunit;

namespace Sluice.Fast.Egress.Firewall;

public sealed class FirewallVerbTests : IDisposable
{
    private static readonly string Example = Fast.Configuration.Repository.File("docs/examples/gateway.json");

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-firewall-").FullName;

    public FirewallVerbTests() => File.WriteAllText(
        Passwd, "root:x:0:0:root:/root:/bin/sh\nsluice:x:990:990::/:/bin/false\nsystemd-timesync:x:991:991::/:\n");

    private string Passwd => Path.Combine(directory, "passwd");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Render_prints_what_nft_loads_and_nothing_that_it_would_not_take()
    {
        var (code, output, error) = await RunAsync("render", "--config", Example);

        Assert.Equal((ExitCode.Fine, ""), (code, error));
        Assert.Contains("meta skuid 990 goto agent", output, StringComparison.Ordinal);
        Assert.Contains("meta skuid 991 ip daddr", output, StringComparison.Ordinal);
        Assert.StartsWith("#", output.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unit_prints_a_drop_in_with_the_addresses_of_the_agents_flows_and_no_time_server()
    {
        var (code, output, error) = await RunAsync("unit", "--config", Example);

        Assert.Equal((ExitCode.Fine, ""), (code, error));
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal(["[Service]", "IPAddressDeny=any"], lines[..2]);
        var flows = StatedFlow.Of(ConfigurationLoader.Load(Example).Configuration!);
        var addresses = flows.Where(flow => flow.Owner == FlowOwner.Agent).Select(flow => flow.Address).Distinct();
        Assert.Equal(addresses.Select(address => $"IPAddressAllow={address}"), lines[2..^1]);
        Assert.StartsWith("#", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--user", "nobody-here")]
    [InlineData("--time-user", "no-clock")]
    public async Task A_user_who_is_not_there_is_named_and_no_rule_made(string option, string user)
    {
        var (code, output, error) = await RunAsync("render", "--config", Example, option, user);

        Assert.Equal((ExitCode.Unavailable, ""), (code, output));
        Assert.Contains(user, error, StringComparison.Ordinal);
        Assert.Contains("What to do:", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("render", "nothing to make rules from")]
    [InlineData("check", "nothing to make rules from")]
    [InlineData("unit", "nothing to make rules from")]
    [InlineData("apply", "let the agent reach nothing")]
    public async Task A_configuration_that_is_refused_closes_the_host_and_opens_nothing(string verb, string means)
    {
        var file = Path.Combine(directory, "gateway.json");
        await File.WriteAllTextAsync(file, "{ \"gateway\": 3 }");
        var loaded = Path.Combine(directory, "loaded");
        var nft = Script($"cat >{loaded}.$1; [ $1 = -f ] || cat {Path.Combine(directory, "listing")}");
        await File.WriteAllTextAsync(
            Path.Combine(directory, "listing"),
            FirewallWorld.Text(FirewallWorld.Listing(new FirewallRules([], FirewallWorld.Users))));

        var (code, output, error) = await RunAsync(new Nft(nft), verb, "--config", file, "--state", directory);

        Assert.Equal((ExitCode.Configuration, ""), (code, output));
        Assert.Contains("refused", error, StringComparison.Ordinal);
        Assert.Contains(means, error, StringComparison.Ordinal);
        Assert.Equal(verb == "apply", File.Exists(loaded + ".-f"));
        if (verb == "apply")
        {
            Assert.Equal(
                new FirewallRules([], FirewallWorld.Users).Text(), await File.ReadAllTextAsync(loaded + ".-f"));
        }
    }

    [Theory]
    [InlineData("apply", "not loaded")]
    [InlineData("check", "cannot be listed")]
    public async Task What_nft_says_is_told_with_what_it_means(string verb, string told)
    {
        var nft = Script("echo 'Error: Operation not permitted' >&2; exit 1");

        var (code, _, error) = await RunAsync(new Nft(nft), verb, "--config", Example);

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("Operation not permitted", error, StringComparison.Ordinal);
        Assert.Contains(told, error, StringComparison.Ordinal);
        Assert.Contains("is open", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_without_nft_is_told_which_package_has_it()
    {
        var (code, _, error) = await RunAsync(new Nft("/nowhere/nft"), "check", "--config", Example);

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("nftables", error, StringComparison.Ordinal);
    }

    private string Script(string text)
    {
        var file = Path.Combine(directory, "nft");
        File.WriteAllText(file, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) =>
        RunAsync(new Nft(), arguments);

    private async Task<(int Code, string Output, string Error)> RunAsync(Nft nft, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = await new AgentCommandLine { Output = output, Error = error, Passwd = Passwd, Nft = nft }
            .InvokeAsync(["firewall", .. arguments], TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
