using Xunit;

namespace Sluice.Field.Parts;

/// <summary>What systemd says of unit files without running them.</summary>
internal static class UnitAnalysis
{
    /// <summary>Beside the agent's, those that speak to the broker by its verbs, and get the same addresses.</summary>
    public static readonly string[] Addressed =
        ["sluice-stick@.service", "sluice-card-jobs.service", "sluice-console@.service"];

    /// <summary>How much a service leaves open, against a bound in tenths; fails where it is more.</summary>
    public static Task<(int Code, string Text)> ExposureAsync(string file, int tenthsMax) =>
        RunAsync("security", "--offline=true", "--no-pager", $"--threshold={tenthsMax}", file);

    /// <summary>Whether every word is understood.</summary>
    public static Task<(int Code, string Text)> VerifyAsync(string file) => RunAsync("verify", "--man=no", file);

    /// <summary>The addresses that the configuration adds to a unit (sluice-addresses).</summary>
    public static async Task<string> AddressesAsync()
    {
        var example = Path.Combine(FieldDirectory.Repository(), "docs", "examples", "gateway.json");
        var (code, said) = await ChildProcess.RunAsync(
            FieldGateway.Binary("linux-x64"), "firewall", "unit", "--config", example, "--user", "nobody",
            "--time-user", "nobody");
        Assert.True(code == 0, said);
        return said + "\n";
    }

    /// <summary>A copy of a unit file in another folder. The analysis wants each program to be there: one stands for
    /// all of ours.</summary>
    public static async Task CopyAsync(string file, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        var text = await File.ReadAllTextAsync(file);
        foreach (var program in new[]
        {
            "/usr/bin/sluice-agent", "/usr/lib/sluice/sluice-stick", "/usr/lib/sluice/image/card",
            "/usr/lib/sluice/image/console",
        })
        {
            text = text.Replace(program, "/bin/true", StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(to, text);
    }

    private static Task<(int Code, string Text)> RunAsync(params string[] arguments) =>
        ChildProcess.RunAsync("/usr/bin/systemd-analyze", arguments);
}
