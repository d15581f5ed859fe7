using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;

namespace Sluice.Provisioning.Bundles;

/// <summary>Lays a bundle that was taken out as the files of an identity.</summary>
public static class BundleInstall
{
    /// <param name="content">The bundle.</param>
    /// <param name="bundle">Its bytes, of which the hash is kept: the same one brought twice is known again.</param>
    /// <param name="keyPem">The private key of its certificate.</param>
    public static IReadOnlyList<IdentityFile> Files(
        BundleContent content, ReadOnlySpan<byte> bundle, ReadOnlyMemory<byte> keyPem) =>
    [
        new(IdentityDirectory.KeyFile, keyPem, IsSecret: true),
        new(IdentityDirectory.ChainFile, BundleContent.ToPem("CERTIFICATE", content.Chain)),
        new(IdentityDirectory.RootsFile, BundleContent.ToPem("CERTIFICATE", content.Roots)),
        new(IdentityDirectory.RevocationFile, BundleContent.ToPem("X509 CRL", content.RevocationLists)),
        new(IdentityDirectory.BundleFile, Describe(content, HashOf(bundle))),
        .. content.Configuration is { } configuration
            ? [new IdentityFile(IdentityStore.ConfigurationFile, configuration.WriteFile())]
            : Array.Empty<IdentityFile>(),
    ];

    public static string HashOf(ReadOnlySpan<byte> bundle) => Convert.ToHexStringLower(SHA256.HashData(bundle));

    /// <summary>What <c>bundle.json</c> of an identity says; null for one that was laid out by hand.</summary>
    public static InstalledBundle? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (!root.TryGetProperty("sha256", out var hash) || !root.TryGetProperty("broker", out var broker))
            {
                return null;
            }

            return new InstalledBundle(
                hash.GetString() ?? "",
                broker.ValueKind == JsonValueKind.Object ? broker.GetProperty("host").GetString() : null,
                broker.ValueKind == JsonValueKind.Object
                    ? [.. broker.GetProperty("addresses").EnumerateArray().Select(each => each.GetString() ?? "")]
                    : [],
                broker.ValueKind == JsonValueKind.Object ? broker.GetProperty("port").GetInt32() : 0)
            {
                Made = root.TryGetProperty("made", out var made) ? made.GetDateTimeOffset() : null,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException
            or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static byte[] Describe(BundleContent content, string hash)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("gateway", content.Gateway);
            json.WriteString("site", content.Site);
            json.WriteNumber("version", content.Version);
            json.WriteString("made", content.Made.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("notBefore", content.NotBefore.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("sha256", hash);
            if (content.Broker is { } broker)
            {
                json.WriteStartObject("broker");
                json.WriteString("host", broker.Host);
                json.WriteStartArray("addresses");
                foreach (var address in broker.Addresses)
                {
                    json.WriteStringValue(address.ToString());
                }

                json.WriteEndArray();
                json.WriteNumber("port", broker.Port);
                json.WriteEndObject();
            }
            else
            {
                json.WriteNull("broker");
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}

/// <summary>What is remembered of the bundle that an identity came in.</summary>
/// <param name="Hash">SHA-256 of the file.</param>
/// <param name="BrokerHost">The broker's name; null where the bundle said nothing of a broker.</param>
/// <param name="BrokerAddresses">Its addresses.</param>
/// <param name="BrokerPort">Its port.</param>
public sealed record InstalledBundle(
    string Hash, string? BrokerHost, IReadOnlyList<string> BrokerAddresses, int BrokerPort)
{
    /// <summary>When it was made; null where that was not kept.</summary>
    public DateTimeOffset? Made { get; init; }
}
