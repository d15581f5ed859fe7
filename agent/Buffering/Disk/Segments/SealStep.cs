using System.Runtime.ExceptionServices;

namespace Sluice.Agent.Buffering.Disk.Segments;

/// <summary>
/// A piece of the sealing of a journal that takes long, and that the owner of the store does not have to wait for: it
/// reads a journal that nobody writes any more, and writes a file that nobody else names. Whoever runs it may be on
/// another thread; what it found out is taken over by <see cref="DiskStore.Proceed"/>, on the owner's loop.
/// <para>Runs once, whoever asks first; who asks meanwhile waits until it is done.</para>
/// </summary>
public sealed class SealStep
{
    private readonly Lock running = new();
    private readonly Action work;
    private ExceptionDispatchInfo? thrown;
    private volatile bool done;

    internal SealStep(Action work) => this.work = work;

    public bool IsDone => done;

    /// <summary>Does the work. Throws nothing: what went wrong is said to the owner of the store.</summary>
    public void Run()
    {
        lock (running)
        {
            if (done)
            {
                return;
            }

            try
            {
                work();
            }
            catch (Exception fault)
            {
                thrown = ExceptionDispatchInfo.Capture(fault);
            }

            done = true;
        }
    }

    /// <summary>It never runs after this; where it runs right now, this waits for its end.</summary>
    internal void Stop()
    {
        lock (running)
        {
            done = true;
        }
    }

    internal void Rethrow() => thrown?.Throw();
}
