using System.Net;
using Sluice.Agent.Binding;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Plant.Broker;
using Sluice.Plant.Clock;
using Sluice.Plant.Identities;
using Sluice.Plant.Keys;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Store;

namespace Sluice.Fast.Validity;

/// <summary>
/// A gateway with a clock that can be put anywhere, an identity directory on this disk, the CA of sluice-provision, and
/// a broker of the same plant: what the verbs of the identity work on.
/// </summary>
internal sealed class EnrolledGateway : IAsyncDisposable
{
    public const string Id = "gw-042";
    private const string Passphrase = "a passphrase";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-enrolled-").FullName;
    private readonly AuthorityFolder folder;
    private readonly PlantKeys keys = new();
    private readonly LinuxIdentityDisk disk;

    public EnrolledGateway()
    {
        folder = AuthorityFolder.Open(Path.Combine(directory, "ca"));
        Authority = new PlantAuthority(folder, TimeProvider.System) { PassphraseRounds = 1000 };
        Authority.Make("plant1", "the root's passphrase", Passphrase);
        Broker = new EmbeddedBroker(keys, null);
        disk = LinuxIdentityDisk.Open(IdentityPath);
    }

    public PlantKeys Keys => keys;

    /// <summary>What the verbs find this machine to be.</summary>
    public MachineFacts Machine { get; set; } = MachineFacts.None;

    public string? Tpm { get; set; }

    /// <summary>Its chip; keys are made there where the configuration says so.</summary>
    public SimulatedTpm Chip { get; set; } = new() { IsMissing = true };

    public bool IsKeyInTpm { get; set; }

    public MovedClock Clock { get; } = new() { Synchronised = true };

    public EmbeddedBroker Broker { get; }

    internal PlantAuthority Authority { get; }

    public string IdentityPath => Path.Combine(directory, "identity");

    public string Stick => Path.Combine(directory, "stick");

    public GatewayConfiguration Configuration => new()
    {
        Gateway = new GatewayName("plant1", Id),
        Broker = new BrokerSettings
        {
            Host = "mes-broker.dmz.plant1",
            Addresses = [IPAddress.Loopback],
            Port = Broker.Port,
            Network = IPNetwork.Parse("127.0.0.0/8"),
        },
        Identity = new IdentitySettings { Directory = IdentityPath, IsKeyInTpm = IsKeyInTpm },
        Buffer = new BufferSettings { Directory = directory },
        Sources = [],
        Hash = new string('0', 64),
    };

    public EnrolmentContext Context =>
        new(Configuration, disk, Clock, Clock, new EnrolmentUser("somebody", "none"))
        {
            Machine = Machine, Tpm = Tpm, Chip = Chip,
        };

    public void SetClock(DateTimeOffset wall, bool isSet)
    {
        Clock.Step(wall - Clock.GetUtcNow());
        Clock.Synchronised = isSet;
    }

    /// <summary>A key is made here, and its bundle lies on the stick.</summary>
    public void BringBundle()
    {
        Directory.CreateDirectory(Stick);
        new Enrol(Context).Init(anew: true);
        var request = KeyRequest.Read(Context.Store.ReadPending()!, out _)!;
        var (bundle, _, _) = Authority.Sign(request, Passphrase, TimeSpan.FromDays(365));
        var file = StickLayout.BundleOf(Stick, Id);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bundle);
    }

    public Sluice.Provisioning.Verbs.VerbReport Import() => new Enrol(Context).Import(Stick, _ => true);

    /// <summary>An identity of the broker's own CA in use, laid out by hand.</summary>
    public IssuedCertificate UseIdentity(CertificateWish? wish = null)
    {
        var certificate = keys.Issue(wish ?? CertificateWish.Client(Id));
        keys.WriteIdentityVersion(IdentityPath, Id, certificate, "0001");
        return certificate;
    }

    /// <summary>The lists of the identity in use are replaced.</summary>
    public void UseLists(DateTimeOffset nextUpdate) =>
        File.WriteAllText(Path.Combine(IdentityPath, "current", "crl.pem"), keys.CrlPem(nextUpdate));

    public void Revoke(IssuedCertificate certificate)
    {
        keys.Revoke(certificate);
        UseLists(Clock.GetUtcNow().AddDays(30));
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        disk.Dispose();
        folder.Dispose();
        keys.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
