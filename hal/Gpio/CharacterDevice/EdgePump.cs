using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sluice.Hal.Gpio.CharacterDevice;

/// <summary>
/// Takes events from the kernel as soon as they are there, on a thread of its own: the kernel keeps 1,024 for a line,
/// and whatever comes after that pushes out the oldest. One thread for all lines of a driver; it sleeps in poll(2).
/// Whoever gives a line back does so through <see cref="Remove"/>: only this thread closes a file that it may be
/// waiting on, or the number of the file could already belong to another.
/// </summary>
internal sealed class EdgePump : IDisposable
{
    /// <summary>Events taken at once: all that the kernel keeps for one line.</summary>
    private const int EventsMax = (int)GpioAbi.EventBufferMax;

    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(2);

    /// <summary>Held while events are taken and told: they come from two threads and keep one order.</summary>
    private readonly Lock taking = new();

    /// <summary>Held for a moment, around what is watched.</summary>
    private readonly Lock gate = new();
    private readonly SafeFileHandle wake = Kernel.MakeEventFile();
    private readonly List<Watched> lines = [];
    private readonly List<SafeFileHandle> leaving = [];
    private readonly LineEvent[] events = new LineEvent[EventsMax];
    private readonly Thread thread;
    private bool stopping;
    private int version = 1;
    private int versionTaken;
    private Watched[] watched = [];
    private PollEntry[] entries = [];

    public EdgePump()
    {
        thread = new Thread(Run) { IsBackground = true, Name = "gpio edges" };
        thread.Start();
    }

    /// <summary>An event of a line, with the kernel's numbers as they came; called on the pump's thread.</summary>
    public delegate void EventHandler(int number, in LineEvent lineEvent);

    /// <param name="number">Of the line.</param>
    /// <param name="file">Of the line; stays the caller's until <see cref="Remove"/>.</param>
    /// <param name="onEvent">For each event, in order.</param>
    /// <param name="onBroken">When the line is gone (a chip was unplugged).</param>
    public void Add(int number, SafeFileHandle file, EventHandler onEvent, Action<int> onBroken)
    {
        lock (gate)
        {
            lines.Add(new Watched(number, file, onEvent, onBroken));
            version++;
        }

        Kernel.Wake(wake);
    }

    /// <summary>Watches the line no longer and closes its file. No event of it comes after this returned, but for one
    /// that is just being handed over.</summary>
    public void Remove(SafeFileHandle file)
    {
        lock (gate)
        {
            lines.RemoveAll(line => line.File == file);
            leaving.Add(file);
            version++;
        }

        Kernel.Wake(wake);
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (stopping)
            {
                return;
            }

            stopping = true;
            version++;
        }

        Kernel.Wake(wake);
        if (Thread.CurrentThread != thread)
        {
            thread.Join(StopMax);
        }
    }

    /// <summary>
    /// Takes what the kernel has ready, now, on the caller's thread. Whoever reads a level next knows that every edge
    /// before it was told.
    /// </summary>
    public void Drain()
    {
        lock (taking)
        {
            Refresh();
            if (!Kernel.PollAny(entries, Kernel.NoWait))
            {
                return;
            }

            for (var index = 0; index < watched.Length; index++)
            {
                if (entries[index].Returned != 0)
                {
                    Take(watched[index], entries[index].Returned);
                }
            }
        }
    }

    private void Run()
    {
        PollEntry[] waiting = [];
        var waitingFor = 0;
        Span<byte> count = stackalloc byte[sizeof(ulong)];
        while (true)
        {
            lock (taking)
            {
                lock (gate)
                {
                    leaving.ForEach(file => file.Dispose());
                    leaving.Clear();
                    if (stopping)
                    {
                        lines.ForEach(line => line.File.Dispose());
                        lines.Clear();
                        version++;
                        wake.Dispose();
                        return;
                    }

                    if (waitingFor != version)
                    {
                        waitingFor = version;
                        waiting = [.. lines.Select(line => Entry(line.File)), Entry(wake)];
                    }
                }
            }

            if (Kernel.PollAny(waiting, Kernel.WaitForEver))
            {
                if ((waiting[^1].Returned & PollEntry.Readable) != 0)
                {
                    _ = Kernel.Read(wake, count, out _);
                }

                Drain();
            }
        }
    }

    private void Refresh()
    {
        lock (gate)
        {
            if (versionTaken != version)
            {
                versionTaken = version;
                watched = [.. lines];
                entries = [.. lines.Select(line => Entry(line.File))];
            }
        }
    }

    private static PollEntry Entry(SafeFileHandle file) => new()
    {
        FileDescriptor = (int)file.DangerousGetHandle(),
        Events = PollEntry.Readable,
    };

    private void Take(Watched line, short ready)
    {
        var broken = (ready & PollEntry.Broken) != 0;
        if ((ready & PollEntry.Readable) != 0)
        {
            var bytes = Kernel.Read(line.File, MemoryMarshal.AsBytes(events.AsSpan()), out _);
            for (var taken = 0; taken < bytes / Marshal.SizeOf<LineEvent>(); taken++)
            {
                line.OnEvent(line.Number, events[taken]);
            }

            broken |= bytes < 0;
        }

        if (broken)
        {
            Forget(line);
            line.OnBroken(line.Number);
        }
    }

    private void Forget(Watched line)
    {
        lock (gate)
        {
            lines.Remove(line);
            version++;
        }
    }

    private sealed record Watched(int Number, SafeFileHandle File, EventHandler OnEvent, Action<int> OnBroken);
}
