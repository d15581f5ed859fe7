using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Sluice.Agent.Asking;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Renewal;
using Sluice.Agent.Uplink;
using Sluice.Plant.Clock;
using Sluice.Plant.Identities;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Store;

namespace Sluice.Fast.Renewal;

/// <summary>
/// A gateway with a certificate of 90 days, its registration authority and its broker, all in memory and stepped. What
/// the authority answers and whom the broker takes, a test says.
/// </summary>
internal sealed class RenewalWorld : IDisposable
{
    public const string Gateway = "gw-042";
    public const string Site = "plant1";
    public const string Base = "sluice/v1/plant1/gw-042";
    public const string Passphrase = "a passphrase";

    public static readonly TimeSpan Life = TimeSpan.FromDays(90);

    private static readonly DateTimeOffset Begin = new(2027, 3, 1, 6, 0, 0, TimeSpan.Zero);

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-renewal-").FullName;
    private readonly AuthorityFolder folder;
    private readonly Dictionary<string, byte[]> answered = [];
    private LinkAttempt attempt = LinkAttempt.None;

    public RenewalWorld(SimulatedIdentityDisk? disk = null, SimulatedTpm? tpm = null)
    {
        Tpm = tpm;
        folder = AuthorityFolder.Open(directory);
        Authority = new PlantAuthority(folder, Machine) { PassphraseRounds = 1 };
        Authority.Make(Site, "the root's passphrase", Passphrase);
        Disk = disk ?? new SimulatedIdentityDisk();
        var made = KeyRequest.MakeKeyAndRequest(Gateway, Site);
        Import(made, Authority.Sign(KeyRequest.Read(made, out _)!, Passphrase, Life).Bundle);
        new IdentityStore(Disk).Activate(forgetsRequest: false);
        Answer = message => [Bundle(message, Sign(message))];
        Start();
    }

    public SimulatedMachine Machine { get; } = new(Begin, isSynchronised: true);

    public PlantAuthority Authority { get; }

    public SimulatedIdentityDisk Disk { get; set; }

    /// <summary>Where new keys are made; null: in files.</summary>
    public SimulatedTpm? Tpm { get; set; }

    public RenewalWork Work { get; private set; } = null!;

    public IdentitySurroundings Surroundings => new()
    {
        Configuration = Configuration with { Identity = new IdentitySettings
        {
            Directory = "none", IsKeyInTpm = Tpm is not null,
        } },
        Chip = Tpm ?? new SimulatedTpm { IsMissing = true },
        Clock = Machine,
        HostClock = Machine,
        Look = () =>
        {
            Machine.Advance(LookTakes);
            return IsUnreadable ? throw new IOException("Input/output error") : new OpenIdentityDisk(Disk);
        },
        Open = () => IsLocked ? null : new OpenIdentityDisk(Disk),
    };

    /// <summary>The CA's own folder.</summary>
    public string AuthorityPath => directory;

    /// <summary>What the authority sends when it hears a request.</summary>
    public Func<OutboundMessage, IEnumerable<InboundMessage>> Answer { get; set; }

    /// <summary>What the broker says to a PUBLISH.</summary>
    public Func<OutboundMessage, DeliveryOutcome> Broker { get; set; } = _ => DeliveryOutcome.Accepted;

    /// <summary>Whom the broker lets in, by the certificate's number.</summary>
    public Func<string, ConnectVerdict> LetsIn { get; set; } = _ => ConnectVerdict.Connected;

    /// <summary>How a second session ends.</summary>
    public Func<bool> Proof { get; set; } = () => true;

    /// <summary>A verb has the directory locked.</summary>
    public bool IsLocked { get; set; }

    /// <summary>How long one look at the disk takes.</summary>
    public TimeSpan LookTakes { get; set; }

    /// <summary>What the last step that did nothing said of how long to sleep.</summary>
    public TimeSpan? Wait { get; private set; }

    /// <summary>The disk cannot even be looked at.</summary>
    public bool IsUnreadable { get; set; }

