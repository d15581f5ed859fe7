using Sluice.Plant.Keys;

namespace Sluice.Field.Parts.Peers;

/// <summary>A plant's certificate authority as a plant would run it: OpenSSL, and nothing of ours.</summary>
internal sealed class OpenSslKeys
{
    private static readonly string Script =
        Path.Combine(FieldDirectory.Repository(), "test", "field", "openssl", "make-keys.sh");

    private readonly string directory;

    private OpenSslKeys(string directory) => this.directory = directory;

    public BrokerFiles Broker => BrokerOf("server");

    public string Lists => At("crl.pem");

    /// <summary>The files of one client: <c>gateway</c>, <c>mes</c>, or another that was issued.</summary>
    public (string Certificate, string Key) Client(string name) => (At(name + ".pem"), At(name + ".key"));

    public static async Task<OpenSslKeys> MakeAsync(string directory)
    {
        var keys = new OpenSslKeys(directory);
        await keys.RunAsync("plant", MosquittoBroker.Host, FieldGateway.Id);
        return keys;
    }

    /// <summary>With the authorities of a CA that sluice-provision made, which signs nothing odd itself.</summary>
    public static async Task<OpenSslKeys> AdoptAsync(string directory, PlantCa ca)
    {
        var keys = new OpenSslKeys(directory);
        await keys.RunAsync("adopt", ca.Folder, ca.PassphraseFile, ca.RootPassphraseFile);
        return keys;
    }

    /// <summary>The files of a broker that shows another certificate: <c>server-expired</c>.</summary>
    public BrokerFiles BrokerOf(string name) => new(At(name + ".pem"), At(name + ".key"), At("ca.pem"), Lists);

    /// <summary>One certificate of each kind that no CA in its right mind would sign, for both sides.</summary>
    public Task IssueOddAsync() => RunAsync("odd", MosquittoBroker.Host, FieldGateway.Id);

    public Task IssueServerAsync(string name) => RunAsync("server", name, MosquittoBroker.Host);

    public Task IssueAsync(string name, string commonName) => RunAsync("client", name, commonName);

    /// <summary>Signs a gateway's own request, by the issuing authority or the root itself; where it lies then.
    /// </summary>
    public async Task<string> AnswerAsync(string name, string request, bool byRoot)
    {
        await RunAsync("answer", name, request, byRoot ? "root" : "issuing");
        return At(name + ".crt");
    }

    /// <summary>The certificate of an authority: <c>root</c>, <c>issuing</c>.</summary>
    public string AuthorityOf(string name) => At(name + ".crt");

    /// <summary>From now on crl.pem names it; a broker that runs has to be told.</summary>
    public Task RevokeAsync(string name) => RunAsync("revoke", name);

    /// <summary>By hand, as a technician without our tool would: the layout that CONFIG describes.</summary>
    public void WriteIdentityVersion(string identity, string client, string version)
    {
        var target = Directory.CreateDirectory(Path.Combine(identity, "versions", version)).FullName;
        var (certificate, key) = Client(client);
        File.Copy(key, Path.Combine(target, "key.pem"));
        File.SetUnixFileMode(Path.Combine(target, "key.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Copy(certificate, Path.Combine(target, "chain.pem"));
        File.Copy(At("ca.pem"), Path.Combine(target, "roots.pem"));
        File.Copy(Lists, Path.Combine(target, "crl.pem"));
        File.WriteAllText(
            Path.Combine(target, "bundle.json"),
            $$"""{"v":1,"gateway":"{{FieldGateway.Id}}","site":"plant1","version":"{{version}}"}""");
        var current = Path.Combine(identity, "current");
        File.Delete(current);
        File.CreateSymbolicLink(current, Path.Combine("versions", version));
    }

    private string At(string file) => Path.Combine(directory, file);

    private async Task RunAsync(params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(Script, [directory, .. arguments]);
        if (code != 0)
        {
            throw new InvalidOperationException($"{Script} {string.Join(' ', arguments)}: {said}");
        }
    }
}
