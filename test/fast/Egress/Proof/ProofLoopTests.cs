using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Health;
using Sluice.Agent.Posture;
using Sluice.Fast.Health;
using Xunit;

namespace Sluice.Fast.Egress.Proof;

public sealed class ProofLoopTests
{
    private static readonly JailStanding Whole = new(7, true, "");

    private readonly HandTimers clock = new();
    private readonly KeptLog<ProofLoop> log = new();
    private readonly List<EscapeAttempt> tried = [];
    private EscapeAttempt? escapes;
    private int proved;

    [Fact]
    public async Task It_proves_when_it_is_asked_and_once_a_day_after_that()
    {
        using var loop = Loop(Whole);
        await loop.StartAsync(CancellationToken.None);
        Assert.Null(loop.View);

        loop.Ask();
        Assert.Equal(ProofLoop.Every, await clock.NextAsync());
        Assert.Equal(1, loop.View!.Number);
        Assert.Equal(ProofJudge.AgainstOwnWalls(Whole), tried);

        clock.Advance(ProofLoop.Every);
        await ReachesAsync(loop, 2);
        loop.Ask();
        await ReachesAsync(loop, 3);
        await loop.StopAsync(CancellationToken.None);

        Assert.False(loop.View.IsAlarm);
        Assert.Equal(3, proved);
    }

    [Fact]
    public async Task A_wall_that_does_not_hold_is_an_alarm_that_everybody_hears()
    {
        escapes = EscapeAttempt.Exec;
        using var loop = Loop(Whole);
        await loop.StartAsync(CancellationToken.None);
        loop.Ask();
        await ReachesAsync(loop, 1);
        await loop.StopAsync(CancellationToken.None);

        Assert.True(loop.View!.IsAlarm);
        Assert.Contains(log.Lines, line => line.Contains("could start another program, although seccomp"));
        Assert.Contains("could start another program", JailText.Alarm(loop.View));
        var status = JailText.Describe(Whole, loop.View);
        Assert.Equal("open", status.Proof!.Attempts.Single(attempt => attempt.Attempt == "exec").Verdict);
        Assert.Contains("NOT STOPPED", JailText.Render(status));
        Assert.Contains("stopped by landlock", JailText.Render(status));
    }

    [Fact]
    public async Task Without_a_jail_nothing_is_tried()
    {
        using var loop = Loop(JailStanding.None);
        await loop.StartAsync(CancellationToken.None);
        loop.Ask();
        await loop.ExecuteTask!;

        Assert.Empty(tried);
        Assert.Null(loop.View);
    }

    [Fact]
    public void A_proof_is_news_when_it_says_something_else_and_not_because_it_is_newer()
    {
        ProvedAttempt held = new(EscapeAttempt.Raw, WallVerdict.Held, "seccomp");
        var told = new EgressFacts(Whole, new ProofView(DateTime.UnixEpoch, 1, [held]));

        Assert.True(told.IsNewsTo(null));
        Assert.True(told.IsNewsTo(told with { Proof = null }));
        Assert.True(told.IsNewsTo(told with { Jail = JailStanding.None }));
        Assert.False((told with { Proof = new ProofView(DateTime.MaxValue, 2, [held]) }).IsNewsTo(told));
        Assert.True((told with
        {
            Proof = new ProofView(DateTime.UnixEpoch, 2, [held with { Verdict = WallVerdict.Open, By = "" }]),
        }).IsNewsTo(told));
    }

    private static async Task ReachesAsync(ProofLoop loop, int number)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        while (loop.View is not { } view || view.Number < number)
        {
            bound.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private ProofLoop Loop(JailStanding standing) => new(
        standing,
        attempt =>
        {
            tried.Add(attempt);
            var error = attempt == EscapeAttempt.Exec ? 1 : 13;
            return attempt == escapes ? AttemptOutcome.Done : new AttemptOutcome(false, error);
        },
        clock,
        log,
        () => proved++);
}
