using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Sluice.Agent.Updating.Files;

/// <summary>
/// A public key that updates are judged by: Ed25519 (RFC 8032), the kind that a release is signed with, because its
/// signatures need no dice and a release that is made again is the same to the last byte. .NET has no Ed25519; the
/// OpenSSL that the agent needs anyway has (EVP_PKEY-ED25519(7), EVP_DigestVerify(3)).
/// </summary>
internal sealed partial class UpdateKey
{
    public const int SignatureBytes = 64;

    private const string Label = "PUBLIC KEY";
    private const int KeyBytes = 32;
    private const int Ed25519 = 1087;                    // NID_ED25519 of OpenSSL's obj_mac.h

    /// <summary>What stands before the key in a SubjectPublicKeyInfo of this kind (RFC 8410, section 4).</summary>
    private static readonly byte[] Head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

    private readonly byte[] key;

    private UpdateKey(byte[] key) => this.key = key;

    /// <summary>The key in a PEM file; null where there is none of this kind in it.</summary>
    public static UpdateKey? Read(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields) || !pem.AsSpan()[fields.Label].SequenceEqual(Label))
        {
            return null;
        }

        var bytes = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64Chars(pem.AsSpan()[fields.Base64Data], bytes, out var length)
            && length == Head.Length + KeyBytes && bytes.AsSpan().StartsWith(Head)
                ? new UpdateKey(bytes[Head.Length..])
                : null;
    }

    public bool Signed(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes)
        {
            return false;
        }

        var held = NewRawPublicKey(Ed25519, 0, key, KeyBytes);
        var context = NewContext();
        try
        {
            if (held == 0 || context == 0 || InitVerify(context, 0, 0, 0, held) != 1)
            {
                throw new CryptographicException("OpenSSL judges no Ed25519 signature on this machine.");
            }

            return Verify(context, signature, SignatureBytes, message, (nuint)message.Length) == 1;
        }
        finally
        {
            FreeContext(context);
            FreeKey(held);
        }
    }

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PKEY_new_raw_public_key")]
    private static partial nint NewRawPublicKey(int kind, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(nint key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_MD_CTX_new")]
    private static partial nint NewContext();

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_MD_CTX_free")]
    private static partial void FreeContext(nint context);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_DigestVerifyInit")]
    private static partial int InitVerify(nint context, nint keyContext, nint digest, nint engine, nint key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_DigestVerify")]
    private static partial int Verify(
        nint context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> message, nuint length);
}
