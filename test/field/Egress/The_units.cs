using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Egress;

/// <summary>
/// The service units as the package will install them, judged by systemd's own analysis, with the drop-in that the
/// configuration makes. No systemd runs here: that the agent works under them is shown in the virtual gateway.
/// </summary>
public sealed class The_units : IDisposable
{
    /// <summary>SECURITY.md: at most 1.3 with devices.</summary>
    private const int ExposureMaxTenths = 13;

    private const string Agent = "sluice-agent.service";

    private readonly FieldDirectory directory = new();

    private static string Units => Path.Combine(FieldDirectory.Repository(), "packaging", "systemd");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Leave_the_agent_open_to_1_3_at_most()
    {
        var unit = await File.ReadAllTextAsync(Path.Combine(Units, Agent)) + await UnitAnalysis.AddressesAsync();

        var (code, said) = await ExposureAsync(unit);
        Assert.True(code == 0, said);

        // The control: one line less, and the analysis does not let it pass.
        (code, said) = await ExposureAsync(unit.Replace("NoNewPrivileges=yes", "", StringComparison.Ordinal)
            .Replace("CapabilityBoundingSet=\n", "", StringComparison.Ordinal));
        Assert.True(code != 0, said);
    }

    [Theory]
    [InlineData("sluice-firewall.service")]
    [InlineData("sluice-firewall-proof.service")]
    public async Task Leave_what_runs_beside_it_open_to_no_more(string name)
    {
        var (code, said) = await UnitAnalysis.ExposureAsync(Path.Combine(Units, name), ExposureMaxTenths);
        Assert.True(code == 0, said);
    }

    [Theory]
    [InlineData(Agent)]
    [InlineData("sluice-firewall.service")]
    [InlineData("sluice-firewall-proof.service")]
    public async Task Are_understood_word_for_word(string name)
    {
        foreach (var each in Directory.GetFiles(Units, "*.service").Concat(Directory.GetFiles(Units, "*.timer")))
        {
            await UnitAnalysis.CopyAsync(each, directory.At("units", Path.GetFileName(each)));
        }

        var (code, said) = await UnitAnalysis.VerifyAsync(directory.At("units", name));
        Assert.True(code == 0 && said.Length == 0, said);

        var unit = await File.ReadAllTextAsync(directory.At("units", name));
        await File.WriteAllTextAsync(
            directory.At("units", name), unit.Replace("LockPersonality=", "LockPersonalty=", StringComparison.Ordinal));
        (_, said) = await UnitAnalysis.VerifyAsync(directory.At("units", name));
        Assert.Contains("LockPersonalty", said, StringComparison.Ordinal);
    }

    /// <summary>As systemd calls it at boot; without a usable configuration the agent may reach nothing.</summary>
    [Fact]
    public async Task Get_the_addresses_of_the_configuration_and_none_where_there_is_none()
    {
        Assert.Contains(
            "IPAddressDeny=any\nIPAddressAllow=192.0.2.", await UnitAnalysis.AddressesAsync(),
            StringComparison.Ordinal);

        await using var generator = ChildProcess.Start(
            Path.Combine(Units, "sluice-addresses"), [directory.At("none")], null,
            new Dictionary<string, string> { ["SLUICE_AGENT"] = "/bin/false" });
        await generator.ExitAsync(FieldPlant.Soon);
        foreach (var unit in UnitAnalysis.Addressed.Append(Agent))
        {
            Assert.Equal(
                "[Service]\nIPAddressDeny=any\n",
                await File.ReadAllTextAsync(Path.Combine(directory.At("none"), $"{unit}.d", "50-addresses.conf")));
        }
    }

    /// <summary>Word to systemd goes out of the jail, and nothing else does by that way.</summary>
    [Fact]
    public async Task Are_told_when_the_agent_is_ready_and_when_it_stops()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        await using var systemd = await ServiceManager.ListenAsync(plant.Directory);
        await using var gateway = new FieldGateway(plant.Directory) { Inside = systemd.Around() };
        gateway.Start();
        await systemd.HearsAsync("READY=1");
        await plant.ServesAsync(gateway, 5);
        Assert.Equal(0, await gateway.StopAsync());
        await systemd.HearsAsync("STOPPING=1");

        // It was not asked to feed a watchdog.
        Assert.Equal(0, systemd.Times("WATCHDOG"));
    }

    private async Task<(int Code, string Text)> ExposureAsync(string unit)
    {
        await File.WriteAllTextAsync(directory.At(Agent), unit);
        return await UnitAnalysis.ExposureAsync(directory.At(Agent), ExposureMaxTenths);
    }
}
