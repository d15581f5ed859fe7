using Microsoft.Extensions.Hosting;
using Sluice.Agent.Publishing;
using Sluice.Provisioning.Audit;

namespace Sluice.Agent.Posture;

/// <summary>
/// Looks at the machine once a minute and tells the publisher. Started by the host after the publisher; on a loop of
/// its own, because a disk that hangs would keep whoever asks it how full it is.
/// </summary>
/// <param name="directory">Of the buffer.</param>
/// <param name="tell">The publisher's ear.</param>
/// <param name="clock">When to look again.</param>
/// <param name="audit">Whose head is told.</param>
/// <param name="egress">What locks the agent in now.</param>
internal sealed class PostureLoop(
    string directory, Action<HostSighting> tell, TimeProvider clock, AuditLog audit, Func<EgressFacts> egress)
    : BackgroundService
{
    public static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly WakeSignal wake = new(clock);

    /// <summary>Something of this is new; from any thread.</summary>
    public void Look() => wake.Set();

    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                tell(new HostSighting(OwnSockets.Listeners(), Space(directory))
                {
                    Audit = Head(audit), Egress = egress(),
                });
                await wake.WaitAsync(LookEvery, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    internal static AuditHead? Head(AuditLog audit)
    {
        try
        {
            return audit.Head is { } head ? AuditHead.Of(head) : null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static DiskSpace? Space(string directory)
    {
        try
        {
            var disk = new DriveInfo(directory);
            return new DiskSpace(disk.TotalSize, disk.AvailableFreeSpace);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
