using System.Runtime.InteropServices;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// Ctrl-C and SIGTERM for a verb that takes its time: they end it, and it prints what it found until then. The host
/// has signals of its own, so nothing of this is there while <c>run</c> runs.
/// </summary>
internal sealed class StopKeys : IDisposable
{
    private readonly CancellationTokenSource stop;
    private readonly PosixSignalRegistration[] signals;

    public StopKeys(CancellationToken outer)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(outer);
        signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal =>
            PosixSignalRegistration.Create(signal, Stop))];
    }

    public CancellationToken Token => stop.Token;

    public void Dispose()
    {
        foreach (var signal in signals)
        {
            signal.Dispose();
        }

        stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
