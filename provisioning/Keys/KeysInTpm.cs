using System.Security.Cryptography;
using System.Text;
using Sluice.Provisioning.Requests;

namespace Sluice.Provisioning.Keys;

/// <summary>
/// The keys of one identity directory that are in the board's TPM: made, given a place, used, let go of. Used with the
/// directory locked, but for <see cref="Make"/>, which keeps nothing.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A place that holds something is never written to, and none is let go of that does not carry this directory's
/// mark.</item>
/// <item>A key has its place before a file speaks of it, and keeps it until no file does: a power cut leaves no
/// identity without its key, and at most one key too many, which the next change lets go of.</item>
/// <item>Nothing is swept by a directory whose own keys this TPM does not hold: a copied card does not empty the
/// TPM of the gateway that it was put into.</item>
/// </list>
/// </summary>
/// <param name="tpm">The board's.</param>
/// <param name="directory">The identity directory: keys of another one's are somebody else's.</param>
/// <param name="isChosen">New keys are made in the TPM.</param>
public sealed class KeysInTpm(ITpm tpm, string directory, bool isChosen) : IKeyPlace
{
    private readonly byte[] mark = SHA256.HashData(Encoding.UTF8.GetBytes($"sluice-agent identity key of {directory}"));

    /// <summary>Key and request as <see cref="KeyRequest.MakeKeyAndRequest"/> makes them; the key has no place yet.
    /// </summary>
    public byte[] Make(string gatewayId, string plant)
    {
        var seed = RandomNumberGenerator.GetBytes(TpmKeyText.SeedBytes);
        var key = TpmKeyText.OfSeed(seed, PublicHalf(seed));
        using var signer = new TpmSigner(tpm, key, mark);
        var text = key.Write();
        try
        {
            return [.. text, .. KeyRequest.MakeRequest(gatewayId, plant, signer)];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    public byte[] Keep(ReadOnlySpan<byte> text, Func<IReadOnlyList<TpmKeyText>> inUse)
    {
        if (TpmKeyText.Read(text) is not { Handle: null } key)
        {
            return text.ToArray();
        }

        using var channel = tpm.Open();
        var keys = new TpmKeys(channel);
        Sweep(keys, inUse());
        var handle = keys.With(key.Seed, mark, (made, _) => keys.Keep(made));
        CryptographicOperations.ZeroMemory(key.Seed);
        return TpmKeyText.Replace(text, TpmKeyText.AtHandle(handle, key.PublicKeyInfo));
    }

    public void Sweep(IReadOnlyList<TpmKeyText> before, IReadOnlyList<TpmKeyText> after)
    {
        if (!isChosen && before.Count == 0)
        {
            return;
        }

        try
        {
            using var channel = tpm.Open();
            Sweep(new TpmKeys(channel), after);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            // What changed is done, and a key that nobody speaks of does no harm until the next change.
        }
    }

    /// <summary>
    /// How many keys of this directory's there are, for a receipt: 0 where those that are kept are not in this TPM, and
    /// so somebody else's. Where the TPM does not answer, those that are kept.
    /// </summary>
    public int Count(IReadOnlyList<TpmKeyText> kept)
    {
        if (!isChosen && kept.Count == 0)
        {
            return 0;
        }

        try
        {
            using var channel = tpm.Open();
            var keys = new TpmKeys(channel);
            return kept.All(key => IsHere(keys, key)) ? Ours(keys).Count : 0;
        }
        catch (TpmException)
        {
            return kept.Count;
        }
    }

    /// <summary>Lets go of every key of this directory's, for a wipe; how many there were.</summary>
    public int Empty()
    {
        using var channel = tpm.Open();
        var keys = new TpmKeys(channel);
        var ours = Ours(keys);
        ours.ForEach(keys.Evict);
        return ours.Count;
    }

    /// <summary>The key of a text, to sign a request or a receipt with; null where it is not in a TPM.</summary>
    public ECDsa? Signer(ReadOnlySpan<byte> text) =>
        TpmKeyText.Read(text) is { } key ? new TpmSigner(tpm, key, mark) : null;

    /// <summary>Whether TLS can be done with a kept key, found out by doing it. Throws where not.</summary>
    public void Prove(ReadOnlySpan<byte> text, TimeProvider clock)
    {
        if (TpmKeyText.Read(text) is { } key)
        {
            using var forTls = OpenForTls(tpm, key);
            TlsProof.Run(forTls, clock);
        }
    }

    /// <summary>The key at its place for TLS, after it was found to be the right one.</summary>
    public static ECDsa OpenForTls(ITpm tpm, TpmKeyText key)
    {
        using (var channel = tpm.Open())
        {
            TpmSigner.Require(new TpmKeys(channel), key);
        }

        return tpm.OpenForTls(key.Handle!.Value);
    }

    private byte[] PublicHalf(byte[] seed)
    {
        using var channel = tpm.Open();
        return new TpmKeys(channel).With(seed, mark, (_, info) => info);
    }

    private void Sweep(TpmKeys keys, IReadOnlyList<TpmKeyText> kept)
    {
        if (kept.All(key => IsHere(keys, key)))
        {
            Ours(keys).Where(handle => kept.All(key => key.Handle != handle)).ToList().ForEach(keys.Evict);
        }
    }

    private static bool IsHere(TpmKeys keys, TpmKeyText key) => key.Handle is { } handle
        && keys.ReadPublic(handle) is var (info, _) && info.AsSpan().SequenceEqual(key.PublicKeyInfo);

    private List<uint> Ours(TpmKeys keys) => [.. keys.List().Where(handle =>
        keys.ReadPublic(handle) is var (_, whose) && whose.AsSpan().SequenceEqual(mark))];
}
