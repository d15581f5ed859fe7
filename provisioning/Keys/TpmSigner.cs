using System.Security.Cryptography;

namespace Sluice.Provisioning.Keys;

/// <summary>
/// A key in the TPM that signs by the TPM's own commands: requests and receipts. TLS needs a key of OpenSSL's
/// (<see cref="ITpm.OpenForTls"/>). Each signature is a connection of its own.
/// </summary>
internal sealed class TpmSigner : ECDsa
{
    private readonly ITpm tpm;
    private readonly TpmKeyText key;
    private readonly byte[] mark;
    private readonly ECDsa publicHalf = Create();

    public TpmSigner(ITpm tpm, TpmKeyText key, byte[] mark)
    {
        (this.tpm, this.key, this.mark) = (tpm, key, mark);
        publicHalf.ImportSubjectPublicKeyInfo(key.PublicKeyInfo, out _);
        KeySizeValue = publicHalf.KeySize;
    }

    public override byte[] SignHash(byte[] hash)
    {
        using var channel = tpm.Open();
        var keys = new TpmKeys(channel);
        if (key.Handle is { } handle)
        {
            Require(keys, key);
            return keys.Sign(handle, hash);
        }

        return keys.With(key.Seed, mark, (made, _) => keys.Sign(made, hash));
    }

    /// <summary>Throws where the TPM does not hold this key at its place.</summary>
    public static void Require(TpmKeys keys, TpmKeyText key)
    {
        if (key.Handle is not { } handle || keys.ReadPublic(handle) is not var (info, _)
            || !info.AsSpan().SequenceEqual(key.PublicKeyInfo))
        {
            throw new TpmException($"the private key is in a TPM, at {TpmKeyText.NameOf(key.Handle ?? 0)}, and the TPM "
                + "of this machine does not have it: the card is a copy from another gateway, or the TPM was cleared",
                "put the card back where it belongs; or make this machine a key of its own: sluice-agent identity "
                + "init --again, and have its request signed");
        }
    }

    public override bool VerifyHash(byte[] hash, byte[] signature) => publicHalf.VerifyHash(hash, signature);

    public override ECParameters ExportParameters(bool includePrivateParameters) => includePrivateParameters
        ? throw new CryptographicException("The private key does not leave the TPM.")
        : publicHalf.ExportParameters(false);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            publicHalf.Dispose();
        }

        base.Dispose(disposing);
    }
}
