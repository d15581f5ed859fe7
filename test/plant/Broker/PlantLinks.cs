using System.Net;
using System.Security.Cryptography.X509Certificates;
using Sluice.Mes;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Plant.Keys;

namespace Sluice.Plant.Broker;

/// <summary>Sessions at the embedded broker for whoever the plant's keys can name.</summary>
public static class PlantLinks
{
    public static MesIdentity Identity(this PlantKeys keys, IssuedCertificate certificate) =>
        new(certificate.Context(), [X509CertificateLoader.LoadCertificate(keys.Root.RawData)]);

    public static MesBroker Where(this EmbeddedBroker broker) =>
        new(new IPEndPoint(broker.Address, broker.Port), broker.Host);

    /// <summary>The MES's own door: it stays open while the cable to the gateways is cut.</summary>
    public static MesBroker MesDoor(this EmbeddedBroker broker) =>
        new(new IPEndPoint(broker.Address, broker.MesPort), broker.Host);

    /// <summary>
    /// A session of an identity with a certificate made for it; nothing is kept at the broker after it.
    /// </summary>
    public static Task<MesLink> ConnectAsync(
        this EmbeddedBroker broker,
        PlantKeys keys,
        string name,
        Action<MesMessage> received,
        CancellationToken cancellationToken) =>
        MesLink.ConnectAsync(
            broker.Where(), keys.Identity(keys.IssueClient(name)), name, TimeSpan.Zero, received, cancellationToken);
}
