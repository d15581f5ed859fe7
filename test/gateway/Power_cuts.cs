using System.Globalization;
using Sluice.Gateway.Machine;
using Sluice.Gateway.Power;
using Xunit;

namespace Sluice.Gateway;

/// <summary>
/// The power of a gateway with the real agent on ext4 goes, at any moment: the file system mounts, the buffer opens,
/// and everything is there but the commit that was being written. <c>make power-cuts CUTS=n STATES=n SEED=n</c> does it
/// more often.
/// </summary>
public sealed class Power_cuts
{
    private const int Cuts = 20;
    private const int States = 500;
    private const int Gateways = 2;

    // Readings wait for a commit while the one before is written, and an emulated processor takes its time.
    private static readonly TimeSpan EmulatorTakes = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Only_what_was_being_committed_is_lost()
    {
        var cuts = (Wish("SLUICE_CUTS", Cuts) + Gateways - 1) / Gateways;
        var states = Math.Max(1, Wish("SLUICE_CUT_STATES", States) / (cuts * Gateways));
        var seed = Wish("SLUICE_CUT_SEED", Environment.TickCount);
        var report = new PowerReport();
        var directory = Directory.CreateTempSubdirectory("sluice-power-");
        await Task.WhenAll(Enumerable.Range(0, Gateways).Select(i =>
            new PowerChain(Path.Combine(directory.FullName, $"{i}"), seed + i, report).RunAsync(cuts, states)));
        directory.Delete(recursive: true);
        Assert.True(report.Problems.Count == 0, $"{report}\n{string.Join('\n', report.Problems.Take(20))}");
        Assert.True(report.Readings > 0, "The agent stored nothing.");
        Assert.True(report.CaughtWithoutFlushes > 0, "A guest that never flushes lost nothing: the test sees nothing.");
        Assert.True(
            report.LongestCommit < TimeSpan.FromMilliseconds(PoweredGateway.CommitEveryMilliseconds) + EmulatorTakes,
            $"a commit was late: {report}");
    }

    private static int Wish(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var wish)
            ? wish : otherwise;
}
