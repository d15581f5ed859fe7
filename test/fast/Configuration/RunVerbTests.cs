using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Configuration;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class RunVerbTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sluice-run-");
    private readonly StringWriter error = new();
    private readonly List<(GatewayConfiguration Configuration, RunOptions Options)> runs = [];
    private bool starts = true;

    private string Gateway => Path.Combine(folder.FullName, "gateway.json");

    public void Dispose()
    {
        error.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_good_configuration_runs()
    {
        Write(MemoryFolder.Gateway);

        Assert.Equal(0, await RunAsync());

        var (configuration, options) = Assert.Single(runs);
        Assert.Equal("gw-042", configuration.Gateway.Id);
        Assert.Equal("/nowhere/status.sock", options.SocketPath);
        Assert.Empty(options.RefusedBecause);
    }

    [Fact]
    public async Task A_bad_configuration_without_a_last_good_one_ends_with_78()
    {
        Write(MemoryFolder.Gateway.Replace("plant1", "plant 1", StringComparison.Ordinal));

        Assert.Equal(ExitCode.Configuration, await RunAsync());

        Assert.Empty(runs);
        Assert.Contains("gateway.site", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("nothing starts", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_configuration_leaves_the_last_good_one_running_and_says_why()
    {
        Write(MemoryFolder.Gateway);
        await RunAsync();
        Write(MemoryFolder.Gateway.Replace("plant1", "plant 1", StringComparison.Ordinal));

        Assert.Equal(0, await RunAsync());

        Assert.Equal("plant1", runs[1].Configuration.Gateway.Site);
        Assert.Equal(runs[0].Configuration.Hash, runs[1].Configuration.Hash);
        Assert.Contains("gateway.site", Assert.Single(runs[1].Options.RefusedBecause), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_file_that_is_gone_leaves_the_last_good_one_running()
    {
        Write(MemoryFolder.Gateway);
        await RunAsync();
        File.Delete(Gateway);

        Assert.Equal(0, await RunAsync());

        Assert.Contains("is not there", Assert.Single(runs[1].Options.RefusedBecause), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_never_got_started_is_not_the_last_good_one()
    {
        starts = false;
        Write(MemoryFolder.Gateway);
        await RunAsync();
        Write("{}");

        Assert.Equal(ExitCode.Configuration, await RunAsync());
    }

    [Fact]
    public async Task A_mended_configuration_becomes_the_last_good_one()
    {
        Write(MemoryFolder.Gateway);
        await RunAsync();
        Write(MemoryFolder.Gateway.Replace("gw-042", "gw-043", StringComparison.Ordinal));
        await RunAsync();
        Write("{}");
        await RunAsync();

        Assert.Equal("gw-043", runs[2].Configuration.Gateway.Id);
    }

    [Fact]
    public async Task A_state_directory_that_cannot_be_written_is_told_and_does_not_stop_the_run()
    {
        Write(MemoryFolder.Gateway);
        File.WriteAllText(Path.Combine(folder.FullName, "state"), "a file in its place");

        Assert.Equal(0, await RunAsync());

        Assert.Contains("could not be kept", error.ToString(), StringComparison.Ordinal);
    }

    private void Write(string gateway)
    {
        File.WriteAllText(Gateway, gateway);
        File.WriteAllText(Path.Combine(folder.FullName, "hmi1.csv"), MemoryFolder.List);
    }

    private Task<int> RunAsync() => new AgentCommandLine
    {
        Error = error,
        Output = error,
        Run = (configuration, options, _) =>
        {
            runs.Add((configuration, options));
            if (starts)
            {
                options.Started();
            }

            return Task.FromResult(0);
        },
    }.InvokeAsync(
        ["run", "--config", Gateway, "--state", $"{folder.FullName}/state", "--socket", "/nowhere/status.sock"],
        TestContext.Current.CancellationToken);
}
