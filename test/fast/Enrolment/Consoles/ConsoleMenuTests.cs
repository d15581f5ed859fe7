using Sluice.Agent.Enrolment.Consoles;
using Sluice.Fast.Health;
using Xunit;

namespace Sluice.Fast.Enrolment.Consoles;

/// <summary>A menu of fixed verbs, and its three ends.</summary>
public sealed class ConsoleMenuTests : IDisposable
{
    private readonly HandTimers clock = new();
    private readonly StringWriter screen = new();
    private readonly List<string> ran = [];
    private readonly List<string> noted = [];
    private readonly Queue<string?> typed = new();

    public void Dispose() => screen.Dispose();

    [Fact]
    public async Task What_is_typed_chooses_a_verb_and_all_is_noted()
    {
        Type("1", " 9 ", "0");
        await OpenAsync();
        Assert.Equal(["status", "identity audit show"], ran);
        Assert.Equal(
        [
            "begun: J. Doe is at the console, by token t1.", "done: status ended with 0.",
            "done: identity audit show ended with 0.", "done: The console is shut. It was closed.",
        ], noted);
        Assert.Contains("open for J. Doe, for 30 minutes", screen.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("1; reboot")]
    [InlineData("1 --config /tmp/x")]
    [InlineData("99")]
    [InlineData("")]
    [InlineData("../1")]
    public async Task Nothing_that_is_typed_becomes_a_part_of_a_command(string line)
    {
        Type(line, "0");
        await OpenAsync();
        Assert.Empty(ran);
        Assert.Contains("That is none of them.", screen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_changes_the_gateway_is_asked_about_first()
    {
        Type("8", "no", "8", "yes", "0");
        await OpenAsync();
        Assert.Equal(["identity rollback"], ran);
        Assert.Contains("Nothing was done.", screen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verb_that_did_not_work_is_noted_as_such()
    {
        Type("2", "0");
        await OpenAsync(code: 65);
        Assert.Contains("refused: doctor ended with 65.", noted);
    }

    [Fact]
    public async Task It_closes_when_the_line_ends()
    {
        Type([null]);
        await OpenAsync();
        Assert.Equal("done: The console is shut. The line ended.", noted[^1]);
    }

    [Fact]
    public async Task It_closes_by_itself_when_nobody_types()
    {
        var open = OpenAsync();
        Assert.Equal(ConsoleMenu.IdleMax, await clock.NextAsync());
        clock.Advance(ConsoleMenu.IdleMax);
        await open;
        Assert.Equal("done: The console is shut. Nobody typed.", noted[^1]);
    }

    [Fact]
    public async Task It_closes_by_itself_when_its_time_is_over_however_much_is_typed()
    {
        var open = new ConsoleMenu(ConsoleMenu.All, RunAsync, async stop =>
        {
            // Somebody types each minute.
            clock.Advance(TimeSpan.FromMinutes(1));
            stop.ThrowIfCancellationRequested();
            await Task.Yield();
            return "1";
        }, screen, Note, clock).RunAsync(new ConsoleGrant("t1", 30, "J. Doe"), CancellationToken.None);
        await open;
        Assert.Equal("done: The console is shut. Its time is over.", noted[^1]);
        Assert.InRange(ran.Count, 25, 30);
    }

    [Fact]
    public async Task A_verb_that_runs_when_the_time_is_over_is_ended()
    {
        Type("1");
        using var began = new SemaphoreSlim(0);
        var open = new ConsoleMenu(ConsoleMenu.All, async (_, stop) =>
        {
            began.Release();
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, stop);
            return 0;
        }, ReadAsync, screen, Note, clock).RunAsync(new ConsoleGrant("t1", 30, "J. Doe"), CancellationToken.None);
        await began.WaitAsync();
        clock.Advance(TimeSpan.FromMinutes(30));
        await open;
        Assert.Equal("done: The console is shut. Its time is over.", noted[^1]);
    }

    [Fact]
    public void Each_verb_of_the_menu_is_one_of_the_agent()
    {
        var root = new Agent.CommandLine.AgentCommandLine().Root();
        Assert.All(ConsoleMenu.All, choice => Assert.Empty(root.Parse([.. choice.Arguments]).Errors));
        Assert.Equal(ConsoleMenu.All.Count, ConsoleMenu.All.Select(choice => choice.Key).Distinct().Count());
    }

    private void Type(params string?[] lines)
    {
        foreach (var line in lines)
        {
            typed.Enqueue(line);
        }
    }

    private Task OpenAsync(int code = 0) => new ConsoleMenu(
        ConsoleMenu.All, async (arguments, stop) => await RunAsync(arguments, stop) + code, ReadAsync, screen, Note,
        clock).RunAsync(new ConsoleGrant("t1", 30, "J. Doe"), CancellationToken.None);

    private Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken stop)
    {
        ran.Add(string.Join(' ', arguments));
        return Task.FromResult(0);
    }

    private async Task<string?> ReadAsync(CancellationToken stop)
    {
        if (typed.TryDequeue(out var line))
        {
            return line;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, clock, stop);
        return null;
    }

    private void Note(string result, string text) => noted.Add($"{result}: {text}");
}
