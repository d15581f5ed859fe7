using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CsCheck;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Revocation;
using Xunit;

namespace Sluice.Fast.Provisioning;

public sealed class RevocationListTests : IDisposable
{
    private readonly PlantKeys keys = new();

    public void Dispose() => keys.Dispose();

    [Fact]
    public void A_list_names_what_was_revoked_and_nothing_else()
    {
        using var good = keys.IssueClient("gw-001");
        using var bad = keys.IssueClient("gw-002");
        keys.Revoke(bad);
        var list = Parse(Der(keys.CrlPem()));
        Assert.Equal(1, list.RevokedCount);
        Assert.True(list.IsRevoked(bad.Leaf));
        Assert.False(list.IsRevoked(good.Leaf));
        Assert.True(list.IsSignedBy(keys.Issuing));
        Assert.False(list.IsSignedBy(keys.Root));
        Assert.True(list.NextUpdate > list.ThisUpdate);
    }

    [Fact]
    public void A_list_of_an_impostor_with_the_same_name_does_not_count()
    {
        using var impostor = new PlantKeys();
        var list = Parse(Der(impostor.CrlPem()));
        Assert.True(list.IsSignedBy(impostor.Issuing));
        Assert.False(list.IsSignedBy(keys.Issuing));
    }

    [Fact]
    public void One_flipped_bit_anywhere_makes_the_list_unreadable_or_unsigned_and_never_throws()
    {
        using var bad = keys.IssueClient("gw-002");
        keys.Revoke(bad);
        var der = Der(keys.CrlPem());
        for (var bit = 0; bit < der.Length * 8; bit++)
        {
            var altered = der.ToArray();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            var list = RevocationList.Parse(altered, out var problem);
            Assert.True(list is null ? problem.Length > 0 : !list.IsSignedBy(keys.Issuing),
                $"bit {bit} of {Convert.ToHexString(der)}");
        }
    }

    [Fact]
    public void Whatever_the_bytes_are_the_answer_is_a_list_or_a_sentence() =>
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            var list = RevocationList.Parse(bytes, out var problem);
            Assert.Equal(list is null, problem.Length > 0);
        });

    [Fact]
    public void Cut_off_or_doubled_pieces_of_a_real_list_are_a_list_or_a_sentence()
    {
        var der = Der(keys.CrlPem());
        Gen.Select(Gen.Int[0, der.Length - 1], Gen.Int[0, 40], Gen.Byte).Sample((at, length, value) =>
        {
            var altered = der.ToList();
            altered.RemoveRange(at, Math.Min(length, altered.Count - at));
            altered.Insert(at, value);
            var list = RevocationList.Parse(altered.ToArray(), out var problem);

            // One time in many the byte that was taken out is the one that was put in: then the list is whole.
            var isWhole = altered.SequenceEqual(der);
            Assert.True(list is null ? problem.Length > 0 : list.IsSignedBy(keys.Issuing) == isWhole);
        });
    }

    [Fact]
    public void A_delta_list_is_refused_because_it_names_only_some()
    {
        Assert.NotNull(RevocationList.Parse(WithExtension("2.5.29.20", critical: true), out _));
        Assert.NotNull(RevocationList.Parse(WithExtension("2.5.29.27", critical: false), out _));
        Assert.Null(RevocationList.Parse(WithExtension("2.5.29.27", critical: true), out var problem));
        Assert.Contains("2.5.29.27", problem);
    }

    [Fact]
    public void A_certificate_that_may_not_sign_lists_signed_no_list()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        var may = new CertificateRequest("CN=CA", key, HashAlgorithmName.SHA256);
        may.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        may.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(may.PublicKey, false));
        may.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.CrlSign, true));
        using var ca = may.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var list = Parse(new CertificateRevocationListBuilder()
            .Build(ca, 1, now.AddDays(1), HashAlgorithmName.SHA256, null, now));

        var mayNot = new CertificateRequest("CN=CA", key, HashAlgorithmName.SHA256);
        mayNot.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using var other = mayNot.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Assert.True(list.IsSignedBy(ca));
        Assert.False(list.IsSignedBy(other));
    }

    /// <summary>A well-formed list without entries and with one extension. Its signature is nobody's.</summary>
    private static byte[] WithExtension(string name, bool critical)
    {
        var now = TimeProvider.System.GetUtcNow();
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            using (der.PushSequence())
            {
                der.WriteInteger(1);
                WriteAlgorithm(der);
                der.WriteEncodedValue(new X500DistinguishedName("CN=CA").RawData);
                der.WriteUtcTime(now);
                der.WriteUtcTime(now.AddDays(1));
                using (der.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                using (der.PushSequence())
                using (der.PushSequence())
                {
                    der.WriteObjectIdentifier(name);
                    if (critical)
                    {
                        der.WriteBoolean(true);
                    }

                    der.WriteOctetString([2, 1, 1]);
                }
            }

            WriteAlgorithm(der);
            der.WriteBitString(new byte[8]);
        }

        return der.Encode();
    }

    private static void WriteAlgorithm(AsnWriter der)
    {
        using (der.PushSequence())
        {
            der.WriteObjectIdentifier("1.2.840.10045.4.3.2");
        }
    }

    private static RevocationList Parse(byte[] der) =>
        RevocationList.Parse(der, out var problem) ?? throw new InvalidOperationException(problem);

    private static byte[] Der(string pem)
    {
        var found = PemEncoding.Find(pem);
        return Convert.FromBase64String(pem[found.Base64Data]);
    }
}
