using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Jail;
using Sluice.Fast.Configuration;
using Xunit;

namespace Sluice.Fast.Egress.Jail;

/// <summary>The verb run with a kernel that plays along, or does not.</summary>
public sealed class LockedInRunTests : IDisposable
{
    private const string Required = "\"jail\": \"required\", \"sources\"";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sluice-jail-");
    private readonly StringWriter error = new();
    private readonly List<string> course = [];

    private string Gateway => Path.Combine(folder.FullName, "gateway.json");

    public void Dispose()
    {
        error.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_jail_stands_before_anything_starts_and_its_door_shuts_when_everything_has()
    {
        var jail = new PlayedJail(course, new JailStanding(7, true, ""));

        Assert.Equal(ExitCode.Fine, await RunAsync(jail, MemoryFolder.Gateway));

        Assert.Equal(["enter 502 8883", "run 7", "door", "ran"], course);
        Assert.Contains(new JailedFolder(folder.FullName, FolderUse.Reads), jail.Plan!.Folders);
        Assert.Contains(new JailedFolder($"{folder.FullName}/state", FolderUse.Owns), jail.Plan.Folders);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(7, false)]
    public async Task What_the_kernel_lacks_stops_nobody_who_does_not_require_it(int landlock, bool filters)
    {
        Assert.Equal(ExitCode.Fine, await RunAsync(
            new PlayedJail(course, new JailStanding(landlock, filters, "the kernel is old")), MemoryFolder.Gateway));

        Assert.Contains($"run {landlock}", course);
    }

    [Theory]
    [InlineData(0, false, "not locked in: the kernel is old")]
    [InlineData(2, true, "but for TCP ports")]
    [InlineData(7, false, "system calls are not filtered")]
    public async Task Who_requires_it_starts_with_nothing_less(int landlock, bool filters, string why)
    {
        Assert.Equal(ExitCode.Configuration, await RunAsync(
            new PlayedJail(course, new JailStanding(landlock, filters, "the kernel is old")),
            MemoryFolder.Gateway.Replace("\"sources\"", Required, StringComparison.Ordinal)));

        Assert.DoesNotContain("ran", course);
        Assert.Contains(why, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("write \"preferred\"", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_requires_it_runs_where_all_of_it_stands() =>
        Assert.Equal(ExitCode.Fine, await RunAsync(
            new PlayedJail(course, new JailStanding(4, true, "")),
            MemoryFolder.Gateway.Replace("\"sources\"", Required, StringComparison.Ordinal)));

    [Fact]
    public async Task Walls_that_were_made_for_another_configuration_end_the_process()
    {
        Assert.Equal(ExitCode.Unavailable, await RunAsync(new PlayedJail(course, null), MemoryFolder.Gateway));

        Assert.DoesNotContain("ran", course);
        Assert.Contains("to be started again", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_door_that_does_not_shut_is_told()
    {
        await RunAsync(
            new PlayedJail(course, new JailStanding(7, true, "")) { Door = "seccomp: no" }, MemoryFolder.Gateway);

        Assert.Contains("stays open: seccomp: no", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("ran", course);
    }

    [Fact]
    public async Task The_last_good_configuration_has_the_walls_of_its_own()
    {
        await RunAsync(new PlayedJail(course, JailStanding.None), MemoryFolder.Gateway);
        var jail = new PlayedJail(course, JailStanding.None);

        Assert.Equal(ExitCode.Fine, await RunAsync(jail, "{}"));

        Assert.Equal([502, 8883], jail.Plan!.Ports);
    }

    [Theory]
    [InlineData(true, 3, true)]
    [InlineData(true, 4, false)]
    [InlineData(false, 0, false)]
    public void Check_warns_of_a_jail_that_this_machine_could_not_give(bool required, int landlock, bool warns)
    {
        var gateway = required
            ? MemoryFolder.Gateway.Replace("\"sources\"", Required, StringComparison.Ordinal) : MemoryFolder.Gateway;
        var configuration = MemoryFolder.Load(gateway, MemoryFolder.List).Configuration!;

        Assert.Equal(warns, HostChecks.Jail(configuration, landlock).Any());
    }

    private Task<int> RunAsync(PlayedJail jail, string gateway)
    {
        File.WriteAllText(Gateway, gateway);
        File.WriteAllText(Path.Combine(folder.FullName, "hmi1.csv"), MemoryFolder.List);
        return new AgentCommandLine
        {
            Error = error,
            Output = error,
            Jail = jail,
            Run = (_, options, _) =>
            {
                course.Add($"run {options.Jail.Landlock}");
                options.Started();
                course.Add("ran");
                return Task.FromResult(0);
            },
        }.InvokeAsync(
            ["run", "--config", Gateway, "--state", $"{folder.FullName}/state", "--socket", "/nowhere/status.sock"],
            TestContext.Current.CancellationToken);
    }

    /// <param name="course">What happens, in order.</param>
    /// <param name="standing">What it gives; null: the walls are another's.</param>
    private sealed class PlayedJail(List<string> course, JailStanding? standing) : IJail
    {
        public string Door { get; init; } = "";

        public JailPlan? Plan { get; private set; }

        public JailStanding Enter(JailPlan plan)
        {
            course.Add($"enter {string.Join(' ', plan.Ports)}");
            Plan = plan;
            return standing ?? throw new JailOutdatedException();
        }

        public string ShutDoor(JailStanding stands)
        {
            course.Add("door");
            return Door;
        }
    }
}
