using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Fast.Provisioning.Registration;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;
using CaKeys = Sluice.Plant.Keys.Authority;

namespace Sluice.Fast.Provisioning.Tool.Elsewhere;

/// <summary>A plant with a CA of its own, a folder that only signs bundles, and a gateway's request.</summary>
internal sealed class ElsewhereBench : IDisposable
{
    public const string Site = "plant1";
    public const string Gateway = "gw-042";
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-elsewhere-").FullName;
    private readonly byte[] keyAndRequest = KeyRequest.MakeKeyAndRequest(Gateway, Site);

    public ElsewhereBench()
    {
        var now = Clock.GetUtcNow();
        Root = CaKeys.SelfSigned("Plant root", now.AddDays(-100), now.AddDays(3650));
        Issuing = Root.Subordinate("Plant issuing", now.AddDays(-50), now.AddDays(1000));
        using (var folder = AuthorityFolder.Open(Ca))
        {
            new PlantAuthority(folder, Clock) { PassphraseRounds = 1000 }
                .MakeForBundles(Site, "the root's passphrase", BundleBench.Passphrase);
        }

        File.WriteAllText(At("passphrase"), BundleBench.Passphrase + "\n");
        Request = KeyRequest.Read(keyAndRequest, out _)!;
        Write("request.pem", Request.Pem);
        Write("root.pem", Root.Public.ExportCertificatePem() + "\n");
        Write("issuing.pem", Issuing.Public.ExportCertificatePem() + "\n");
        Write("issuing.crl", Issuing.Crl(now.AddDays(-1), now.AddDays(30)));
        Write("root.crl", Root.Crl(now.AddDays(-1), now.AddDays(300)));
    }

    public SteppedClock Clock { get; } = new();

    public CaKeys Root { get; }

    public CaKeys Issuing { get; }

    public KeyRequest Request { get; }

    public string Said { get; private set; } = "";

    public string Ca => At("ca");

    public string Bundle => StickLayout.BundleOf(At("stick"), Gateway);

    public Register Register
    {
        get
        {
            using var folder = AuthorityFolder.Open(Ca);
            return folder.ReadRegister();
        }
    }

    public X509Certificate2 BundleRoot
    {
        get
        {
            using var folder = AuthorityFolder.Open(Ca);
            return new PlantAuthority(folder, Clock).Root;
        }
    }

    public string At(string name) => Path.Combine(directory, name);

    public void Write(string name, string text) => File.WriteAllText(At(name), text, Encoding.ASCII);

    /// <summary>A certificate as a CA makes it that asks nobody what is in it.</summary>
    public X509Certificate2 Signed(
        CaKeys by, string name = Gateway, string? usage = ClientUsage, bool isAuthority = false,
        X509KeyUsageFlags keyUsage = X509KeyUsageFlags.DigitalSignature, KeyRequest? request = null,
        (int From, int To)? days = null)
    {
        var key = PublicKey.CreateFromSubjectPublicKeyInfo((request ?? Request).PublicKeyInfo.Span, out _);
        var asked = new CertificateRequest(new X500DistinguishedName($"CN={name}"), key, HashAlgorithmName.SHA256);
        asked.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        asked.CertificateExtensions.Add(new X509KeyUsageExtension(keyUsage, true));
        if (usage is not null)
        {
            asked.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        var now = Clock.GetUtcNow();
        return by.Sign(asked, now.AddDays(days?.From ?? -1), now.AddDays(days?.To ?? 365));
    }

    /// <summary>The plant's CA signs the gateway's request, and hands the chain over.</summary>
    public X509Certificate2 Answer(X509Certificate2? leaf = null, string file = "chain.pem", bool isCut = false)
    {
        leaf ??= Signed(Issuing);
        Write(file, leaf.ExportCertificatePem() + "\n" + Issuing.Public.ExportCertificatePem() + "\n"
            + (isCut ? "" : Root.Public.ExportCertificatePem() + "\n"));
        return leaf;
    }

    /// <summary>Everything right, but for what is said otherwise.</summary>
    public Task<int> MakeAsync(params string[] more) => MakeAsync(["issuing.crl", "root.crl"], more);

    public Task<int> MakeAsync(string[] lists, params string[] more) => RunAsync("",
    [
        "bundle", "make", "--request", At("request.pem"), "--chain", At("chain.pem"),
        .. lists.SelectMany(list => new[] { "--crl", At(list) }), "--out", At("stick"),
        "--root-fingerprint", Fingerprint.Of(Root.Public), "--fingerprint", Request.KeyFingerprint,
        "--passphrase-file", At("passphrase"), .. more,
    ]);

    public async Task<int> RunAsync(string typed, params string[] arguments)
    {
        using var text = new StringWriter();
        var code = await new ToolCommandLine
        {
            Output = text,
            Error = text,
            Input = new StringReader(typed),
            IsTerminal = typed.Length > 0,
            Clock = Clock,
        }.InvokeAsync([.. arguments, "--ca", Ca], CancellationToken.None);
        Said = text.ToString();
        return code;
    }

    /// <summary>What the gateway says to a bundle: its own judge.</summary>
    public BundleVerdict Judged(byte[]? bundle = null) => BundleJudge.Judge(
        bundle ?? File.ReadAllBytes(Bundle), new BundleExpectation
        {
            GatewayId = Gateway,
            Site = Site,
            VersionMax = 0,
            ConfirmsRoot = root => root.RawData.AsSpan().SequenceEqual(BundleRoot.RawData),
            HasKeyOf = certificate => Fingerprint.OfKey(certificate) == Request.KeyFingerprint,
            Time = Time,
        });

    public ValidityTime Time =>
        ValidityTime.Of(Clock.GetUtcNow(), true, DateTimeOffset.UnixEpoch, lastGood: null, ownNotBefore: null);

    public void Dispose()
    {
        Root.Dispose();
        Issuing.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
