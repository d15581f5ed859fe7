using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Uplink;

/// <summary>
/// Somebody set something up wrong. Each time: a sentence in the log and in status, tries that keep their distance, and
/// when it is put right everything that was read meanwhile arrives, without a restart of the agent.
/// </summary>
public sealed class Refused : IAsyncDisposable
{
    private static readonly TimeSpan Looked = TimeSpan.FromSeconds(6);

    // The gateway's own connections are counted on its way to the broker: the MES connects too.
    private SilentProxy? cable;

    [Fact]
    public async Task A_gateway_whose_certificate_another_CA_signed()
    {
        await using var plant = await FieldPlant.StartAsync();
        using var foreign = new PlantKeys("elsewhere");
        using var wrong = foreign.IssueClient(FieldGateway.Id);
        plant.Keys.WriteIdentityVersion(plant.Gateway.IdentityDirectory, FieldGateway.Id, wrong, "0002");

        await RefusedAsync(plant, "certificate");

        using var right = plant.Keys.IssueClient(FieldGateway.Id);
        plant.Keys.WriteIdentityVersion(plant.Gateway.IdentityDirectory, FieldGateway.Id, right, "0003");
        await RepairedAsync(plant);
    }

    [Fact]
    public async Task A_gateway_that_has_no_certificate()
    {
        await using var plant = await FieldPlant.StartAsync();
        var chain = Path.Combine(plant.Gateway.IdentityDirectory, "current", "chain.pem");
        var kept = await File.ReadAllTextAsync(chain);
        File.Delete(chain);

        await RefusedAsync(plant, "chain.pem");

        await File.WriteAllTextAsync(chain, kept);
        await RepairedAsync(plant);
    }

    [Fact]
    public async Task A_broker_whose_certificate_names_another_host()
    {
        await using var plant = await FieldPlant.StartAsync();
        await plant.Broker.StopAsync();
        plant.Keys.WriteBrokerFiles(plant.Directory.At("broker"), "other.dmz.plant1");
        await plant.Broker.StartAsync();

        var status = await RefusedAsync(plant, "other.dmz.plant1");
        Assert.Contains(MosquittoBroker.Host, status);

        await plant.Broker.StopAsync();
        plant.Keys.WriteBrokerFiles(plant.Directory.At("broker"), MosquittoBroker.Host);
        await plant.Broker.StartAsync();
        await RepairedAsync(plant);
    }

    [Fact]
    public async Task A_broker_of_another_plant()
    {
        await using var plant = await FieldPlant.StartAsync();
        await plant.Broker.StopAsync();
        using var foreign = new PlantKeys("elsewhere");
        foreign.WriteBrokerFiles(plant.Directory.At("broker"), MosquittoBroker.Host);
        await plant.Broker.StartAsync();

        await RefusedAsync(plant, "certificate");

        await plant.Broker.StopAsync();
        plant.Keys.WriteBrokerFiles(plant.Directory.At("broker"), MosquittoBroker.Host);
        await plant.Broker.StartAsync();
        await RepairedAsync(plant);
    }

    [Fact]
    public async Task An_ACL_that_does_not_let_it_publish_readings()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Broker.WriteAcl(MosquittoBroker.AclOfTheContract.Replace(
            "pattern write sluice/v1/plant1/%u/#", "pattern write sluice/v1/plant1/%u/status"));

        await RefusedAsync(plant, "ACL");

        plant.Broker.WriteAcl(MosquittoBroker.AclOfTheContract);
        await RepairedAsync(plant);
    }

    [Fact]
    public async Task A_broker_outside_its_network_is_refused_before_anything_starts()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        plant.Configure(plant.Configuration with { BrokerAddress = "203.0.113.9" });

        var (code, text) = await plant.Gateway.CheckAsync();
        plant.Gateway.Start();
        await plant.Gateway.Process.ExitAsync(FieldPlant.Soon);

        Assert.Equal(78, code);
        Assert.Contains("203.0.113.9 lies outside broker.network", text);
        Assert.Equal(78, plant.Gateway.Process.ExitCode);
        Assert.Contains("203.0.113.9 lies outside broker.network", plant.Gateway.Process.Tail());
        Assert.Empty(plant.Machine.Record());
    }

    private async Task<string> RefusedAsync(FieldPlant plant, string words)
    {
        cable = new SilentProxy(plant.Broker.Port);
        plant.Configure(plant.Configuration with { BrokerPort = cable.Port });
        plant.Gateway.Start();
        var status = await plant.Gateway.StatusSaysAsync(words, FieldPlant.Soon);

        // The log is written by a thread of its own, and may be a moment behind.
        await Eventually.HoldsAsync(
            () => plant.Gateway.Process.Lines.Any(line => line.Contains(words, StringComparison.OrdinalIgnoreCase)),
            FieldPlant.Soon,
            () => $"'{words}' stands in status and not in the log:\n{plant.Gateway.Process.Tail()}");

        // It keeps its distance: a broker in trouble is not hammered. And it goes on reading the machine.
        var before = cable.Connections;
        var since = TimeProvider.System.GetTimestamp();
        await plant.ServesAsync(20);
        var rest = Looked - TimeProvider.System.GetElapsedTime(since);
        await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
        var tries = cable.Connections - before;
        Assert.True(tries <= 8, string.Create(CultureInfo.InvariantCulture,
            $"{tries} connections in {Looked.TotalSeconds} s:\n{plant.Broker.Process.Tail()}"));
        var acknowledged = (await plant.Gateway.StatusJsonAsync())
            .GetProperty("uplink").GetProperty("acknowledged").GetInt64();
        Assert.Equal(0, acknowledged);
        return status;
    }

    private static async Task RepairedAsync(FieldPlant plant)
    {
        await plant.ServesAsync(5);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
    }

    public async ValueTask DisposeAsync()
    {
        if (cable is not null)
        {
            await cable.DisposeAsync();
        }
    }
}
