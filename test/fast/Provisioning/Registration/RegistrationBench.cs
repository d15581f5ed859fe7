using System.Text;
using System.Text.Json;
using Sluice.Provision.Authority;
using Sluice.Provision.Registration;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Requests;

namespace Sluice.Fast.Provisioning.Registration;

/// <summary>A CA of its own, with one gateway that has its certificate, and the office before it.</summary>
internal sealed class RegistrationBench : IDisposable
{
    public const string Site = "plant1";
    public const string Known = "gw-1";
    public const string Passphrase = "a passphrase";

    private int correlations;

    public RegistrationBench(DeskPolicy? policy = null)
    {
        using (var folder = AuthorityFolder.Open(Ca))
        {
            var authority = new PlantAuthority(folder, Clock) { PassphraseRounds = 1000 };
            authority.Make(Site, "the root's passphrase", Passphrase);
            First = authority.Sign(RequestOf(Known), Passphrase, TimeSpan.FromDays(100)).Registered.Serial;
        }

        Policy = policy ?? new DeskPolicy();
        Office = Begin();
    }

    public SteppedClock Clock { get; } = new();

    public DeskPolicy Policy { get; }

    public string Ca { get; } = Directory.CreateTempSubdirectory("sluice-ra-").FullName;

    public RegistrationOffice Office { get; private set; }

    public List<string> Said { get; } = [];

    /// <summary>The certificate that the known gateway got with a stick.</summary>
    public string First { get; }

    public AuditVerdict Audit => new AuditLog(new FolderDisk(Ca)).Check(null);

    public IReadOnlyList<AuditEntry> Acts => new AuditLog(new FolderDisk(Ca)).Newest(1000);

    public Register Register
    {
        get
        {
            using var folder = AuthorityFolder.Open(Ca);
            return folder.ReadRegister();
        }
    }

    public static KeyRequest RequestOf(string gateway, string site = Site) =>
        KeyRequest.Read(KeyRequest.MakeKeyAndRequest(gateway, site), out _)!;

    /// <summary>The office as it is after the process was killed and began again.</summary>
    public void Restart() => Office = Begin();

    public DeskMessage Csr(KeyRequest request, string? topicOf = null) => Csr(
        topicOf ?? request.GatewayId, Encoding.ASCII.GetBytes(request.Pem));

    public DeskMessage Csr(string gateway, byte[] payload) => new($"sluice/v1/{Site}/{gateway}/cert/csr", payload)
    {
        ContentType = RegistrationDesk.RequestType,
        Correlation = NewCorrelation(),
    };

    public static DeskMessage Confirm(string gateway, string serial) => new(
        $"sluice/v1/{Site}/{gateway}/cert/confirm",
        Encoding.UTF8.GetBytes($$"""{"v":1,"version":2,"serial":"{{serial}}"}"""));

    public byte[] NewCorrelation()
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, ++correlations);
        return bytes;
    }

    public static (string Sentence, long RetryAfter) Refusal(DeskAnswer? answer)
    {
        using var json = JsonDocument.Parse(answer!.Payload);
        return (json.RootElement.GetProperty("refused").GetString()!,
            json.RootElement.GetProperty("retryAfterSeconds").GetInt64());
    }

    public void Change(Func<Register, Register> change)
    {
        using var folder = AuthorityFolder.Open(Ca);
        folder.Write(change(folder.ReadRegister()));
    }

    public void InCa(Action<PlantAuthority> act)
    {
        using var folder = AuthorityFolder.Open(Ca);
        act(new PlantAuthority(folder, Clock) { PassphraseRounds = 1000 });
    }

    public void Dispose() => Directory.Delete(Ca, recursive: true);

    private RegistrationOffice Begin() => new(Ca, Site, Passphrase, Policy, Clock, Said.Add);
}

/// <summary>Stands still until it is stepped.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private DateTimeOffset now = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
    private long elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => elapsed;

    public void Step(TimeSpan by)
    {
        now += by;
        elapsed += by.Ticks;
    }

    /// <summary>Somebody sets the clock: no time passes.</summary>
    public void Set(TimeSpan by) => now += by;
}
