using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Field.Parts;

/// <summary>
/// One thread of a process stands still, as behind a driver that does not return; the others go on. Held by a
/// debugger's means (ptrace(2)), which belong to the thread that took hold: so it has one of its own. Let go when
/// disposed of.
/// </summary>
internal sealed class FrozenThread : IDisposable
{
    private const nint Seize = 0x4206;
    private const nint Interrupt = 0x4207;
    private const nint Detach = 17;
    private const int AnyChild = 0x40000000;

    private readonly ManualResetEventSlim enough = new();
    private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread holder;

    private FrozenThread(int thread)
    {
        holder = new Thread(() => Hold(thread)) { IsBackground = true, Name = "debugger" };
        holder.Start();
    }

    /// <summary>The one thread of an agent that speaks on a serial port: it is the one that asked the kernel to be
    /// woken punctually. Names of threads are not set inside the jail.</summary>
    public static async Task<FrozenThread> OfSerialLineAsync(int process)
    {
        var threads = Directory.GetDirectories($"/proc/{process}/task").Select(task =>
            int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture)).ToList();
        var usual = Slack(process);
        var frozen = new FrozenThread(threads.Single(thread => Slack(thread) != usual));
        await frozen.held.Task.WaitAsync(FieldPlant.Soon);
        return frozen;
    }

    public void Dispose()
    {
        enough.Set();
        holder.Join();
        enough.Dispose();
    }

    private static string Slack(int thread) => File.ReadAllText($"/proc/{thread}/timerslack_ns");

    private void Hold(int thread)
    {
        try
        {
            Ask(Seize, thread);
            Ask(Interrupt, thread);
            if (WaitFor(thread, out _, AnyChild) < 0)
            {
                throw new Win32Exception();
            }

            held.SetResult();
            enough.Wait();
            Ask(Detach, thread);
        }
        catch (Win32Exception refused)
        {
            held.TrySetException(refused);
        }
    }

    private static void Ask(nint request, int thread)
    {
        if (Trace(request, thread, 0, 0) != 0)
        {
            throw new Win32Exception();
        }
    }

    [DllImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static extern nint Trace(nint request, int thread, nint address, nint data);

    [DllImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static extern int WaitFor(int thread, out int status, int options);
}