    public List<OutboundMessage> Requests { get; } = [];

    public List<string> Confirmed { get; } = [];

    public int Proofs { get; private set; }

    public int Moves { get; private set; }

    public string MainSerial => attempt.Verdict == ConnectVerdict.Connected ? attempt.Serial : "";

    public IdentityState State => new IdentityStore(Disk).Look();

    public string Active => SerialOf(State.Active!);

    public TimeSpan Now => TimeSpan.FromTicks(Machine.GetTimestamp());

    /// <summary>Another start of the agent, on what the disk holds.</summary>
    public void Start()
    {
        Work = new RenewalWork(Surroundings);
        attempt = LinkAttempt.None;
        Connect();
    }

    /// <summary>The publisher tries once, with what is in use.</summary>
    public void Connect()
    {
        var serial = Active;
        var verdict = LetsIn(serial);
        attempt = new LinkAttempt(attempt.Number + 1, verdict, verdict == ConnectVerdict.Connected
            ? "" : $"the broker says {verdict}.", verdict == ConnectVerdict.Connected ? serial : "");
    }

    /// <summary>One step of the loop. False where there is nothing to do at this moment.</summary>
    public bool Step()
    {
        var isConnected = attempt.Verdict == ConnectVerdict.Connected;
        var step = Work.Next(Now, attempt, isConnected);
        Wait = step.Wait;
        switch (step.Kind)
        {
            case RenewalWorkKind.Deliver:
                Deliver(step.Message!);
                return true;
            case RenewalWorkKind.Prove:
                Proofs++;
                var passes = Proof();
                Work.Proved(passes, mayPass: true, passes ? "accepted" : "refused", Now);
                return true;
            case RenewalWorkKind.Move:
                Moves++;
                Work.Moved(attempt);
                Connect();
                return true;
            case RenewalWorkKind.GoOn:
                return true;
            default:
                if (!isConnected)
                {
                    Connect();
                }

                return false;
        }
    }

    /// <summary>Lets it work for so long; where nothing is due, time passes.</summary>
    public void Run(TimeSpan span)
    {
        var until = Now + span;
        while (Now < until)
        {
            if (!Step())
            {
                // The loop looks again after a while in any case, and a publisher without a connection soon.
                TimeSpan[] waits = [Wait ?? TimeSpan.FromHours(6), until - Now, MainSerial.Length > 0
                    ? TimeSpan.FromHours(6) : TimeSpan.FromSeconds(20)];
                Machine.Advance(waits.Min() + TimeSpan.FromMilliseconds(1));
            }
        }
    }

    /// <summary>Works until nothing is due at this moment.</summary>
    public void Settle()
    {
        for (var steps = 0; Step(); steps++)
        {
            if (steps > 100)
            {
                throw new InvalidOperationException($"It spins: {Work.View.Stage}, {Work.View.Sentence}");
            }
        }
    }

    public void AskNow()
    {
        Work.Ask(Now);
        Settle();
    }

    /// <summary>The authority's signature on a request; the same again for the same correlation.</summary>
    public byte[] Sign(OutboundMessage message, TimeSpan? life = null)
    {
        var id = Convert.ToHexString(message.Correlation.Span);
        if (!answered.TryGetValue(id, out var bundle))
        {
            var request = KeyRequest.Read(message.Payload.ToArray(), out var problem)
                ?? throw new InvalidOperationException(problem);
            bundle = Authority.Sign(request, Passphrase, life ?? Life).Bundle;
            answered[id] = bundle;
        }

        return bundle;
    }

