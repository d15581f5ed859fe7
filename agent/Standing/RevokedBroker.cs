using System.Security.Cryptography.X509Certificates;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Trust;

namespace Sluice.Agent.Standing;

/// <summary>Whether the broker of an open session was revoked since the session began. A core.</summary>
internal static class RevokedBroker
{
    /// <param name="chain">What it showed then: its certificate first, the root last; DER.</param>
    /// <param name="trust">Whom the gateway believes now.</param>
    /// <param name="time">By what dates are judged; a list that is late ends no session.</param>
    public static Withdrawal? Of(IReadOnlyList<ReadOnlyMemory<byte>> chain, TrustAnchors trust, ValidityTime time)
    {
        var certificates = chain.Select(der => X509CertificateLoader.LoadCertificate(der.Span)).ToList();
        try
        {
            return trust.CheckRevocation(certificates, time) is { IsRevoked: true, Refusal: { } why }
                ? new Withdrawal(
                    $"{why}: it is the broker's, so the connection was ended and none is made to it; readings are "
                    + "kept; give the broker a new certificate.", AnnouncementEncoder.ReasonStopped)
                : null;
        }
        finally
        {
            certificates.ForEach(certificate => certificate.Dispose());
        }
    }
}
