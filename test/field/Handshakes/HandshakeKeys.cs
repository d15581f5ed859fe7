using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;

namespace Sluice.Field.Handshakes;

/// <summary>
/// What both sides of a handshake may show, right and wrong, under a CA that a plant made with OpenSSL or with
/// sluice-provision. The tool makes what a plant's CA makes; what it would never sign is signed by OpenSSL with its
/// keys.
/// </summary>
internal sealed class HandshakeKeys(FieldDirectory directory)
{
    private readonly Dictionary<string, BrokerFiles> brokers = [];
    private readonly Dictionary<string, (string Certificate, string Key)> clients = [];
    private OpenSslKeys odd = null!;
    private string root = "";

    public static async Task<HandshakeKeys> MakeAsync(FieldDirectory directory, string maker)
    {
        var keys = new HandshakeKeys(directory);
        var strangers = await OpenSslKeys.MakeAsync(directory.At("strangers"));
        await (maker == "OpenSSL" ? keys.ByOpenSslAsync() : keys.ByProvisionAsync());
        foreach (var name in new[] { "by-root", "chain-cut", "expired", "early", "other-host", "usage" })
        {
            keys.brokers[name] = keys.odd.BrokerOf("server-" + name);
        }

        foreach (var name in new[] { "expired", "usage", "other" })
        {
            keys.clients[name] = keys.odd.Client("gateway-" + name);
        }

        keys.brokers["stranger"] = strangers.Broker;
        keys.clients["stranger"] = strangers.Client("gateway");
        keys.StrangersRoot = await File.ReadAllTextAsync(strangers.Broker.Authority);
        keys.StrangersLists = await File.ReadAllTextAsync(strangers.Lists);
        keys.root = await File.ReadAllTextAsync(keys.odd.Broker.Authority);
        return keys;
    }

    /// <summary>What the gateway has heard of: the broker's revoked certificate stands on it.</summary>
    public string GatewaysLists { get; private set; } = "";

    /// <summary>What the broker has heard of: the revoked gateway's certificate too.</summary>
    public string BrokersLists { get; private set; } = "";

    public string StrangersRoot { get; private set; } = "";

    public string StrangersLists { get; private set; } = "";

    /// <summary>The broker's files with one certificate; its roots and lists are the plant's in every case.</summary>
    public BrokerFiles Broker(string name) =>
        brokers[name] with { Authority = odd.Broker.Authority, Crl = directory.At("broker-lists.pem") };

    public (string Certificate, string Key) Client(string name) => clients[name];

    /// <summary>By hand, as the current version: what import would refuse gets there too.</summary>
    public void WriteIdentity(string identity, string client, string moreRoots = "", string? lists = null)
    {
        var target = Directory.CreateDirectory(Path.Combine(identity, "versions", "0001")).FullName;
        var (certificate, key) = clients[client];
        File.Copy(key, Path.Combine(target, "key.pem"));
        File.SetUnixFileMode(Path.Combine(target, "key.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Copy(certificate, Path.Combine(target, "chain.pem"));
        File.WriteAllText(Path.Combine(target, "roots.pem"), root + moreRoots);
        File.WriteAllText(Path.Combine(target, "crl.pem"), lists ?? GatewaysLists);
        File.WriteAllText(
            Path.Combine(target, "bundle.json"),
            $$"""{"v":1,"gateway":"{{FieldGateway.Id}}","site":"plant1","version":"0001"}""");
        File.CreateSymbolicLink(Path.Combine(identity, "current"), Path.Combine("versions", "0001"));
    }

    private async Task ByOpenSslAsync()
    {
        odd = await OpenSslKeys.MakeAsync(directory.At("keys"));
        await odd.IssueOddAsync();
        await odd.IssueServerAsync("server-revoked");
        await odd.RevokeAsync("server-revoked");
        GatewaysLists = await File.ReadAllTextAsync(odd.Lists);
        await odd.IssueAsync("gateway-revoked", FieldGateway.Id);
        await odd.RevokeAsync("gateway-revoked");
        brokers["good"] = odd.Broker;
        brokers["revoked"] = odd.BrokerOf("server-revoked");
        clients["good"] = odd.Client("gateway");
        clients["revoked"] = odd.Client("gateway-revoked");
        await KeepBrokersListsAsync(odd.Lists);
    }

    private async Task ByProvisionAsync()
    {
        var ca = await new PlantCa(directory).MakeAsync();
        odd = await OpenSslKeys.AdoptAsync(directory.At("keys"), ca);
        await odd.IssueOddAsync();
        brokers["revoked"] = await BrokerByAsync(ca, "revoked-broker");
        await ca.JsonAsync("revoke", MosquittoBroker.Host, "--passphrase-file", ca.PassphraseFile);
        brokers["good"] = await BrokerByAsync(ca, "good-broker");
        GatewaysLists = await File.ReadAllTextAsync(brokers["good"].Crl);
        clients["revoked"] = await ClientByAsync(ca, "revoked-client");
        await ca.JsonAsync("revoke", FieldGateway.Id, "--passphrase-file", ca.PassphraseFile);
        clients["good"] = await ClientByAsync(ca, "good-client");
        var lists = directory.At("lists.pem");
        await ca.JsonAsync("crl", "--out", lists, "--passphrase-file", ca.PassphraseFile);
        await KeepBrokersListsAsync(lists);
    }

    private async Task<BrokerFiles> BrokerByAsync(PlantCa ca, string folder)
    {
        string At(string file) => directory.At(folder, file);
        await ca.BrokerAsync(MosquittoBroker.Host, 8883, directory.At(folder));
        return new BrokerFiles(At("server.pem"), At("server.key"), At("ca.pem"), At("crl.pem"));
    }

    private async Task<(string Certificate, string Key)> ClientByAsync(PlantCa ca, string folder)
    {
        var into = directory.At(folder);
        await ca.JsonAsync("client", FieldGateway.Id, "--out", into, "--passphrase-file", ca.PassphraseFile);
        return (Path.Combine(into, FieldGateway.Id + ".pem"), Path.Combine(into, FieldGateway.Id + ".key"));
    }

    private async Task KeepBrokersListsAsync(string lists)
    {
        BrokersLists = await File.ReadAllTextAsync(lists);
        await File.WriteAllTextAsync(directory.At("broker-lists.pem"), BrokersLists);
    }
}
