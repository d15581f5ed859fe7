using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Xunit;

namespace Sluice.Field.Judges;

/// <summary>Every other test's certificates are made by .NET, which also checks them: here both sides differ.</summary>
public sealed class Keys_by_OpenSSL
{
    [Fact]
    public async Task Bring_a_reading_to_the_broker()
    {
        using var directory = new FieldDirectory();
        var keys = await OpenSslKeys.MakeAsync(directory.At("keys"));
        await using var broker = new MosquittoBroker(directory, keys.Broker);
        await broker.StartAsync();
        await using var machine = await PymodbusServer.StartAsync(directory);
        await using var mes = await FieldMes.StartAsync(keys.Client("mes"), broker);
        await using var gateway = new FieldGateway(directory);
        gateway.WithConfiguration(new FieldConfiguration { BrokerPort = broker.Port, PlantPort = machine.Port });
        keys.WriteIdentityVersion(gateway.IdentityDirectory, "gateway", "0001");

        gateway.Start();

        await Eventually.HoldsAsync(() => mes.Counts().Count > 0, FieldPlant.Soon,
            () => $"nothing arrived. {gateway.Process.Tail()}\nThe broker: {broker.Process.Tail()}");
        await mes.HasNoGapAsync(FieldPlant.Soon, gateway);
    }
}
