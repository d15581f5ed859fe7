using System.ComponentModel;
using System.Diagnostics;

namespace Sluice.Agent.Egress.Firewall;

/// <summary>
/// Runs nft, of the package nftables. Only the verb does that, as root and before the agent starts: the agent itself
/// starts no program. Everything that nft says wrong is a value.
/// </summary>
internal sealed class Nft(string program = "/usr/sbin/nft")
{
    /// <summary>Loads a text, all of it or nothing. Null where that worked, else what nft said.</summary>
    public Task<string?> LoadAsync(string text, CancellationToken cancellationToken) =>
        ProblemAsync(RunAsync(["-f", "-"], text, cancellationToken));

    /// <summary>The table as the kernel has it, as JSON; or why not.</summary>
    public async Task<(string? Listing, string Problem)> ListAsync(CancellationToken cancellationToken)
    {
        var (code, said, wrong) = await RunAsync(
            ["-j", "-n", "-s", "list", "table", "inet", FirewallRules.Table], "", cancellationToken)
            .ConfigureAwait(false);
        return code == 0 ? (said, "") : (null, wrong);
    }

    private static async Task<string?> ProblemAsync(Task<(int Code, string Said, string Wrong)> run)
    {
        var (code, _, wrong) = await run.ConfigureAwait(false);
        return code == 0 ? null : wrong;
    }

    private async Task<(int Code, string Said, string Wrong)> RunAsync(
        string[] arguments, string input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var said = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var wrong = process.StandardError.ReadToEndAsync(cancellationToken);
            await FeedAsync(process, input, cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            var problem = (await wrong.ConfigureAwait(false)).Trim();
            return (process.ExitCode, await said.ConfigureAwait(false),
                problem.Length > 0 ? problem : $"nft ended with {process.ExitCode}");
        }
        catch (Exception world) when (world is Win32Exception or IOException)
        {
            return (-1, "", $"{program} cannot be run ({world.Message}); it is in the package nftables");
        }
    }

    /// <summary>An nft that refuses before it has read everything closes its end: what it says counts, not that.
    /// </summary>
    private static async Task FeedAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // Its exit code and its words follow.
        }
    }
}
