using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Sluice.Agent.Doctor.Gathering;

/// <summary>Asks systemd for the agent's unit: one question that changes nothing.</summary>
internal sealed class Systemctl(string program = "systemctl")
{
    private const string Unit = "sluice-agent.service";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The unit as it is; null where no systemd answers.</summary>
    public async Task<ServiceFacts?> AskAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program,
            ["show", Unit, "--property=LoadState,ActiveState,UnitFileState,NRestarts,WatchdogUSec,Result"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                var said = process.StandardOutput.ReadToEndAsync(both.Token);
                var wrong = process.StandardError.ReadToEndAsync(both.Token);
                await process.WaitForExitAsync(both.Token).ConfigureAwait(false);
                await wrong.ConfigureAwait(false);
                return process.ExitCode == 0 ? Read(await said.ConfigureAwait(false)) : null;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                process.Kill();
                return null;
            }
        }
        catch (Exception world) when (world is Win32Exception or IOException)
        {
            return null;
        }
    }

    /// <summary>From what it prints, a NAME=value a line (systemctl(1)). Null where no state is in it.</summary>
    internal static ServiceFacts? Read(string said)
    {
        var values = said.Split('\n').Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0]).ToDictionary(parts => parts.Key, parts => parts.First()[1].Trim());
        string Of(string name) => values.GetValueOrDefault(name, "");
        return Of("ActiveState").Length == 0 ? null : new ServiceFacts(
            Of("LoadState"), Of("ActiveState"), Of("UnitFileState"),
            long.TryParse(Of("NRestarts"), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0,
            Of("WatchdogUSec"), Of("Result"));
    }
}
