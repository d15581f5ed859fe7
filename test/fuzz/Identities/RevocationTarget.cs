using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Revocation;

namespace Sluice.Fuzz.Identities;

/// <summary>What reads a revocation list: the product's, or one that is wrong on purpose.</summary>
public delegate RevocationList? RevocationParser(ReadOnlyMemory<byte> der, out string problem);

/// <summary>
/// Revocation lists that were damaged, and odd ones that their issuer signed. One that counts holds what was signed,
/// and where .NET's own reader takes it too, both find the same certificates revoked.
/// </summary>
public sealed class RevocationTarget(string name, RevocationParser parser)
    : IdentityTarget(name, "Signed", "Refused", "Unsigned", "SignedOtherwise")
{
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly X509Certificate2 Issuer = MakeIssuer();
    private static readonly X509Certificate2[] Revoked = [MakeLeaf(), MakeLeaf(), MakeLeaf()];
    private static readonly X509Certificate2 Fine = MakeLeaf();
    private static readonly byte[] Whole = MakeList();
    private static readonly byte[] SignedBytes = Der.SignedPart(Whole).ToArray();

    private bool isResigned;

    public override int Cost => 50;

    protected override byte[] Make(ref Dice dice)
    {
        isResigned = false;
        switch (dice.Below(6))
        {
            case 0:
                return Whole;
            case 1:
                return [.. Whole.AsSpan(0, dice.Below(60)), .. Damage.Noise(ref dice, 300)];
            case 2 or 3:
                return Damage.To(ref dice, Whole);
            default:
                isResigned = true;
                var signed = Damage.To(ref dice, SignedBytes);
                return Der.Join(signed, Der.Algorithm(Whole), Key.SignData(
                    signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }
    }

    protected override int Judge(byte[] input)
    {
        var list = parser(input, out var problem);
        if (list is null)
        {
            Holds(problem.Length > 0, "it was refused without a word", input);
            Holds(!input.AsSpan().SequenceEqual(Whole), $"the right one was refused: {problem}", input);
            return 1;
        }

        if (!list.IsSignedBy(Issuer))
        {
            return 2;
        }

        var isSame = Der.SignedPart(input).SequenceEqual(SignedBytes);
        Holds(isResigned || isSame, "it counts, and nobody signed it", input);
        var judge = Load(input);
        foreach (var certificate in Revoked.Append(Fine))
        {
            var found = list.IsRevoked(certificate);
            Holds(!isSame || found == (certificate != Fine), "a revoked certificate looks good", input);
            Holds(judge is null || judge.RemoveEntry(certificate.SerialNumberBytes.Span) == found,
                $"another reader thinks otherwise of {certificate.SerialNumber}", input);
        }

        return isSame ? 0 : 3;
    }

    private static CertificateRevocationListBuilder? Load(byte[] der)
    {
        try
        {
            return CertificateRevocationListBuilder.Load(der, out _);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static X509Certificate2 MakeIssuer()
    {
        var request = new CertificateRequest("CN=Issuing authority of plant1", Key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(100));
    }

    private static X509Certificate2 MakeLeaf()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        var now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest("CN=gw-042", Key, HashAlgorithmName.SHA256)
            .Create(Issuer, now, now.AddDays(10), serial);
    }

    private static byte[] MakeList()
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var certificate in Revoked)
        {
            builder.AddEntry(certificate, reason: X509RevocationReason.KeyCompromise);
        }

        return builder.Build(Issuer, 17, TimeProvider.System.GetUtcNow().AddDays(30), HashAlgorithmName.SHA256);
    }
}
