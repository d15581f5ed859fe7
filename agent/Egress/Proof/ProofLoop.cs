using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Egress.Jail;

namespace Sluice.Agent.Egress.Proof;

/// <summary>
/// Has the agent try its own walls: when everything has started, once a day, and whenever somebody asks. Started by the
/// host; the first proof is asked for by it once the door of the jail is shut. Without a jail there is nothing to prove
/// and nothing is tried.
/// </summary>
internal sealed class ProofLoop(
    JailStanding standing, Func<EscapeAttempt, AttemptOutcome> attempt, TimeProvider clock, ILogger<ProofLoop> log,
    Action proved)
    : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromDays(1);

    private readonly Channel<bool> asks = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private volatile ProofView? view;

    /// <summary>The last proof; null before the first one, and where there is no jail.</summary>
    public ProofView? View => view;

    /// <summary>From any thread: prove now. Several asks while one proof is made are one.</summary>
    public void Ask() => asks.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (ProofJudge.AgainstOwnWalls(standing).Any())
            {
                await AskedAsync(stoppingToken).ConfigureAwait(false);
                Prove();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>Until somebody asks, or, after a first proof, a day has gone.</summary>
    private async Task AskedAsync(CancellationToken stoppingToken)
    {
        using var timer = view is null ? null : clock.CreateTimer(
            _ => Ask(), null, Every, Timeout.InfiniteTimeSpan);
        await asks.Reader.ReadAsync(stoppingToken).ConfigureAwait(false);
    }

    private void Prove()
    {
        ProvedAttempt[] attempts =
        [
            .. ProofJudge.AgainstOwnWalls(standing).Select(each => ProofJudge.Judge(each, attempt(each), standing)),
        ];
        var proof = new ProofView(clock.GetUtcNow().UtcDateTime, (view?.Number ?? 0) + 1, attempts);
        foreach (var open in proof.Open)
        {
            Log.WallOpen(log, ProofWords.Sentence(open.Attempt), ProofJudge.Wall(open.Attempt, standing));
        }

        if (!proof.IsAlarm)
        {
            Log.WallsHold(log, attempts.Count(each => each.Verdict == WallVerdict.Held), attempts.Length);
        }

        view = proof;
        proved();
    }
}
