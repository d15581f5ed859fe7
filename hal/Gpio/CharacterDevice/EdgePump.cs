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
    /// <summary>Events taken at once; as many again are taken right after.</summary>
    private const int EventsMax = 64;

    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly SafeFileHandle wake = Kernel.MakeEventFile();
    private readonly List<Watched> lines = [];
    private readonly List<SafeFileHandle> leaving = [];
    private readonly Thread thread;
    private bool stopping;
    private bool changed = true;

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
            changed = true;
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
            changed = true;
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
            changed = true;
        }

        Kernel.Wake(wake);
        if (Thread.CurrentThread != thread)
        {
            thread.Join(StopMax);
        }
    }

    private void Run()
    {
        Watched[] watched = [];
        PollEntry[] entries = [];
        var events = new LineEvent[EventsMax];
        while (true)
        {
            lock (gate)
            {
                if (changed)
                {
                    leaving.ForEach(file => file.Dispose());
                    leaving.Clear();
                    if (stopping)
                    {
                        lines.ForEach(line => line.File.Dispose());
                        wake.Dispose();
                        return;
                    }

                    watched = [.. lines];
                    entries = Entries(watched);
                    changed = false;
                }
            }

            if (Kernel.WaitForAny(entries))
            {
                Take(watched, entries, events);
            }
        }
    }

    private PollEntry[] Entries(Watched[] watched)
    {
        var entries = new PollEntry[watched.Length + 1];
        entries[^1] = Entry(wake);
        for (var index = 0; index < watched.Length; index++)
        {
            entries[index] = Entry(watched[index].File);
        }

        return entries;
    }

    private static PollEntry Entry(SafeFileHandle file) => new()
    {
        FileDescriptor = (int)file.DangerousGetHandle(),
        Events = PollEntry.Readable,
    };

    private void Take(Watched[] watched, PollEntry[] entries, LineEvent[] events)
    {
        if ((entries[^1].Returned & PollEntry.Readable) != 0)
        {
            Span<byte> count = stackalloc byte[sizeof(ulong)];
            _ = Kernel.Read(wake, count, out _);
        }

        for (var index = 0; index < watched.Length; index++)
        {
            var line = watched[index];
            if (entries[index].Returned == 0)
            {
                continue;
            }

            var broken = (entries[index].Returned & PollEntry.Broken) != 0;
            if ((entries[index].Returned & PollEntry.Readable) != 0)
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
    }

    private void Forget(Watched line)
    {
        lock (gate)
        {
            lines.Remove(line);
            changed = true;
        }
    }

    private sealed record Watched(int Number, SafeFileHandle File, EventHandler OnEvent, Action<int> OnBroken);
}
