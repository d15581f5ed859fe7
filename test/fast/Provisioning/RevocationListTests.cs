using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CsCheck;
using Sluice.Plant.Keys;
using Sluice.Provisioning;
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
            Assert.True(list is null ? problem.Length > 0 : !list.IsSignedBy(keys.Issuing));
        });
    }

    [Fact]
    public void A_delta_list_is_refused_because_it_names_only_some()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Delta CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        using var ca = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var plain = new CertificateRevocationListBuilder().Build(ca, 1, now.AddDays(1), HashAlgorithmName.SHA256, null, now);

        var delta = WithCriticalExtension(plain);
        Assert.NotNull(RevocationList.Parse(plain, out _));
        Assert.Null(RevocationList.Parse(delta, out var problem));
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
        var list = Parse(new CertificateRevocationListBuilder().Build(ca, 1, now.AddDays(1), HashAlgorithmName.SHA256, null, now));

        var mayNot = new CertificateRequest("CN=CA", key, HashAlgorithmName.SHA256);
        mayNot.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using var other = mayNot.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Assert.True(list.IsSignedBy(ca));
        Assert.False(list.IsSignedBy(other));
    }

    /// <summary>Changes the CRL number (2.5.29.20) into a critical delta indicator (2.5.29.27), sizes kept right.</summary>
    private static byte[] WithCriticalExtension(byte[] plain)
    {
        byte[] number = [0x06, 0x03, 0x55, 0x1D, 0x14];
        var at = plain.AsSpan().IndexOf(number);
        var bytes = plain.ToList();
        bytes[at + 4] = 0x1B;
        bytes.InsertRange(at + 5, [0x01, 0x01, 0xFF]);

        // Every enclosing length grows by three: from the extension outwards.
        for (var start = at - 2; start >= 0; start--)
        {
            Grow(plain, bytes, start, at);
        }

        return [.. bytes];
    }

    private static void Grow(byte[] plain, List<byte> bytes, int start, int inside)
    {
        if (plain[start] is not (0x30 or 0xA0))
        {
            return;
        }

        var (header, length) = plain[start + 1] switch
        {
            < 0x80 => (2, (int)plain[start + 1]),
            0x81 => (3, plain[start + 2]),
            0x82 => (4, (plain[start + 2] << 8) | plain[start + 3]),
            _ => (2, 0),
        };
        if (start + header <= inside && start + header + length > inside && start + header + length <= plain.Length)
        {
            bytes[start + header - 1] += 3;
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
