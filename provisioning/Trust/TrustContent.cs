using System.Buffers;
using System.Text.Json;
using Sluice.Provisioning.Bundles;

namespace Sluice.Provisioning.Trust;

/// <summary>What a trust bundle brings to every gateway of a plant: whom to believe, and who was taken back.</summary>
public sealed record TrustContent
{
    public const string ContentType = "application/vnd.sluice.trust";

    public required string Site { get; init; }

    /// <summary>From 1, and higher each time that roots or lists change; a count of its own, not that of bundles.
    /// </summary>
    public required int Version { get; init; }

    public required DateTimeOffset Made { get; init; }

    /// <summary>DER: all that a gateway of this plant shall believe from now on.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Roots { get; init; }

    /// <summary>
    /// DER: what issues certificates below the roots and signs a list of its own, where it does not stand among those
    /// who signed the envelope anyway. May be empty.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Authorities { get; init; } = [];

    /// <summary>DER: one list of each authority.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> RevocationLists { get; init; }

    /// <summary>As <c>roots.pem</c> of an identity holds them.</summary>
    public byte[] RootsPem() => BundleContent.ToPem("CERTIFICATE", Roots);

    /// <summary>As <c>crl.pem</c> of an identity holds them.</summary>
    public byte[] RevocationListsPem() => BundleContent.ToPem("X509 CRL", RevocationLists);

    /// <summary>The payload that is signed.</summary>
    public byte[] Write()
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("site", Site);
            json.WriteNumber("version", Version);
            json.WriteString("made", PayloadField.Instant(Made));
            PayloadField.Write(json, "roots", Roots);
            if (Authorities.Count > 0)
            {
                PayloadField.Write(json, "authorities", Authorities);
            }

            PayloadField.Write(json, "crls", RevocationLists);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a payload whose signature was checked. Keys that it does not know are left alone.</summary>
    public static TrustContent? Read(ReadOnlyMemory<byte> payload, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (root.GetProperty("v").GetInt32() != 1)
            {
                problem = "it is a trust bundle of a newer form than this version of the agent knows";
                return null;
            }

            var content = new TrustContent
            {
                Site = PayloadField.Name(root, "site"),
                Version = PayloadField.Between(root.GetProperty("version").GetInt32(), 1, BundleContent.VersionMax),
                Made = PayloadField.Instant(root, "made"),
                Roots = PayloadField.Ders(root, "roots"),
                Authorities = root.TryGetProperty("authorities", out _) ? PayloadField.Ders(root, "authorities") : [],
                RevocationLists = PayloadField.Ders(root, "crls"),
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
}
