using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Health;
using Xunit;

namespace Sluice.Fast.Health;

public sealed class StatusTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-status").FullName;

    private string SocketPath => Path.Combine(directory, "status.sock");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task What_the_agent_reports_is_what_the_verb_reads()
    {
        await using var server = await StatusDoor.OpenAsync(SocketPath, Report);

        var (report, problem) = await Ask();

        Assert.Equal("", problem);
        Assert.NotNull(report);
        Assert.Equal("gw-042", report.Gateway);
        Assert.Equal(17, report.Sources.Single().Counters["timeouts"]);
    }

    [Fact]
    public async Task A_socket_file_left_by_a_killed_agent_does_not_lock_the_next_one_out()
    {
        await File.WriteAllTextAsync(SocketPath, "");
        await using var server = await StatusDoor.OpenAsync(SocketPath, Report);

        Assert.NotNull((await Ask()).Report);
    }

    [Fact]
    public async Task Only_owner_and_group_may_ask()
    {
        await using var server = await StatusDoor.OpenAsync(SocketPath, Report);

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite,
            File.GetUnixFileMode(SocketPath));
    }

    [Fact]
    public async Task Where_no_agent_runs_the_verb_says_so_and_what_to_try()
    {
        var (report, problem) = await Ask();

        Assert.Null(report);
        Assert.Contains("No agent answers", problem, StringComparison.Ordinal);
        Assert.Contains("systemctl status", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_cannot_be_opened_is_a_warning_and_not_the_end()
    {
        using var server = new StatusServer(
            "/nowhere/at/all/status.sock", Report, TimeProvider.System, NullLogger<StatusServer>.Instance);

        await server.StartAsync(CancellationToken.None);
        await server.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(5));

        Assert.True(server.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public void The_screen_shows_what_needs_a_person_first()
    {
        var screen = StatusText.Render(Report());

        var lines = screen.Split('\n');
        Assert.Contains("The broker refuses", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith("hmi1", StringComparison.Ordinal) && line.Contains("silent"));
        Assert.Contains(lines, line => line.TrimEnd()
            == "Flash          1.9 GiB a day: buffer.flashEndurance \"30 TB\" lasts 41 years");
        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= 100, line));
    }

    private static StatusReport Report() => new()
    {
        Gateway = "gw-042",
        Version = "0.1.0",
        Now = DateTime.UnixEpoch,
        UptimeSeconds = 3725,
        Configuration = new ConfigurationStatus(new string('a', 64), "file", []),
        Uplink = new UplinkStatus("refused", "The broker refuses this certificate.", DateTime.UnixEpoch, 0, 120),
        Buffer = new BufferStatus(
            "disk", "", 42, [new StoreStatus(Guid.Empty.ToString("N"), false, 1, 163, 42, 0, 8 << 20)])
        {
            Flash = new FlashStatus(4096, 1, 2e9, 30_000_000_000_000, 41.07, 0, 0),
        },
        Sources =
        [
            new SourceStatus(
                "hmi1", "silent", "", 0, 0, 12, "Timeout", 0.5, 3, 120,
                new Dictionary<string, long> { ["timeouts"] = 17 }),
        ],
        Attention = ["The broker refuses this certificate."],
    };

    private async Task<(StatusReport? Report, string Problem)> Ask() =>
        await StatusClient.AskAsync(SocketPath, TimeProvider.System, CancellationToken.None);

    /// <summary>A running status server whose socket is there.</summary>
    private sealed class StatusDoor : IAsyncDisposable
    {
        private readonly StatusServer server;

        private StatusDoor(StatusServer server) => this.server = server;

        public static async Task<StatusDoor> OpenAsync(string path, Func<StatusReport> report)
        {
            var server = new StatusServer(path, report, TimeProvider.System, NullLogger<StatusServer>.Instance);
            await server.StartAsync(CancellationToken.None);
            for (var attempt = 0; attempt < 500; attempt++)
            {
                var (answer, _) = await StatusClient.AskAsync(path, TimeProvider.System, CancellationToken.None);
                if (answer is not null)
                {
                    return new StatusDoor(server);
                }

                await Task.Yield();
            }

            throw new InvalidOperationException("the status socket did not open");
        }

        public async ValueTask DisposeAsync()
        {
            await server.StopAsync(CancellationToken.None);
            server.Dispose();
        }
    }
}
