using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Identities;

/// <summary>
/// Who this gateway is: its certificate with the private key, the chain up to the plant's root, and whom it trusts.
/// Made by <see cref="IdentityDirectory"/> only, after everything in it was found to belong together.
/// </summary>
public sealed class Identity : IDisposable
{
    /// <summary>What <see cref="NotEarlierThan"/> comes from, for a technician.</summary>
    internal const string MadeWords = "its own certificate or revocation list was made";

    internal Identity(
        string gatewayId, string version, X509Certificate2 leaf, X509Certificate2Collection intermediates,
            TrustAnchors trust)
    {
        GatewayId = gatewayId;
        Version = version;
        Leaf = leaf;
        Intermediates = intermediates;
        Trust = trust;
    }

    /// <summary>The certificate's common name: MQTT client id and topic level in one.</summary>
    public string GatewayId { get; }

    /// <summary>The directory that was active, <c>0001</c>.</summary>
    public string Version { get; }

    /// <summary>The gateway's certificate, with its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>What stands between leaf and root; sent along, because the broker may know the root only.</summary>
    public X509Certificate2Collection Intermediates { get; }

    /// <summary>The plant's roots and revocation lists.</summary>
    public TrustAnchors Trust { get; }

    public DateTimeOffset NotBefore => new(Leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    public DateTimeOffset NotAfter => new(Leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>The certificate's number, as the CA's list of revoked ones writes it.</summary>
    public string Serial => Leaf.SerialNumber;

    /// <summary>
    /// No moment before this can be now: the certificate was already made, and so were the revocation lists. A gateway
    /// whose clock is dead at boot judges dates by this instead.
    /// </summary>
    public DateTimeOffset NotEarlierThan =>
        Trust.RevocationLists.Select(list => list.ThisUpdate).Append(NotBefore).Max();

    /// <summary>The time by which dates are judged where this is the own identity.</summary>
    public ValidityTime Judging(ValidityTime time) => time.NotBefore(NotEarlierThan, MadeWords);

    public void Dispose()
    {
        Leaf.Dispose();
        foreach (var certificate in Intermediates)
        {
            certificate.Dispose();
        }

        Trust.Dispose();
    }
}
