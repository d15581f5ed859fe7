using Sluice.Field.Parts;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Container;

/// <summary>What Dockerfile.arm64 makes, run under qemu-user as an engine with a read-only root runs it.</summary>
public sealed class In_a_container
{
    // Emulated start and handshake, two cores shared with other tests.
    private static readonly TimeSpan Emulated = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Readings_reach_the_broker_over_mutual_TLS_as_nobodys_process_on_a_read_only_root()
    {
        await using var plant = await FieldPlant.StartAsync();
        var image = await ContainerImage.BuildAsync(plant.Directory);
        var (config, state, run) = await VolumesAsync(plant, image.User);
        var command = image.Inside(config, state, run, image.Command);
        await using var agent = ChildProcess.Start(command[0], command[1..]);
        await Eventually.HoldsAsync(() => plant.Mes.Counts().Count >= 5, Emulated, () => agent.Tail());

        Assert.Contains(
            await File.ReadAllLinesAsync($"/proc/{agent.Id}/status"),
            line => line.StartsWith("Uid:", StringComparison.Ordinal)
                && line.Split('\t')[1..].All(each => each == image.User.Split(':')[0]));
        Assert.Contains(
            await File.ReadAllLinesAsync($"/proc/{agent.Id}/mountinfo"),
            line => line.Split(' ') is [_, _, _, _, "/", var options, ..]
                && options.Split(',').Contains("ro", StringComparer.Ordinal));
        Assert.Equal(0, await HealthAsync());

        // Nobody's process has a number and no name; what writes down who did it says the number.
        var status = image.Inside(config, state, run, ["/usr/bin/sluice-agent", "identity", "status"]);
        var (code, said) = await ChildProcess.RunAsync(status[0], status[1..]);
        Assert.True(code == 0, said);
        Assert.Equal(0, await agent.TerminateAsync(Emulated));
        Assert.NotEqual(0, await HealthAsync());

        async Task<int> HealthAsync()
        {
            var check = image.Inside(config, state, run, image.HealthCheck);
            return (await ChildProcess.RunAsync(check[0], check[1..])).Code;
        }
    }

    /// <summary>As the head of Dockerfile.arm64 says: configuration, a volume that is written, and room for the status.
    /// </summary>
    private static async Task<(string Config, string State, string Run)> VolumesAsync(FieldPlant plant, string user)
    {
        var gateway = plant.Gateway;
        string Made(string name) => Directory.CreateDirectory(plant.Directory.At("container", name)).FullName;
        var (config, state, run) = (Made("config"), Made("state"), Made("run"));
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(gateway.ConfigurationFile)!))
        {
            await File.WriteAllTextAsync(
                Path.Combine(config, Path.GetFileName(file)),
                (await File.ReadAllTextAsync(file))
                    .Replace(gateway.IdentityDirectory, "/var/lib/sluice/identity", StringComparison.Ordinal)
                    .Replace(gateway.BufferDirectory, "/var/lib/sluice/buffer", StringComparison.Ordinal));
        }

        plant.Keys.WriteIdentityDirectory(Path.Combine(state, "identity"), FieldGateway.Id).Dispose();
        Assert.Equal(0, (await ChildProcess.RunAsync("/bin/chown", "-R", user, state, run)).Code);
        return (config, state, run);
    }
}
