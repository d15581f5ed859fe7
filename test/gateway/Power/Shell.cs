using System.Diagnostics;

namespace Sluice.Gateway.Power;

/// <summary>A line of bash on this machine; what it said is in the exception when it fails.</summary>
internal static class Shell
{
    public static async Task RunAsync(string line)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/bash", ["-o", "pipefail", "-c", line])
        {
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException("bash does not start.");
        var said = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        if (shell.ExitCode != 0)
        {
            throw new InvalidOperationException($"{line}\nended with {shell.ExitCode}: {said}");
        }
    }
}
