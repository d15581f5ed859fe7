using System.Buffers;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
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

    private const int CertificatesMax = 16;

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
            json.WriteString("made", Instant(Made));
            json.WriteString("notBefore", Instant(NotBefore));
            Write(json, "chain", Chain);
            Write(json, "roots", Roots);
            Write(json, "crls", RevocationLists);
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
                Gateway = Name(root, "gateway"),
                Site = Name(root, "site"),
                Version = Between(root.GetProperty("version").GetInt32(), 1, VersionMax),
                Made = Instant(root, "made"),
                NotBefore = Instant(root, "notBefore"),
                Chain = Ders(root, "chain", CertificatesMax),
                Roots = Ders(root, "roots", CertificatesMax),
                RevocationLists = Ders(root, "crls", CertificatesMax),
                Broker = root.TryGetProperty("broker", out var broker) ? ReadBroker(broker) : null,
            };
            problem = "";
            return content;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException or ArgumentException or OverflowException)
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
        try
        {
            foreach (var der in ders)
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(der.Span));
            }

            return certificates;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string Instant(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset Instant(JsonElement root, string key) => DateTimeOffset.ParseExact(
        root.GetProperty(key).GetString() ?? "", "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal);

    private static string Name(JsonElement root, string key) =>
        root.GetProperty(key).GetString() is { } name && KeyRequest.IsName(name)
            ? name
            : throw new FormatException($"{key} is no name");

    private static int Between(int number, int min, int max) =>
        number >= min && number <= max ? number : throw new FormatException($"{number} is out of range");

    private static void Write(Utf8JsonWriter json, string key, IReadOnlyList<ReadOnlyMemory<byte>> ders)
    {
        json.WriteStartArray(key);
        foreach (var der in ders)
        {
            json.WriteBase64StringValue(der.Span);
        }

        json.WriteEndArray();
    }

    private static List<ReadOnlyMemory<byte>> Ders(JsonElement root, string key, int countMax)
    {
        var array = root.GetProperty(key);
        Between(array.GetArrayLength(), 1, countMax);
        return [.. array.EnumerateArray().Select(each => (ReadOnlyMemory<byte>)each.GetBytesFromBase64())];
    }

    private static BundleBroker ReadBroker(JsonElement broker) => new(
        broker.GetProperty("host").GetString() is { Length: > 0 and < 254 } host
            ? host
            : throw new FormatException("the broker has no host"),
        [.. broker.GetProperty("addresses").EnumerateArray().Take(CertificatesMax)
            .Select(address => IPAddress.Parse(address.GetString() ?? ""))],
        Between(broker.GetProperty("port").GetInt32(), 1, ushort.MaxValue));
}