    /// <summary>The requested key under another name, signed by the issuing authority all the same.</summary>
    public X509Certificate2 SignAs(OutboundMessage message, string subject)
    {
        var asked = KeyRequest.Read(message.Payload.ToArray(), out _)!;
        using var issuing = folder.ReadCertificate("issuing.pem");
        using var key = folder.ReadKey("issuing.key", Passphrase);
        using var withKey = issuing.CopyWithPrivateKey(key);
        var request = new CertificateRequest(
            new X500DistinguishedName(subject),
            PublicKey.CreateFromSubjectPublicKeyInfo(asked.PublicKeyInfo.Span, out _), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        var now = Machine.GetUtcNow();
        return request.Create(withKey, now, now + Life, [1, 2, 3, 4]);
    }

    public static BundleContent ContentOf(byte[] bundle) =>
        BundleContent.Read(BundleEnvelope.Open(bundle, out _)!.Payload, out _)!;

    /// <summary>Other content, signed by the one who may.</summary>
    public byte[] Resign(byte[] bundle, Func<BundleContent, BundleContent> change)
    {
        using var key = folder.ReadKey("signer.key", Passphrase);
        return BundleEnvelope.Seal(
            change(ContentOf(bundle)).Write(), BundleEnvelope.Open(bundle, out _)!.Signers, key);
    }

    public static InboundMessage Bundle(OutboundMessage to, byte[] bundle) => new($"{Base}/cert/reply", bundle)
    {
        Correlation = to.Correlation,
        ContentType = RenewalReply.BundleType,
    };

    public static InboundMessage Refusal(OutboundMessage to, string why, int retryAfterSeconds) =>
        new($"{Base}/cert/reply", Encoding.UTF8.GetBytes(
            $$"""{"v":1,"refused":"{{why}}","retryAfterSeconds":{{retryAfterSeconds}}}"""))
        {
            Correlation = to.Correlation,
            ContentType = RenewalReply.RefusalType,
        };

    /// <summary>Puts a bundle beside what is in use, as a person does.</summary>
    public void Import(byte[] keyAndRequest, byte[] bundle)
    {
        var content = ContentOf(bundle);
        using var leaf = X509CertificateLoader.LoadCertificate(content.Chain[0].Span);
        new IdentityStore(Disk).Stage(content.Version, BundleInstall.Files(
            content, bundle, StoredIdentity.KeyIn(keyAndRequest, Fingerprint.OfKey(leaf))!));
    }

    /// <summary>The certificate's number of a version, whose key must be there and fit.</summary>
    public string SerialOf(string version)
    {
        var store = new IdentityStore(Disk);
        using var leaf = new StoredIdentity(store).Leaf(version)
            ?? throw new InvalidOperationException($"Version {version} has no certificate.");
        var key = store.ReadFile(version, IdentityDirectory.KeyFile) ?? [];
        return StoredIdentity.KeyIn(key, Fingerprint.OfKey(leaf)) is not null
            ? leaf.SerialNumber
            : throw new InvalidOperationException($"Version {version} has not the key of its certificate.");
    }

    public void Dispose()
    {
        folder.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static GatewayConfiguration Configuration => new()
    {
        Gateway = new GatewayName(Site, Gateway),
        Broker = new BrokerSettings
        {
            Host = "broker",
            Addresses = [IPAddress.Loopback],
            Network = IPNetwork.Parse("127.0.0.0/8"),
        },
        Identity = new IdentitySettings { Directory = "none" },
        Buffer = new BufferSettings { Directory = "none" },
        Publish = new PublishSettings(),
        Sources = [],
        Hash = "",
    };

    private void Deliver(OutboundMessage message)
    {
        var outcome = Broker(message);
        var answers = new List<InboundMessage>();
        if (outcome.Verdict == DeliveryVerdict.Accepted)
        {
            if (message.Topic == $"{Base}/cert/csr")
            {
                Requests.Add(message);
                answers.AddRange(Answer(message));
            }
            else if (message.Topic == $"{Base}/cert/confirm")
            {
                using var json = JsonDocument.Parse(message.Payload);
                Confirmed.Add(json.RootElement.GetProperty("serial").GetString()!);
            }
        }

        Work.Settle(outcome, Now);
        answers.ForEach(answer => Work.Take(answer, Now));
    }
}
