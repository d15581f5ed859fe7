using System.Runtime.CompilerServices;

namespace Sluice.Hal.Modbus;

/// <summary>
/// The thread of one serial port, on which a whole exchange waits inside the kernel: write, wait for the answer,
/// silence. Awaited by the port's RTU client, one exchange at a time; it sleeps between two.
/// <para>
/// A wait that hopped from thread to thread was late by more than the silence that it waited for, and threads of the
/// pool that sit in a kernel's wait are missing to everybody else: three ports on a gateway of two cores took them all.
/// </para>
/// </summary>
public sealed class LineThread : IDisposable
{
    // An exchange is a few calls deep, and whoever awaits one goes on elsewhere.
    private const int StackBytes = 256 * 1024;

    private readonly object guard = new();
    private Thread? thread;
    private Action? next;
    private bool isOver;

    /// <summary>Awaiting it goes on upon the thread.</summary>
    public Awaiter GetAwaiter() => new(this);

    /// <summary>Ends the thread once it has nothing to do.</summary>
    public void Dispose()
    {
        lock (guard)
        {
            isOver = true;
            Monitor.Pulse(guard);
        }
    }

    private void Post(Action work)
    {
        lock (guard)
        {
            if (isOver)
            {
                // The port is closed: whoever comes now is told so, from any thread.
                ThreadPool.UnsafeQueueUserWorkItem(static late => late(), work, preferLocal: false);
                return;
            }

            next = work;
            Monitor.Pulse(guard);
            if (thread is null)
            {
                thread = new Thread(Run, StackBytes) { IsBackground = true, Name = "serial line" };
                thread.Start();
            }
        }
    }

    private void Run()
    {
        SerialPort.WakePunctually();
        while (Take() is { } work)
        {
            work();
        }
    }

    private Action? Take()
    {
        lock (guard)
        {
            while (next is null && !isOver)
            {
                Monitor.Wait(guard);
            }

            var work = next;
            next = null;
            return work;
        }
    }

    public readonly struct Awaiter(LineThread thread) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public void GetResult()
        {
            // There is nothing to get but the thread.
        }

        public void OnCompleted(Action continuation) => thread.Post(continuation);

        public void UnsafeOnCompleted(Action continuation) => thread.Post(continuation);
    }
}
