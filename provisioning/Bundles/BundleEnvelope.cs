using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;

namespace Sluice.Provisioning.Bundles;

/// <summary>
/// The outside of a bundle (provisioning/BUNDLE.md): bytes that mean nothing yet, who signed them, and the signature.
/// It has one form only, so that nothing has to be parsed, sorted or written anew before the signature is checked.
/// </summary>
public sealed class BundleEnvelope
{
    /// <summary>Larger files are refused unread: a plant's revocation list is the bulk of a bundle.</summary>
    public const int BytesMax = 8 << 20;

    /// <summary>
    /// The extended key usage of a certificate that may sign bundles: an arc under a UUID, which needs no registry
    /// (ITU-T X.667). A certificate without it signs nothing, or every gateway of the plant could.
    /// </summary>
    public const string SignerUsage = "2.25.98853132881894409949090541739933437169";

    private const int SignersBytesMax = 64 << 10;
    private const int SignersMax = 6;
    private const int SignatureBytesMax = 256;

    private readonly byte[] signedBytes;
    private readonly byte[] signature;

    private BundleEnvelope(
        EnvelopeKind kind, byte[] signedBytes, byte[] payload, IReadOnlyList<X509Certificate2> signers,
        byte[] signature)
    {
        this.signedBytes = signedBytes;
        this.signature = signature;
        Kind = kind;
        Payload = payload;
        Signers = signers;
    }

    public EnvelopeKind Kind { get; }

    /// <summary>What was signed; to be parsed only after <see cref="IsSignedBySigner"/> and a trusted chain.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Who signed it, and what stands between that and the root, which is the last one.</summary>
    public IReadOnlyList<X509Certificate2> Signers { get; }

    public X509Certificate2 Root => Signers[^1];

    /// <summary>The signature fits to the bytes and to the first certificate (ECDSA with SHA-256).</summary>
    public bool IsSignedBySigner()
    {
        try
        {
            using var key = Signers[0].GetECDsaPublicKey();
            return key is not null && key.VerifyData(
                signedBytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Takes the outside apart. Null and a sentence where it is none.</summary>
    public static BundleEnvelope? Open(ReadOnlyMemory<byte> bytes, out string problem) =>
        Open(EnvelopeKind.Bundle, bytes, out problem);

    /// <summary>Takes the outside of this kind apart. Null and a sentence where it is none.</summary>
    public static BundleEnvelope? Open(EnvelopeKind kind, ReadOnlyMemory<byte> bytes, out string problem)
    {
        var rest = bytes.Span;
        var magic = kind.Magic.Span;
        if (!rest.StartsWith(magic))
        {
            problem = rest.StartsWith(magic[..^1])
                ? $"it is a {kind.Name} of a newer form than this version of the agent knows"
                : $"it is no {kind.Name}: it begins differently";
            return null;
        }

        rest = rest[magic.Length..];
        if (bytes.Length > kind.BytesMax)
        {
            problem = $"it is larger than any {kind.Name} ({kind.BytesMax >> 10} KiB)";
            return null;
        }

        if (!Take(ref rest, 4, kind.BytesMax, out var payload)
            || !Take(ref rest, 4, SignersBytesMax, out var signerBytes))
        {
            problem = "it is cut short or damaged";
            return null;
        }

        var signedLength = bytes.Length - rest.Length;
        if (!Take(ref rest, 2, SignatureBytesMax, out var signature) || !rest.IsEmpty)
        {
            problem = "it is cut short, or something was put behind it";
            return null;
        }

        if (ReadSigners(signerBytes) is not { } signers)
        {
            problem = "the certificates of whoever signed it are damaged";
            return null;
        }

        problem = "";
        return new BundleEnvelope(
            kind, bytes.Span[..signedLength].ToArray(), payload.ToArray(), signers, signature.ToArray());
    }

    /// <summary>Puts the outside around a payload.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="payload">What is signed.</param>
    /// <param name="signers">Whose key it is first, the root last.</param>
    /// <param name="key">The first one's private key.</param>
    public static byte[] Seal(
        EnvelopeKind kind, ReadOnlySpan<byte> payload, IReadOnlyList<X509Certificate2> signers, ECDsa key)
    {
        using var bytes = new MemoryStream();
        bytes.Write(kind.Magic.Span);
        Put(bytes, 4, payload);
        Put(bytes, 4, [.. signers.SelectMany(signer => signer.RawData)]);
        var signature = key.SignData(
            bytes.ToArray(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Put(bytes, 2, signature);
        return bytes.ToArray();
    }

    /// <summary>Puts the outside of a gateway's bundle around a payload.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> payload, IReadOnlyList<X509Certificate2> signers, ECDsa key) =>
        Seal(EnvelopeKind.Bundle, payload, signers, key);

    private static void Put(MemoryStream into, int lengthBytes, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        into.Write(length[^lengthBytes..]);
        into.Write(bytes);
    }

    private static bool Take(
        ref ReadOnlySpan<byte> rest, int lengthBytes, int bytesMax, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < lengthBytes)
        {
            return false;
        }

        var length = lengthBytes == 2
            ? BinaryPrimitives.ReadUInt16BigEndian(rest)
            : BinaryPrimitives.ReadUInt32BigEndian(rest);
        rest = rest[lengthBytes..];
        if (length > bytesMax || length > rest.Length)
        {
            return false;
        }

        taken = rest[..(int)length];
        rest = rest[(int)length..];
        return true;
    }

    private static List<X509Certificate2>? ReadSigners(ReadOnlySpan<byte> bytes)
    {
        var signers = new List<X509Certificate2>();
        try
        {
            while (!bytes.IsEmpty && signers.Count < SignersMax)
            {
                System.Formats.Asn1.AsnDecoder.ReadSequence(
                    bytes, System.Formats.Asn1.AsnEncodingRules.DER, out _, out _, out var length);
                if (WholeCertificate.Load(bytes[..length]) is not { } signer)
                {
                    return null;
                }

                signers.Add(signer);
                bytes = bytes[length..];
            }

            return bytes.IsEmpty && signers.Count > 0 ? signers : null;
        }
        catch (System.Formats.Asn1.AsnContentException)
        {
            return null;
        }
    }
}
