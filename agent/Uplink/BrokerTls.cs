using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Sluice.Agent.Configuration;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Tls;

namespace Sluice.Agent.Uplink;

/// <summary>The handshake with the broker, by the recipe of <see cref="MutualTls"/>. Used once.</summary>
internal sealed class BrokerTls(BrokerSettings broker, Identity identity, ValidityTime time)
{
    private readonly MutualTls tls = new(
        broker.Host, identity.Leaf, identity.Intermediates, identity.Trust, time, broker.TlsMin == TlsVersionMin.Tls13);

    /// <summary>What is not as it should be, but did not stop the handshake.</summary>
    public IReadOnlyList<string> Warnings => tls.Warnings;

    /// <summary>The chain of the broker that was believed; DER.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> BrokerChain => tls.BrokerChain;

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
            await stream.AuthenticateAsClientAsync(tls.Options(), cancellationToken).ConfigureAwait(false);
            Session = new SessionFacts(
                VersionWord(stream.SslProtocol), stream.NegotiatedCipherSuite.ToString(), identity.Serial,
                identity.NotAfter, RevocationFacts.Of(identity.Trust));
            return (stream, null);
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or SocketException
            or CryptographicException)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            return (null, tls.Refusal is { } refusal
                ? new ConnectOutcome(VerdictOf(refusal.Doubt), refusal.Sentence)
                : Outcome(exception));
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

    private static ConnectVerdict VerdictOf(BrokerDoubt doubt) => doubt switch
    {
        BrokerDoubt.Clock => ConnectVerdict.Clock,
        BrokerDoubt.Dates => ConnectVerdict.BrokerDates,
        BrokerDoubt.WrongUse => ConnectVerdict.WrongUse,
        BrokerDoubt.OtherHost => ConnectVerdict.OtherHost,
        BrokerDoubt.Revoked => ConnectVerdict.Revoked,
        _ => ConnectVerdict.ForeignBroker,
    };
}
