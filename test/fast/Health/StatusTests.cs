using System.Net.Sockets;
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
        var answer = await Ask();

        Assert.Null(answer.Report);
        Assert.True(answer.IsNobody);
        Assert.Contains("No agent answers", answer.Problem, StringComparison.Ordinal);
        Assert.Contains("systemctl status", answer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_was_killed_leaves_a_socket_that_nobody_answers_at()
    {
        using (var killed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            killed.Bind(new UnixDomainSocketEndPoint(SocketPath));
            killed.Listen();
        }

        // .NET takes the file away with the socket; SIGKILL does not.
        await File.WriteAllTextAsync(SocketPath, "", CancellationToken.None);
        Assert.True((await Ask()).IsNobody);
    }

    [Theory]
    [InlineData("{}", "not an agent of this version")]
    [InlineData("null", "answered with nothing")]
    [InlineData("HTTP/1.1 400 Bad Request", "not an agent of this version")]
    public async Task Whoever_answers_something_else_is_somebody(string said, string sentence)
    {
        using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(new UnixDomainSocketEndPoint(SocketPath));
        door.Listen();
        var asking = Ask();
        using (var caller = await door.AcceptAsync(CancellationToken.None))
        {
            await caller.SendAsync(System.Text.Encoding.UTF8.GetBytes(said), CancellationToken.None);
        }

        var answer = await asking;
        Assert.Null(answer.Report);
        Assert.False(answer.IsNobody);
        Assert.Contains(sentence, answer.Problem, StringComparison.Ordinal);
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
        Assert.Contains(lines, line => line.StartsWith("BAD   hmi1  ", StringComparison.Ordinal)
            && line.Contains("silent"));
        Assert.Contains(lines, line => line.TrimEnd()
            == "      Flash          1.9 GiB a day: buffer.flashEndurance \"30 TB\" lasts 41 years");
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

    private async Task<StatusAnswer> Ask() =>
        await StatusClient.AskAsync(SocketPath, TimeProvider.System, CancellationToken.None);
}
