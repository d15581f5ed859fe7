using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Judges;

/// <summary>Every other test's certificates are made by .NET, which also checks them: here both sides differ.</summary>
public sealed class Keys_by_OpenSSL
{
    [Fact]
    public async Task Bring_a_reading_to_the_broker()
    {
        using var directory = new FieldDirectory();
        var keys = directory.At("keys");
        var script = Path.Combine(FieldDirectory.Repository(), "test", "field", "openssl", "make-keys.sh");
        var (code, said) = await ChildProcess.RunAsync(script, keys, MosquittoBroker.Host, FieldGateway.Id);
        Assert.True(code == 0, said);
        string Key(string name) => Path.Combine(keys, name);
        await using var broker = new MosquittoBroker(
            directory, new BrokerFiles(Key("server.pem"), Key("server.key"), Key("ca.pem"), Key("crl.pem")));
        await broker.StartAsync();
        await using var machine = await PymodbusServer.StartAsync(directory);
        await using var mes = await FieldMes.StartAsync((Key("mes.pem"), Key("mes.key")), broker);
        await using var gateway = new FieldGateway(directory);
        gateway.WithConfiguration(new FieldConfiguration { BrokerPort = broker.Port, PlantPort = machine.Port });
        WriteIdentity(gateway.IdentityDirectory, Key);

        gateway.Start();

        await Eventually.HoldsAsync(() => mes.Counts().Count > 0, FieldPlant.Soon,
            () => $"nothing arrived. {gateway.Process.Tail()}\nThe broker: {broker.Process.Tail()}");
        await mes.HasNoGapAsync(FieldPlant.Soon, gateway);
    }

    /// <summary>By hand, as a technician without our tool would: the layout that CONFIG describes.</summary>
    private static void WriteIdentity(string identity, Func<string, string> key)
    {
        var version = Directory.CreateDirectory(Path.Combine(identity, "versions", "0001")).FullName;
        File.Copy(key("gateway.key"), Path.Combine(version, "key.pem"));
        File.SetUnixFileMode(Path.Combine(version, "key.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Copy(key("gateway.pem"), Path.Combine(version, "chain.pem"));
        File.Copy(key("ca.pem"), Path.Combine(version, "roots.pem"));
        File.Copy(key("crl.pem"), Path.Combine(version, "crl.pem"));
        File.WriteAllText(
            Path.Combine(version, "bundle.json"), """{"v":1,"gateway":"gw-1","site":"plant1","version":"0001"}""");
        File.CreateSymbolicLink(Path.Combine(identity, "current"), Path.Combine("versions", "0001"));
    }
}
