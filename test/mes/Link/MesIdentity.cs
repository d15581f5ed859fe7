using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Mes.Link;

/// <summary>Who the receiver is towards the broker, and whom it believes.</summary>
/// <param name="Client">Its own certificate with key and intermediates.</param>
/// <param name="Roots">The plant's roots, nothing else.</param>
public sealed record MesIdentity(SslStreamCertificateContext Client, X509Certificate2Collection Roots)
{
    /// <summary>From PEM files: a chain (leaf first), its key, the roots.</summary>
    public static MesIdentity Read(string chainFile, string keyFile, string rootsFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(chainFile);
        var leaf = X509Certificate2.CreateFromPemFile(chainFile, keyFile);
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(rootsFile);
        chain.RemoveAt(0);
        return new MesIdentity(SslStreamCertificateContext.Create(leaf, chain, offline: true), roots);
    }

    internal SslClientAuthenticationOptions Tls(string host)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Roots);
        policy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        return new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificateContext = Client,
            CertificateChainPolicy = policy,
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
    }
}
