using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Agent.Updating.Files;
using Xunit;

namespace Sluice.Fast.Updating;

/// <summary>Makes update files as the release does, with a key of its own.</summary>
internal sealed partial class MadeUpdate
{
    private const int Ed25519 = 1087;
    private byte[] seed = RandomNumberGenerator.GetBytes(32);

    public string Image { get; init; } = "sluice-gateway";

    public string Board { get; init; } = "generic-uefi";

    public string Architecture { get; init; } = "arm64";

    public string Version { get; init; } = "0.2.0";

    public byte[] Kernel { get; init; } = Encoding.ASCII.GetBytes("a kernel of 0.2.0");

    public byte[] Initrd { get; init; } = Encoding.ASCII.GetBytes("an initrd of 0.2.0");

    public byte[] System { get; init; } = [.. Enumerable.Range(0, 3_000_000).Select(at => (byte)(at * 7 >> 3))];

    public byte[][] Parts => [Kernel, Initrd, System];

    public string PublicPem
    {
        get
        {
            var held = NewRawPrivateKey(Ed25519, 0, seed, 32);
            var key = new byte[32];
            nuint length = 32;
            Assert.Equal(1, GetRawPublicKey(held, key, ref length));
            FreeKey(held);
            return PemEncoding.WriteString(
                "PUBLIC KEY", [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, .. key]);
        }
    }

    public UpdateKey Key => UpdateKey.Read(PublicPem)!;

    public UpdateManifest Manifest => new()
    {
        Image = Image, Board = Board, Architecture = Architecture, Version = Version, Options = "quiet panic=10",
        Parts =
        [
            Of(UpdateManifest.Kernel, Kernel), Of(UpdateManifest.Initrd, Initrd), Of(UpdateManifest.Root, System),
        ],
    };

    public byte[] Bytes() => Bytes(JsonSerializer.SerializeToUtf8Bytes(Manifest, UpdateJson.Default.UpdateManifest));

    public byte[] Bytes(byte[] manifest)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, manifest.Length);
        byte[] head = [.. UpdateFile.Magic, .. length];
        return [.. head, .. Sign([.. head, .. manifest]), .. manifest, .. Kernel, .. Initrd, .. System];
    }

    /// <summary>The same by the same key, for machines of another kind.</summary>
    public MadeUpdate For(string architecture) => new() { Architecture = architecture, System = System, seed = seed };

    /// <summary>The file, opened as the gateway opens it.</summary>
    public UpdateFile Open()
    {
        var (file, problem) = UpdateFile.Open(new MemoryStream(Bytes()), [Key]);
        Assert.Equal("", problem);
        return file!;
    }

    private static UpdatePart Of(string name, byte[] bytes) =>
        new(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));

    private byte[] Sign(byte[] message)
    {
        var held = NewRawPrivateKey(Ed25519, 0, seed, 32);
        var context = NewContext();
        var signature = new byte[UpdateKey.SignatureBytes];
        nuint length = UpdateKey.SignatureBytes;
        Assert.Equal(1, InitSign(context, 0, 0, 0, held));
        Assert.Equal(1, Sign(context, signature, ref length, message, (nuint)message.Length));
        FreeContext(context);
        FreeKey(held);
        return signature;
    }

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PKEY_new_raw_private_key")]
    private static partial nint NewRawPrivateKey(int kind, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PKEY_get_raw_public_key")]
    private static partial int GetRawPublicKey(nint held, Span<byte> key, ref nuint length);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(nint key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_MD_CTX_new")]
    private static partial nint NewContext();

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_MD_CTX_free")]
    private static partial void FreeContext(nint context);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_DigestSignInit")]
    private static partial int InitSign(nint context, nint keyContext, nint digest, nint engine, nint key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_DigestSign")]
    private static partial int Sign(
        nint context, Span<byte> signature, ref nuint length, ReadOnlySpan<byte> message, nuint messageLength);
}
