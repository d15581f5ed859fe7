using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;

namespace Sluice.Provisioning.Revocation;

/// <summary>
/// A certificate revocation list out of a file (RFC 5280, section 5). Reading never throws: whatever the bytes are, the
/// answer is a list or a sentence. Whether it is genuine is asked separately, because the issuer's certificate may only
/// come with the chain that is being judged.
/// </summary>
public sealed class RevocationList
{
    /// <summary>Larger files are refused unread: a plant's list is a few kilobytes.</summary>
    public const int BytesMax = 4 << 20;

    /// <summary>More entries are refused: 35 bytes each, this fills <see cref="BytesMax"/>.</summary>
    public const int EntriesMax = 120_000;

    private const string Authority = "2.5.29.35";
    private const string Number = "2.5.29.20";
    private const string Reason = "2.5.29.21";
    private const string InvalidityDate = "2.5.29.24";

    private readonly byte[] issuer;
    private readonly byte[] signedBytes;
    private readonly byte[] signature;
    private readonly string algorithm;
    private readonly HashSet<BigInteger> revoked;

    private RevocationList(
        byte[] issuer, byte[] signedBytes, byte[] signature, string algorithm, HashSet<BigInteger> revoked)
    {
        this.issuer = issuer;
        this.signedBytes = signedBytes;
        this.signature = signature;
        this.algorithm = algorithm;
        this.revoked = revoked;
    }

    public DateTimeOffset ThisUpdate { get; private init; }

    /// <summary>By when the next list should be here; far away where the list does not say.</summary>
    public DateTimeOffset NextUpdate { get; private init; }

    public int RevokedCount => revoked.Count;

    public string IssuerName => new X500DistinguishedName(issuer).Name;

    /// <summary>Reads one DER list. Exactly one of the two results is set.</summary>
    public static RevocationList? Parse(ReadOnlyMemory<byte> der, out string problem)
    {
        problem = "";
        if (der.Length > BytesMax)
        {
            problem = $"the revocation list is larger than {BytesMax >> 20} MiB";
            return null;
        }

        try
        {
            return ParseOrThrow(der, out problem);
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException
            or ArgumentException or OverflowException or FormatException or InvalidOperationException)
        {
            problem = $"the revocation list is damaged or none ({exception.Message})";
            return null;
        }
    }

    /// <summary>True where this certificate issued the list, may do so, and signed exactly these bytes.</summary>
    public bool IsSignedBy(X509Certificate2 certificate)
    {
        if (!issuer.AsSpan().SequenceEqual(certificate.SubjectName.RawData))
        {
            return false;
        }

        foreach (var extension in certificate.Extensions)
        {
            if (extension is X509KeyUsageExtension usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
            {
                return false;
            }
        }

        return SignedDer.Fits(certificate, signedBytes, signature, algorithm);
    }

    /// <summary>True where the list names this certificate. Ask <see cref="IsSignedBy"/> of its issuer first.</summary>
    public bool IsRevoked(X509Certificate2 certificate) =>
        revoked.Contains(Serial(certificate.SerialNumberBytes.Span));

    /// <summary>
    /// That a newer one should be here, now or soon; or null. It goes on counting. Says "clock" where nobody can know.
    /// </summary>
    public string? AgeProblem(ValidityTime time, RevocationPolicy policy) =>
        time.Judge(DateTimeOffset.MinValue, NextUpdate) switch
        {
            DateVerdict.Fine when time.MayAct && NextUpdate - time.At <= policy.WarnBefore =>
                $"the revocation list of '{IssuerName}' is to be replaced by {NextUpdate:yyyy-MM-dd HH:mm}Z, which is "
                + $"in {Math.Floor((NextUpdate - time.At).TotalDays):0} days: bring a newer one",
            DateVerdict.Fine => null,
            DateVerdict.Expired => $"the revocation list of '{IssuerName}' should have been replaced by "
                + $"{NextUpdate:yyyy-MM-dd HH:mm}Z; it still counts, but newer revocations are not known here: bring a "
                + "newer one" + (policy.Grace is { } grace && NextUpdate < DateTimeOffset.MaxValue - grace
                    ? $" before {NextUpdate + grace:yyyy-MM-dd HH:mm}Z, or this gateway stops publishing "
                        + "(identity.crlGrace)"
                    : ""),
            _ => $"the gateway's clock says {time.Wall:yyyy-MM-dd HH:mm}Z and is not right, so nobody can say whether "
                + $"the revocation list of '{IssuerName}' (until {NextUpdate:yyyy-MM-dd HH:mm}Z) is too old: set the "
                + "clock, or see to its time server",
        };

    /// <summary>
    /// That it does not count any more, because the plant says so; or null. Never while the clock is not right.
    /// </summary>
    public string? LateProblem(ValidityTime time, RevocationPolicy policy) =>
        policy.Grace is { } grace && time.MayAct && NextUpdate < time.At - grace
            ? $"the revocation list of '{IssuerName}' should have been replaced by {NextUpdate:yyyy-MM-dd HH:mm}Z, and "
                + "identity.crlGrace of the configuration lets no list count that is so old: bring a newer one "
                + "(sluice-agent identity crl)"
            : null;

    private static RevocationList? ParseOrThrow(ReadOnlyMemory<byte> der, out string problem)
    {
        problem = "";
        var file = new AsnReader(der, AsnEncodingRules.DER);
        var outer = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var signedBytes = outer.PeekEncodedValue().ToArray();
        var body = outer.ReadSequence();
        var algorithm = outer.ReadSequence().ReadObjectIdentifier();
        var signature = outer.ReadBitString(out var unusedBits);
        outer.ThrowIfNotEmpty();
        if (unusedBits != 0)
        {
            // Else one bit outside the signed part could be flipped and nobody would see it.
            problem = "the revocation list's signature is not whole bytes";
            return null;
        }

        if (!SignedDer.IsUnderstood(algorithm))
        {
            problem = $"the revocation list is signed with {algorithm}; ECDSA or RSA with SHA-256, 384 or 512 is "
                + "understood";
            return null;
        }

        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            body.ReadInteger();
        }

        if (body.ReadSequence().ReadObjectIdentifier() != algorithm)
        {
            problem = "the revocation list names two different signature algorithms (RFC 5280, 5.1.1.2)";
            return null;
        }

        var issuer = body.ReadEncodedValue().ToArray();
        _ = new X500DistinguishedName(issuer).Name;
        var thisUpdate = ReadTime(body);
        var nextUpdate = NextIsTime(body) ? ReadTime(body) : DateTimeOffset.MaxValue;
        var revoked = ReadEntries(body, out problem);
        if (revoked is null || !ReadExtensions(body, out problem))
        {
            return null;
        }

        body.ThrowIfNotEmpty();
        return new RevocationList(issuer, signedBytes, signature, algorithm, revoked)
        {
            ThisUpdate = thisUpdate,
            NextUpdate = nextUpdate,
        };
    }

