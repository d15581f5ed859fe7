using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Agent.Configuration;
using Sluice.Provisioning;

namespace Sluice.Agent.Uplink;

/// <summary>
/// The TLS recipe, in one place so that every choice is ours and can be seen: the plant's roots only, no download, no
/// platform revocation lookup (our own lists instead), extended key usage serverAuth, host name, TLS 1.3 (1.2 with AEAD
/// suites only where the plant says so), our whole chain sent along, no renegotiation, no resumption. Used for one
/// handshake.
/// </summary>
internal sealed class BrokerTls(BrokerSettings broker, Identity identity, ValidityTime time)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

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

    private ConnectOutcome? refusal;

    /// <summary>What is not as it should be, but did not stop the handshake.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Version and cipher suite of the handshake, and whose certificate and lists were used for it.</summary>
    public SessionFacts? Session { get; private set; }

    /// <summary>
    /// Does the handshake on a connected socket. The stream owns the socket; null means refused, and why.
    /// </summary>
    public async Task<(SslStream? Stream, ConnectOutcome? Refusal)> AuthenticateAsync(
        Socket socket, CancellationToken cancellationToken)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(Options(), cancellationToken).ConfigureAwait(false);
            Session = new SessionFacts(
                VersionWord(stream.SslProtocol), stream.NegotiatedCipherSuite.ToString(), identity.Serial,
                identity.NotAfter, RevocationFacts.Of(identity.Trust));
            return (stream, null);
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or SocketException
            or CryptographicException)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            return (null, refusal ?? Outcome(exception));
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static ConnectOutcome Outcome(Exception exception)
    {
        if (TlsAlert.Of(exception) is { } alert)
        {
            return TlsAlert.Outcome(alert);
        }

        if (exception is CryptographicException)
        {
            return new ConnectOutcome(ConnectVerdict.ForeignBroker,
                "the broker is not believed: its certificate cannot be "
                + $"taken apart ({exception.Message}).");
        }

        return exception is AuthenticationException
            ? new ConnectOutcome(ConnectVerdict.NoCommonTls,
                "the TLS handshake with the broker failed: it does not speak "
                + $"TLS on this port, or nothing in common with the gateway ({Deepest(exception).Message}).")
            : new ConnectOutcome(ConnectVerdict.Broken,
                "the broker ended the connection during the TLS handshake: it is "
                + $"starting or stopping, or it does not speak TLS on this port ({Deepest(exception).Message}).");
    }

    private static Exception Deepest(Exception exception) =>
        exception.InnerException is { } inner ? Deepest(inner) : exception;

    private static string VersionWord(SslProtocols protocol) => protocol == SslProtocols.Tls13 ? "TLS 1.3" : "TLS 1.2";

    private SslClientAuthenticationOptions Options()
    {
        var only13 = broker.TlsMin == TlsVersionMin.Tls13;
        return new SslClientAuthenticationOptions
        {
            TargetHost = broker.Host,
            ClientCertificateContext = SslStreamCertificateContext.Create(
                identity.Leaf, identity.Intermediates, offline: true),
            CertificateChainPolicy = identity.Trust.ChainPolicy(ServerAuthentication, time),
            AllowRenegotiation = false,
            AllowTlsResume = false,
            EnabledSslProtocols = only13 ? SslProtocols.Tls13 : SslProtocols.Tls13 | SslProtocols.Tls12,
            CipherSuitesPolicy = OperatingSystem.IsLinux() ? new CipherSuitesPolicy(only13 ? Suites : Suites12) : null,
            RemoteCertificateValidationCallback = Validate,
        };
    }

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        refusal = Judge(certificate as X509Certificate2, chain, errors);
        return refusal is null;
    }

    private ConnectOutcome? Judge(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || chain is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return new ConnectOutcome(ConnectVerdict.ForeignBroker, "the broker showed no certificate; whoever answers "
                + "there is not believed.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            var verdict = VerdictOf(status);
            if (verdict == ConnectVerdict.BrokerDates && Dates(chain) is { } dates)
            {
                return dates;
            }

            var sentence = ChainSentence.Of(
                status, certificate.Subject, "may not be used by a server (extended key usage serverAuth)");
            return new ConnectOutcome(verdict, $"the broker is not believed: {sentence}.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return new ConnectOutcome(ConnectVerdict.OtherHost,
                $"the broker's certificate is for {NamesOf(certificate)}, "
                + $"broker.host says {broker.Host}: this is another machine, or one of the two is wrong.");
        }

        var elements = chain.ChainElements.Select(element => element.Certificate).ToList();
        var revocation = identity.Trust.CheckRevocation(elements, time);
        Warnings = revocation.Warnings;
        return revocation.Refusal is { } revoked
            ? new ConnectOutcome(ConnectVerdict.Revoked, $"the broker is not believed: {revoked}.")
            : null;
    }

    /// <summary>Whether a date is the certificate's fault or that of the gateway's clock; null where none is wrong.
    /// </summary>
    private ConnectOutcome? Dates(X509Chain chain)
    {
        foreach (var certificate in chain.ChainElements.Select(element => element.Certificate))
        {
            var from = new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);
            var to = new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
            if (time.Problem($"the certificate '{certificate.Subject}'", from, to) is { } problem)
            {
                return time.Judge(from, to) == DateVerdict.Clock
                    ? new ConnectOutcome(ConnectVerdict.Clock, $"the broker cannot be judged: {problem}.")
                    : new ConnectOutcome(ConnectVerdict.BrokerDates, $"the broker is not believed: {problem}.");
            }
        }

        return null;
    }

    private static ConnectVerdict VerdictOf(X509ChainStatusFlags status)
    {
        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
        {
            return ConnectVerdict.ForeignBroker;
        }

        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return ConnectVerdict.BrokerDates;
        }

        return status.HasFlag(X509ChainStatusFlags.NotValidForUsage)
            ? ConnectVerdict.WrongUse
            : ConnectVerdict.ForeignBroker;
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
