namespace Sluice.Plant.Keys;

/// <summary>Extended key usages as their object identifiers (RFC 5280, 4.2.1.12).</summary>
public static class KeyUsage
{
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuth = "1.3.6.1.5.5.7.3.2";
}

/// <summary>
/// What a certificate shall say, right or wrong on purpose. Dates that are not given follow the plant's own.
/// </summary>
public sealed record CertificateWish
{
    public required string CommonName { get; init; }

    /// <summary>Names and addresses of the subject alternative name; an IP literal becomes an address entry.</summary>
    public IReadOnlyList<string> AlternativeNames { get; init; } = [];

    public IReadOnlyList<string> Usages { get; init; } = [];

    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Signed by the root itself, so that the chain has no intermediate.</summary>
    public bool IssuedByRoot { get; init; }

    public static CertificateWish Client(string commonName) =>
        new() { CommonName = commonName, Usages = [KeyUsage.ClientAuth] };

    public static CertificateWish Server(string host, params string[] alternativeNames) =>
        new() { CommonName = host, AlternativeNames = [host, .. alternativeNames], Usages = [KeyUsage.ServerAuth] };
}
