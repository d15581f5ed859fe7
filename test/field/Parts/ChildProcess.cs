using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sluice.Field.Parts;

/// <summary>
/// A program that a test started: its lines, its end, and a promise that it does not outlive the test. Stopped by its
/// own id, never by name: the machine may run another broker that is none of our business.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int TerminateSignal = 15;
    private const int HangupSignal = 1;
    private const int StopSignal = 19;
    private const int ContinueSignal = 18;

    private readonly Process process;
    private readonly List<string> lines = [];
    private readonly Action<string>? heard;
    private readonly string name;
    private Exception? misheard;

    private ChildProcess(Process process, Action<string>? heard)
    {
        this.process = process;
        this.heard = heard;
        name = Path.GetFileName(process.StartInfo.FileName);
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>What it said so far on both streams, line by line.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines)
            {
                return [.. lines];
            }
        }
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments, Action<string>? heard = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        var child = new ChildProcess(new Process { StartInfo = start }, heard);
        child.process.OutputDataReceived += (_, line) => child.Hear(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.Hear(line.Data);
        child.process.Start();
        child.process.StandardInput.Close();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end and returns what it said.</summary>
    public static async Task<(int Code, string Text)> RunAsync(string program, params string[] arguments)
    {
        await using var child = Start(program, arguments);
        await child.ExitAsync(TimeSpan.FromSeconds(60));
        return (child.ExitCode, string.Join('\n', child.Lines));
    }

    /// <summary>The first line that holds the words, waited for.</summary>
    public async Task<string> SaysAsync(string words, TimeSpan within, int after = 0)
    {
        string? found = null;
        await Eventually.HoldsAsync(
            () => (found = Lines.Skip(after).FirstOrDefault(line => line.Contains(words, StringComparison.Ordinal)))
                is not null || HasExited,
            within,
            () => $"{name} never said '{words}'. It said:\n{Tail()}");
        return found ?? Lines.Skip(after).FirstOrDefault(line => line.Contains(words, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"{name} ended without saying '{words}'. It said:\n{Tail()}");
    }

    public string Tail(int count = 60) => Printable.Of(string.Join('\n', Lines.TakeLast(count)));

    /// <summary>SIGKILL: no handler, no flush.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await ExitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>SIGTERM, as systemd stops a service.</summary>
    public async Task<int> TerminateAsync(TimeSpan within)
    {
        Signal(TerminateSignal);
        await ExitAsync(within);
        return process.ExitCode;
    }

    public void Hangup() => Signal(HangupSignal);

    /// <summary>SIGSTOP: it does nothing more and closes nothing.</summary>
    public void Suspend() => Signal(StopSignal);

    public void Resume() => Signal(ContinueSignal);

    public async Task ExitAsync(TimeSpan within)
    {
        using var bound = new CancellationTokenSource(within);
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{name} did not end within {within.TotalSeconds} s. It said:\n{Tail()}");
        }
    }

    /// <summary>Returns when it ended or when nobody wants to wait any more.</summary>
    public async Task ExitOrAsync(CancellationToken enough)
    {
        try
        {
            await process.WaitForExitAsync(enough);
        }
        catch (OperationCanceledException)
        {
            // It still runs; whoever waited stops it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
        if (misheard is not null)
        {
            throw new InvalidOperationException($"What {name} said could not be heard: {misheard.Message}", misheard);
        }
    }

    private void Signal(int signal)
    {
        if (!process.HasExited && Kill(process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"kill({process.Id}, {signal}) failed");
        }
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (lines)
        {
            lines.Add(line);
        }

        // It is called on a thread that reads for the process: what it throws would end all tests, so it ends this one.
        try
        {
            heard?.Invoke(line);
        }
        catch (Exception fault)
        {
            misheard ??= fault;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
