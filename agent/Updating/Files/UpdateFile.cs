using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sluice.Agent.Updating.Files;

/// <summary>
/// An update file that was opened: signed by a key that this image trusts, read as far as its manifest, and as long as
/// that says (UPDATE.md). Nothing of an unsigned file is read but its first bytes. Its parts are read where they lie.
/// </summary>
internal sealed class UpdateFile
{
    public const int ManifestBytesMax = 64 << 10;
    public const int HeadBytes = 16 + 4 + UpdateKey.SignatureBytes;

    private const int PieceBytes = 1 << 20;

    private readonly Stream stream;
    private readonly long partsAt;

    private UpdateFile(Stream stream, UpdateManifest manifest, long partsAt, string digest)
    {
        this.stream = stream;
        this.partsAt = partsAt;
        Manifest = manifest;
        Digest = digest;
    }

    public static ReadOnlySpan<byte> Magic => "SLUICE UPDATE 1\n"u8;

    public UpdateManifest Manifest { get; }

    /// <summary>What is signed, in one word: the same for the same update only.</summary>
    public string Digest { get; }

    /// <summary>The update, or one sentence that says why it is none for this machine.</summary>
    public static (UpdateFile? File, string Problem) Open(Stream stream, IReadOnlyList<UpdateKey> keys)
    {
        var head = new byte[HeadBytes];
        stream.Position = 0;
        if (stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false) < HeadBytes
            || !head.AsSpan().StartsWith(Magic))
        {
            return (null, "It is no update file of Sluice.");
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(Magic.Length));
        var signedHead = Magic.Length + sizeof(int);
        if (length is <= 0 or > ManifestBytesMax || stream.Length < HeadBytes + length)
        {
            return (null, "It is damaged, or cut off in its first part.");
        }

        if (keys.Count == 0)
        {
            return (null, "The image that runs trusts no key for updates: it was built to be flashed only.");
        }

        var signed = new byte[signedHead + length];
        head.AsSpan(0, signedHead).CopyTo(signed);
        stream.ReadExactly(signed, signedHead, length);
        if (!keys.Any(key => key.Signed(signed, head.AsSpan(signedHead))))
        {
            return (null, "Its signature is of no key that this image trusts: it is another maker's, or was altered.");
        }

        var (manifest, problem) = UpdateManifest.Read(signed.AsSpan(signedHead));
        if (manifest is null)
        {
            return (null, $"It is signed, and not well made: {problem}.");
        }

        var whole = HeadBytes + length + manifest.PartsBytes;
        var digest = Convert.ToHexStringLower(SHA256.HashData(signed));
        return stream.Length == whole
            ? (new UpdateFile(stream, manifest, HeadBytes + length, digest), "")
            : (null, $"It is not whole: {stream.Length} bytes of {whole}.");
    }

    /// <summary>Reads a part to its end, and says whether it is what the manifest says.</summary>
    /// <param name="part">Which.</param>
    /// <param name="each">Gets it piece by piece, before it is known whether it is right.</param>
    /// <param name="cancellationToken">Stops between two pieces.</param>
    public bool Read(UpdatePart part, Action<ReadOnlySpan<byte>> each, CancellationToken cancellationToken)
    {
        stream.Position = partsAt + Manifest.Parts.TakeWhile(before => before != part).Sum(before => before.Bytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[PieceBytes];
        for (var left = part.Bytes; left > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = stream.Read(piece, 0, (int)Math.Min(left, piece.Length));
            if (read == 0)
            {
                return false;
            }

            hash.AppendData(piece, 0, read);
            each(piece.AsSpan(0, read));
            left -= read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == part.Sha256;
    }
}
