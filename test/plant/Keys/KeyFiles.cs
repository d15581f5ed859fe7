using System.Text.Json;

namespace Sluice.Plant.Keys;

/// <summary>Writes what <see cref="PlantKeys"/> made in the layouts that a gateway and a broker read.</summary>
public static class KeyFiles
{
    /// <summary>
    /// The identity directory of a gateway: <c>current -> versions/0001</c> with key.pem (0600), chain.pem, roots.pem,
    /// crl.pem and bundle.json. Returns the certificate, so that a test can revoke it.
    /// </summary>
    public static IssuedCertificate WriteIdentityDirectory(this PlantKeys keys, string directory, string gatewayId)
    {
        var certificate = keys.IssueClient(gatewayId);
        keys.WriteIdentityVersion(directory, gatewayId, certificate, "0001");
        return certificate;
    }

    /// <summary>Writes one version and makes it the current one.</summary>
    public static void WriteIdentityVersion(
        this PlantKeys keys, string directory, string gatewayId, IssuedCertificate certificate, string version)
    {
        var target = Directory.CreateDirectory(Path.Combine(directory, "versions", version)).FullName;
        WriteSecret(Path.Combine(target, "key.pem"), certificate.KeyPem);
        File.WriteAllText(Path.Combine(target, "chain.pem"), certificate.ChainPem);
        File.WriteAllText(Path.Combine(target, "roots.pem"), keys.RootPem);
        File.WriteAllText(Path.Combine(target, "crl.pem"), keys.CrlPem());
        File.WriteAllBytes(Path.Combine(target, "bundle.json"), Bundle(keys, gatewayId, version));

        // Not atomic, unlike a real activation: .NET cannot rename over a link to a directory, and here nobody reads
        // yet.
        var current = Path.Combine(directory, "current");
        File.Delete(current);
        File.CreateSymbolicLink(current, Path.Combine("versions", version));
    }

    /// <summary>server.pem (chain), server.key (0600), ca.pem (the root) and crl.pem.</summary>
    public static BrokerFiles WriteBrokerFiles(
        this PlantKeys keys, string directory, string host, string? address = null)
    {
        Directory.CreateDirectory(directory);
        using var certificate = keys.IssueServer(host, address);
        var files = new BrokerFiles(
            Path.Combine(directory, "server.pem"),
            Path.Combine(directory, "server.key"),
            Path.Combine(directory, "ca.pem"),
            Path.Combine(directory, "crl.pem"));
        File.WriteAllText(files.Certificate, certificate.ChainPem);
        WriteSecret(files.Key, certificate.KeyPem);
        File.WriteAllText(files.Authority, keys.RootPem);
        File.WriteAllText(files.Crl, keys.CrlPem());
        return files;
    }

    /// <summary>
    /// NAME.pem (chain) and NAME.key (0600) of a client that is not a gateway: the MES, a mosquitto_sub.
    /// </summary>
    public static (string Certificate, string Key) WriteClientFiles(this PlantKeys keys, string directory, string name)
    {
        Directory.CreateDirectory(directory);
        using var certificate = keys.IssueClient(name);
        var (chain, key) = (Path.Combine(directory, name + ".pem"), Path.Combine(directory, name + ".key"));
        File.WriteAllText(chain, certificate.ChainPem);
        WriteSecret(key, certificate.KeyPem);
        return (chain, key);
    }

    private static byte[] Bundle(PlantKeys keys, string gatewayId, string version)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("gateway", gatewayId);
            json.WriteString("site", keys.Plant);
            json.WriteString("version", version);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    // The mode is given when the file is made: a key must never have been readable, not even for a moment.
    private static void WriteSecret(string path, string text)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}

/// <summary>Where the broker's files lie.</summary>
public sealed record BrokerFiles(string Certificate, string Key, string Authority, string Crl);
