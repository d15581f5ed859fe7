using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Provisioning.Requests;

namespace Sluice.Provisioning.Keys;

/// <summary>
/// What stands in a key file in place of a private key that is in the board's TPM: where it is, and its public half. A
/// core.
/// <code>
/// -----BEGIN SLUICE TPM KEY-----    version 1, handle (4 bytes, big-endian), SubjectPublicKeyInfo
/// -----BEGIN SLUICE TPM SEED-----   version 1, 64 random bytes, SubjectPublicKeyInfo
/// </code>
/// A seed is a key that the TPM makes again whenever it is asked with it, and that has no place of its own yet: a key
/// that waits for its certificate in memory. It is never written to a disk.
/// </summary>
public sealed class TpmKeyText
{
    public const int SeedBytes = 64;

    private const string KeyLabel = "SLUICE TPM KEY";
    private const string SeedLabel = "SLUICE TPM SEED";
    private const byte Version = 1;

    private TpmKeyText(uint? handle, byte[] seed, byte[] publicKeyInfo) =>
        (Handle, Seed, PublicKeyInfo) = (handle, seed, publicKeyInfo);

    /// <summary>Where it is for good; null for a seed.</summary>
    public uint? Handle { get; }

    /// <summary>What the TPM makes it from; empty where it has a place.</summary>
    public byte[] Seed { get; }

    /// <summary>SubjectPublicKeyInfo.</summary>
    public byte[] PublicKeyInfo { get; }

    public string KeyFingerprint => Fingerprint.OfKey(PublicKeyInfo);

    public static TpmKeyText AtHandle(uint handle, byte[] publicKeyInfo) => new(handle, [], publicKeyInfo);

    public static TpmKeyText OfSeed(byte[] seed, byte[] publicKeyInfo) => new(null, seed, publicKeyInfo);

    /// <summary>For a person: 0x81534C00.</summary>
    public static string NameOf(uint handle) => string.Create(CultureInfo.InvariantCulture, $"0x{handle:X8}");

    /// <summary>The first of a text; null where there is none, or none that is whole.</summary>
    public static TpmKeyText? Read(ReadOnlySpan<byte> text) =>
        text.IndexOf("-----BEGIN SLUICE TPM "u8) < 0 ? null : Find(Encoding.Latin1.GetString(text), out _);

    /// <summary>The same text with another one in the place of the first.</summary>
    public static byte[] Replace(ReadOnlySpan<byte> text, TpmKeyText with)
    {
        var letters = Encoding.Latin1.GetString(text);
        _ = Find(letters, out var at) ?? throw new InvalidOperationException("There is none to replace.");
        return Encoding.Latin1.GetBytes(
            letters[..at.Start] + with.Pem().TrimEnd() + letters[at.End..]);
    }

    /// <summary>As it stands in a file. A seed is a secret: whoever asks for its text wipes it.</summary>
    public byte[] Write() => Encoding.ASCII.GetBytes(Pem());

    private string Pem()
    {
        byte[] place = Handle is { } handle ? new byte[4] : Seed;
        if (Handle is { } known)
        {
            BinaryPrimitives.WriteUInt32BigEndian(place, known);
        }

        return PemEncoding.WriteString(
            Handle is null ? SeedLabel : KeyLabel, [Version, .. place, .. PublicKeyInfo]) + "\n";
    }

    private static TpmKeyText? Find(string text, out (int Start, int End) at)
    {
        var begin = 0;
        at = default;
        while (PemEncoding.TryFind(text.AsSpan(begin), out var found))
        {
            var label = text.AsSpan(begin)[found.Label];
            if (label is KeyLabel or SeedLabel)
            {
                var isSeed = label is SeedLabel;
                at = (begin + found.Location.Start.Value, begin + found.Location.End.Value);
                return Parse(Convert.FromBase64String(text[begin..][found.Base64Data]), isSeed);
            }

            begin += found.Location.End.Value;
        }

        return null;
    }

    private static TpmKeyText? Parse(byte[] bytes, bool isSeed)
    {
        var length = isSeed ? SeedBytes : sizeof(uint);
        if (bytes.Length <= 1 + length || bytes[0] != Version)
        {
            return null;
        }

        var publicKeyInfo = bytes[(1 + length)..];
        return isSeed ? OfSeed(bytes[1..(1 + length)], publicKeyInfo)
            : AtHandle(BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1)), publicKeyInfo);
    }
}
