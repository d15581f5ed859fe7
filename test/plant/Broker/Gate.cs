namespace Sluice.Plant.Broker;

/// <summary>
/// Open: bytes pass. Closed: nobody answers and nobody hangs up, which is what a pulled cable or a firewall that drops
/// looks like from the other end. Shared by every stream of one listener; from any thread.
/// </summary>
public sealed class Gate
{
    private volatile TaskCompletionSource? closed;

    public bool IsOpen => closed is null;

    public void Close() => closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open()
    {
        var waiting = closed;
        closed = null;
        waiting?.TrySetResult();
    }

    public Task PassAsync(CancellationToken cancellationToken) =>
        closed is { } waiting ? waiting.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
}