    private static HashSet<BigInteger>? ReadEntries(AsnReader body, out string problem)
    {
        problem = "";
        var revoked = new HashSet<BigInteger>();
        if (!body.HasData || !body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            return revoked;
        }

        var entries = body.ReadSequence();
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            revoked.Add(Serial(entry.ReadIntegerBytes().Span));
            ReadTime(entry);
            if (entry.HasData && CriticalUnknown(entry.ReadSequence()) is { } unknown)
            {
                problem = $"the revocation list has an entry with the critical extension {unknown}, which is not "
                    + "understood";
                return null;
            }

            if (revoked.Count > EntriesMax)
            {
                problem = $"the revocation list has more than {EntriesMax} entries";
                return null;
            }
        }

        return revoked;
    }

    /// <summary>
    /// A list with a critical extension that is not understood must not be used (RFC 5280, 5.2): a delta list or one
    /// for part of the certificates only would make a revoked one look good.
    /// </summary>
    private static bool ReadExtensions(AsnReader body, out string problem)
    {
        problem = "";
        var tag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (!body.HasData || !body.PeekTag().HasSameClassAndValue(tag))
        {
            return true;
        }

        var wrapper = body.ReadSequence(tag);
        var unknown = CriticalUnknown(wrapper.ReadSequence());
        wrapper.ThrowIfNotEmpty();
        if (unknown is null)
        {
            return true;
        }

        problem = $"the revocation list has the critical extension {unknown}, which is not understood; a plain, full "
            + "list is needed";
        return false;
    }

    private static string? CriticalUnknown(AsnReader extensions)
    {
        string? unknown = null;
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var name = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (critical && name is not (Authority or Number or Reason or InvalidityDate))
            {
                unknown ??= name;
            }
        }

        return unknown;
    }

    private static bool NextIsTime(AsnReader reader) =>
        reader.HasData && reader.PeekTag() is { TagClass: TagClass.Universal } tag
        && tag.TagValue is (int)UniversalTagNumber.UtcTime or (int)UniversalTagNumber.GeneralizedTime;

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().TagValue == (int)UniversalTagNumber.UtcTime
            ? reader.ReadUtcTime()
            : reader.ReadGeneralizedTime();

    /// <summary>
    /// Compared as a number, so that a leading zero byte on one side does not hide a revoked certificate.
    /// </summary>
    private static BigInteger Serial(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
