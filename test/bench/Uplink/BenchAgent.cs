using Sluice.Agent.Health;
using Sluice.Bench.Footprint;
using Sluice.Plant.Gateway;

namespace Sluice.Bench.Uplink;

/// <summary>The published agent while it is measured: asked for its own account, and looked at from outside.</summary>
internal sealed class BenchAgent(AgentProcess process, string configuration, UplinkRig rig, TimeProvider clock)
    : IAsyncDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    /// <summary>Just before it was started.</summary>
    public required Spent Began { get; init; }

    public ProcessFigures Figures => ProcessFigures.Of(process.Id);

    public Task<Spent> SpentAsync() => Spent.NowAsync(process.Id, rig, clock);

    public async Task<StatusReport> AskAsync(CancellationToken cancel)
    {
        var (report, problem) = await StatusClient.AskAsync(AgentProcess.SocketOf(configuration), clock, cancel);
        return report ?? throw new IOException(problem);
    }

    public Task UntilAcknowledgedAsync(CancellationToken cancel) =>
        UntilAsync(report => report.Uplink.Acknowledged > 0, cancel);

    /// <summary>Until no more waits than a commit brings.</summary>
    public Task UntilDrainedAsync(long waitingMax, CancellationToken cancel) =>
        UntilAsync(report => report.Buffer.Waiting <= waitingMax, cancel);

    public async ValueTask DisposeAsync()
    {
        await process.StopAsync(TimeSpan.FromSeconds(10));
        await process.DisposeAsync();
    }

    private async Task UntilAsync(Func<StatusReport, bool> condition, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var (report, _) = await StatusClient.AskAsync(AgentProcess.SocketOf(configuration), clock, cancel);
            if (report is not null && condition(report))
            {
                return;
            }

            if (process.HasExited || clock.GetElapsedTime(began) > Bound)
            {
                throw new IOException($"the agent does not come to it:\n{string.Join('\n', process.Log.TakeLast(20))}");
            }

            await Task.Delay(AskEvery, clock, cancel);
        }
    }
}
