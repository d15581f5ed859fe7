using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;

namespace Sluice.Provisioning.Bundles;

/// <summary>The broker as the plant's CA describes it; the configuration decides, and is compared with it.</summary>
/// <param name="Host">The name in the broker's certificate.</param>
/// <param name="Addresses">IP literals, in the order in which they are tried.</param>
/// <param name="Port">1 to 65535.</param>
public sealed record BundleBroker(string Host, IReadOnlyList<IPAddress> Addresses, int Port);

/// <summary>What a bundle brings to one gateway.</summary>
public sealed record BundleContent
{
    public const int VersionMax = 999_999_999;

    /// <summary>The only gateway that it is for.</summary>
    public required string Gateway { get; init; }

    public required string Site { get; init; }

    /// <summary>From 1, and higher for each bundle of a gateway: none takes an older one after a newer.</summary>
    public required int Version { get; init; }

    public required DateTimeOffset Made { get; init; }

    /// <summary>Not to be put into use before.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>DER: the gateway's certificate, then what stands between it and the root.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; init; }

    /// <summary>DER: all that the gateway shall believe from now on.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Roots { get; init; }

    /// <summary>DER: a revocation list of each authority below them.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> RevocationLists { get; init; }

    public BundleBroker? Broker { get; init; }

    /// <summary>What the gateway shall do from then on; null: what it does.</summary>
    public BundleConfiguration? Configuration { get; init; }

    /// <summary>The payload that is signed.</summary>
    public byte[] Write()
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("gateway", Gateway);
            json.WriteString("site", Site);
            json.WriteNumber("version", Version);
            json.WriteString("made", PayloadField.Instant(Made));
            json.WriteString("notBefore", PayloadField.Instant(NotBefore));
            PayloadField.Write(json, "chain", Chain);
            PayloadField.Write(json, "roots", Roots);
            PayloadField.Write(json, "crls", RevocationLists);
            if (Broker is { } broker)
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

            Configuration?.WriteInto(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a payload whose signature was checked. Keys that it does not know are left alone.</summary>
    public static BundleContent? Read(ReadOnlyMemory<byte> payload, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (root.GetProperty("v").GetInt32() != 1)
            {
                problem = "it is a bundle of a newer form than this version of the agent knows";
                return null;
            }

            var content = new BundleContent
            {
                Gateway = PayloadField.Name(root, "gateway"),
                Site = PayloadField.Name(root, "site"),
                Version = PayloadField.Between(root.GetProperty("version").GetInt32(), 1, VersionMax),
                Made = PayloadField.Instant(root, "made"),
                NotBefore = PayloadField.Instant(root, "notBefore"),
                Chain = PayloadField.Ders(root, "chain"),
                Roots = PayloadField.Ders(root, "roots"),
                RevocationLists = PayloadField.Ders(root, "crls"),
                Broker = root.TryGetProperty("broker", out var broker) ? ReadBroker(broker) : null,
                Configuration = root.TryGetProperty("configuration", out var configuration)
                    ? BundleConfiguration.Read(configuration)
                    : null,
            };
            problem = "";
            return content;
        }
        catch (Exception exception) when (PayloadField.IsMadeWrong(exception))
        {
            problem = $"whoever made it made it wrong ({exception.Message})";
            return null;
        }
    }

    /// <summary>DER files as the PEM text that the identity directory holds.</summary>
    public static byte[] ToPem(string label, IEnumerable<ReadOnlyMemory<byte>> ders) =>
        System.Text.Encoding.ASCII.GetBytes(
            string.Concat(ders.Select(der => PemEncoding.WriteString(label, der.Span) + "\n")));

    /// <summary>Certificates, or null where one is damaged.</summary>
    internal static X509Certificate2Collection? Certificates(IEnumerable<ReadOnlyMemory<byte>> ders)
    {
        var certificates = new X509Certificate2Collection();
        foreach (var der in ders)
        {
            if (WholeCertificate.Load(der.Span) is not { } certificate)
            {
                return null;
            }

            certificates.Add(certificate);
        }

        return certificates;
    }

    private static BundleBroker ReadBroker(JsonElement broker) => new(
        broker.GetProperty("host").GetString() is { Length: > 0 and < 254 } host
            ? host
            : throw new FormatException("the broker has no host"),
        [.. broker.GetProperty("addresses").EnumerateArray().Take(PayloadField.CertificatesMax)
            .Select(address => IPAddress.Parse(address.GetString() ?? ""))],
        PayloadField.Between(broker.GetProperty("port").GetInt32(), 1, ushort.MaxValue));
}
