using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Tls;

/// <summary>Why a broker is not believed.</summary>
public enum BrokerDoubt
{
    /// <summary>It showed no certificate, or one that does not lead to a root of the plant.</summary>
    Foreign,
    Dates,

    /// <summary>Nobody can say: a date does not fit, and the own clock is not right.</summary>
    Clock,
    WrongUse,
    OtherHost,
    Revoked,
}

/// <summary>
/// The TLS recipe, in one place so that every choice is ours and can be seen: the plant's roots only, no download, no
/// platform revocation lookup (our own lists instead), extended key usage serverAuth, host name, TLS 1.3 (1.2 with AEAD
/// suites only where the plant says so), our whole chain sent along, no renegotiation, no resumption. Used for one
/// handshake, by the gateway and by the registration authority.
/// </summary>
/// <param name="host">The name that must stand in the broker's certificate.</param>
/// <param name="leaf">The own certificate, with its key.</param>
/// <param name="intermediates">What stands above it, and is sent along.</param>
/// <param name="trust">Whom to believe.</param>
/// <param name="time">By which dates are judged.</param>
/// <param name="isOnly13">TLS 1.2 is not spoken.</param>
public sealed class MutualTls(
    string host, X509Certificate2 leaf, X509Certificate2Collection intermediates, TrustAnchors trust,
    ValidityTime time, bool isOnly13)
{
    private static readonly TlsCipherSuite[] Suites =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
    ];

    private static readonly TlsCipherSuite[] Suites12 =
    [
        .. Suites,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];

    /// <summary>Why the broker was not believed, once the handshake has failed for that; else null.</summary>
    public (BrokerDoubt Doubt, string Sentence)? Refusal { get; private set; }

    /// <summary>What is not as it should be, but did not stop the handshake.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Once the broker was believed: its certificate and what stands above it, DER, the root last.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> BrokerChain { get; private set; } = [];

    public SslClientAuthenticationOptions Options() => new()
    {
        TargetHost = host,
        ClientCertificateContext = SslStreamCertificateContext.Create(leaf, intermediates, offline: true),
        CertificateChainPolicy = trust.ChainPolicy(IdentityDirectory.ServerAuthentication, time),
        AllowRenegotiation = false,
        AllowTlsResume = false,
        EnabledSslProtocols = isOnly13 ? SslProtocols.Tls13 : SslProtocols.Tls13 | SslProtocols.Tls12,
        CipherSuitesPolicy = OperatingSystem.IsLinux() ? new CipherSuitesPolicy(isOnly13 ? Suites : Suites12) : null,
        RemoteCertificateValidationCallback = Validate,
    };

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = Judge(certificate as X509Certificate2, chain, errors);
        return Refusal is null;
    }

    private (BrokerDoubt Doubt, string Sentence)? Judge(
        X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || chain is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return (BrokerDoubt.Foreign, "the broker showed no certificate; whoever answers there is not believed.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            var doubt = DoubtOf(status);
            if (doubt == BrokerDoubt.Dates && Dates(chain) is { } dates)
            {
                return dates;
            }

            var sentence = ChainSentence.Of(
                status, certificate.Subject, "may not be used by a server (extended key usage serverAuth)");
            return (doubt, $"the broker is not believed: {sentence}.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return (BrokerDoubt.OtherHost, $"the broker's certificate is for {NamesOf(certificate)}, "
                + $"broker.host says {host}: this is another machine, or one of the two is wrong.");
        }

        var elements = chain.ChainElements.Select(element => element.Certificate).ToList();
        var verdict = trust.CheckRevocation(elements, time);
        Warnings = verdict.Warnings;
        if (verdict.Refusal is { } revoked)
        {
            return (BrokerDoubt.Revoked, $"the broker is not believed: {revoked}.");
        }

        BrokerChain = [.. elements.Select(element => (ReadOnlyMemory<byte>)element.RawData)];
        return null;
    }

    /// <summary>Whether a date is the certificate's fault or that of the own clock; null where none is wrong.</summary>
    private (BrokerDoubt Doubt, string Sentence)? Dates(X509Chain chain)
    {
        foreach (var certificate in chain.ChainElements.Select(element => element.Certificate))
        {
            var from = new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);
            var to = new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
            if (time.Problem($"the certificate '{certificate.Subject}'", from, to) is { } problem)
            {
                return time.Judge(from, to) == DateVerdict.Clock
                    ? (BrokerDoubt.Clock, $"the broker cannot be judged: {problem}.")
                    : (BrokerDoubt.Dates, $"the broker is not believed: {problem}.");
            }
        }

        return null;
    }

    private static BrokerDoubt DoubtOf(X509ChainStatusFlags status)
    {
        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
        {
            return BrokerDoubt.Foreign;
        }

        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return BrokerDoubt.Dates;
        }

        return status.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? BrokerDoubt.WrongUse : BrokerDoubt.Foreign;
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames()
                .Concat(names.EnumerateIPAddresses().Select(a => a.ToString())))
            .Take(8);
        var text = string.Join(", ", names);
        return text.Length > 0 ? text : certificate.Subject;
    }
}
