using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sluice.Plant.Gateway;

/// <summary>
/// The agent as a process of its own: started, stopped as systemd stops it, killed as a power cut does, and listened
/// to. Whoever started it disposes of it; nothing of it outlives that.
/// </summary>
public sealed class AgentProcess : IAsyncDisposable
{
    private const int LogLinesMax = 5_000;
    private const int SigTerm = 15;

    private readonly Process process;
    private readonly ConcurrentQueue<string> log = new();

    private AgentProcess(Process process) => this.process = process;

    /// <summary>The agent that was built with this program and lies beside it.</summary>
    public static string Beside => Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "sluice-agent.exe" : "sluice-agent");

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>What it wrote to stderr and stdout, the newest lines last.</summary>
    public IReadOnlyList<string> Log => [.. log];

    /// <summary>Runs <c>sluice-agent run</c> with its state and its socket beside the configuration.</summary>
    public static AgentProcess Start(string agent, string configurationFile)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(configurationFile))!;
        var state = Directory.CreateDirectory(Path.Combine(directory, "state")).FullName;
        return Start(
            agent, "run", "--config", configurationFile, "--state", state, "--socket", SocketOf(configurationFile));
    }

    public static string SocketOf(string configurationFile) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(configurationFile))!, "status.sock");

    public static AgentProcess Start(string agent, params string[] arguments)
    {
        var start = new ProcessStartInfo(agent, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Process { StartInfo = start };
        var agentProcess = new AgentProcess(process);
        process.OutputDataReceived += (_, line) => agentProcess.Remember(line.Data);
        process.ErrorDataReceived += (_, line) => agentProcess.Remember(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return agentProcess;
    }

    /// <summary>Its exit code when it ended by itself within the bound; null where it did not.</summary>
    public async Task<int?> UntilExitAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        hurry.CancelAfter(bound);
        try
        {
            await process.WaitForExitAsync(hurry.Token).ConfigureAwait(false);
            return process.ExitCode;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>True when a line with this text was written within the bound.</summary>
    public async Task<bool> UntilLogAsync(string text, TimeSpan bound, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (!log.Any(line => line.Contains(text, StringComparison.OrdinalIgnoreCase)))
        {
            if (clock.Elapsed > bound)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>
    /// SIGTERM, as systemd says it; kills it where it does not end in time. Returns its exit code, or null.
    /// </summary>
    public async Task<int?> StopAsync(TimeSpan bound)
    {
        if (!process.HasExited)
        {
            // An error means that it ended between the two lines: the wait below says so.
            _ = Signal(process.Id, SigTerm);
        }

        var code = await UntilExitAsync(bound, CancellationToken.None).ConfigureAwait(false);
        if (code is null)
        {
            await KillAsync().ConfigureAwait(false);
        }

        return code;
    }

    /// <summary>SIGKILL: nothing of it runs any more, not a single line.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync().ConfigureAwait(false);
        process.Dispose();
    }

    private void Remember(string? line)
    {
        if (line is null)
        {
            return;
        }

        log.Enqueue(line);
        while (log.Count > LogLinesMax)
        {
            log.TryDequeue(out _);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
