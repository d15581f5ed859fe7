using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Egress;

/// <summary>
/// The units that only the image has, and the stick's, judged by systemd's own analysis, each with a bound of its own.
/// That they do their work under it is shown by the flashed gateway (test/gateway/Image).
/// </summary>
public sealed class The_images_units : IDisposable
{
    /// <summary>In tenths, as close as it can be: one right more, and the test says so. What is over 13, the agent's
    /// own bound, stands here with its reason.</summary>
    private static readonly Dictionary<string, int> ExposureMaxTenths = new()
    {
        ["sluice-update.service"] = 11,
        ["sluice-update-trial.service"] = 9,
        ["sluice-update-settled.service"] = 9,
        ["sluice-console.service"] = 9,
        ["sluice-console@.service"] = 13,

        // To mount takes root with CAP_SYS_ADMIN, and to hand what is mounted to another user takes the right to become
        // one. Both speak to the broker by the agent's verbs.
        ["sluice-stick@.service"] = 25,
        ["sluice-card-jobs.service"] = 25,

        // The same, and it gives the machine its name and looks which network cards there are: neither ProtectHostname,
        // ProtectKernelTunables nor a network of its own. It speaks to nobody.
        ["sluice-card.service"] = 27,
    };

    /// <summary>The image has systemd 257, and who tests it may have 252, which does not know these yet.</summary>
    private static readonly string[] NewerWords = ["Unknown key 'RestartSteps'", "Unknown key 'RestartMaxDelaySec'"];

    private readonly FieldDirectory directory = new();

    public static TheoryData<string> Judged => [.. ExposureMaxTenths.Keys];

    public static TheoryData<string> All =>
        [.. UnitFiles().Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string Packaging => Path.Combine(FieldDirectory.Repository(), "packaging");

    private static string Overlay => Path.Combine(Packaging, "image/overlay/usr/lib/systemd/system");

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Are_judged_all_of_them() => Assert.Equal(
        UnitFiles().Select(file => Path.GetFileName(file))
            .Where(name => name.EndsWith(".service", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ExposureMaxTenths.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Judged))]
    public async Task Leave_open_what_their_work_takes_and_no_more(string name)
    {
        var unit = await File.ReadAllTextAsync(UnitFiles().Single(file => Path.GetFileName(file) == name));
        if (UnitAnalysis.Addressed.Contains(name))
        {
            unit += await UnitAnalysis.AddressesAsync();
        }

        var (code, said) = await ExposureAsync(name, unit);
        Assert.True(code == 0, said);

        // The control: each is at its bound, and a line less does not pass.
        foreach (var line in new[] { "ProtectKernelLogs=yes", "RestrictRealtime=yes" })
        {
            (code, said) = await ExposureAsync(name, unit.Replace(line + "\n", "", StringComparison.Ordinal));
            Assert.True(code != 0, $"without {line} it passes as well:\n{said}");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Are_understood_word_for_word(string name)
    {
        var folder = directory.At("units");
        foreach (var file in UnitFiles().Concat(Directory.GetFiles(Path.Combine(Packaging, "systemd"), "*.service")))
        {
            await UnitAnalysis.CopyAsync(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        var (code, said) = await UnitAnalysis.VerifyAsync(Path.Combine(folder, name));
        Assert.True(code == 0, said);
        Assert.DoesNotContain(said.Split('\n'), line => line.Length > 0 && !NewerWords.Any(line.Contains));

        await File.AppendAllTextAsync(Path.Combine(folder, name), "\n[Unit]\nDescripton=a mistake\n");
        (_, said) = await UnitAnalysis.VerifyAsync(Path.Combine(folder, name));
        Assert.Contains("Descripton", said, StringComparison.Ordinal);
    }

    /// <summary>What the image says to units that are not its own, beside these.</summary>
    [Theory]
    [InlineData("sluice-agent.service")]
    [InlineData("sluice-firewall.service")]
    [InlineData("rescue.service")]
    [InlineData("emergency.service")]
    public async Task Are_understood_as_additions_too(string name)
    {
        var folder = directory.At("units");
        foreach (var file in Directory.GetFiles(Path.Combine(Packaging, "systemd"), "*.service")
            .Append($"/usr/lib/systemd/system/{name}").Where(File.Exists))
        {
            await UnitAnalysis.CopyAsync(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        var addition = Assert.Single(Directory.GetFiles(Path.Combine(Overlay, $"{name}.d")));
        var copy = Path.Combine(folder, $"{name}.d", Path.GetFileName(addition));
        await UnitAnalysis.CopyAsync(addition, copy);
        var (code, said) = await UnitAnalysis.VerifyAsync(Path.Combine(folder, name));
        Assert.True(code == 0 && said.Length == 0, said);

        await File.AppendAllTextAsync(copy, "\n[Unit]\nDescripton=a mistake\n");
        (_, said) = await UnitAnalysis.VerifyAsync(Path.Combine(folder, name));
        Assert.Contains("Descripton", said, StringComparison.Ordinal);
    }

    /// <summary>Services, and what else systemd reads: a path, a mount.</summary>
    private static IEnumerable<string> UnitFiles() =>
        Directory.GetFiles(Overlay).Concat(Directory.GetFiles(Path.Combine(Packaging, "stick"), "*.service"));

    private async Task<(int Code, string Text)> ExposureAsync(string name, string unit)
    {
        await File.WriteAllTextAsync(directory.At(name), unit);
        return await UnitAnalysis.ExposureAsync(directory.At(name), ExposureMaxTenths[name]);
    }
}
