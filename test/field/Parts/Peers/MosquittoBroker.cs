using System.Globalization;
using Sluice.Plant.Keys;

namespace Sluice.Field.Parts.Peers;

/// <summary>
/// A mosquitto of our own on a free port of loopback: mutual TLS 1.3, the identity as user name, the ACL of the
/// contract. Nothing of the machine's own mosquitto is touched: own configuration, own files, own process.
/// </summary>
internal sealed class MosquittoBroker : IAsyncDisposable
{
    public const string Host = "mes-broker.dmz.plant1";

    private readonly FieldDirectory directory;
    private ChildProcess? child;

    public MosquittoBroker(FieldDirectory directory, PlantKeys keys)
        : this(directory, keys.WriteBrokerFiles(directory.At("broker"), Host))
    {
    }

    public MosquittoBroker(FieldDirectory directory, BrokerFiles files)
    {
        this.directory = directory;
        Files = files;
        Directory.CreateDirectory(directory.At("broker", "store"));
        WriteAcl(AclOfTheContract);
    }

    public int Port { get; init; } = FieldDirectory.FreePort();

    /// <summary>Put in front of the program: <c>ip netns exec …</c>.</summary>
    public string[] Inside { get; init; } = [];

    public BrokerFiles Files { get; }

    /// <summary>Where it listens from the next start on, each with the same TLS.</summary>
    public IReadOnlyList<string> Addresses { get; set; } = ["127.0.0.1"];

    /// <summary>The one cipher suite that it offers from the next start on; empty: what openssl thinks best.</summary>
    public string Cipher { get; set; } = "";

    /// <summary>
    /// The one TLS version that it speaks from the next start on. mosquitto 2.0 takes it for the oldest, so the newest
    /// is set for its OpenSSL.
    /// </summary>
    public string TlsVersion { get; set; } = "tlsv1.3";

    /// <summary>Messages that it keeps for a client that is away, from the next start on.</summary>
    public int QueuedMessagesMax { get; set; } = 100_000;

    /// <summary>What it logs: everything, or where figures are taken what is seldom.</summary>
    public IReadOnlyList<string> LogTypes { get; init; } = ["all"];

    /// <summary>Its log of the present run.</summary>
    public ChildProcess Process => child ?? throw new InvalidOperationException("The broker does not run.");

    /// <summary>What a gateway may do follows from its certificate; the MES reads everything and may ask.</summary>
    public static string AclOfTheContract => """
        pattern write sluice/v1/plant1/%u/#
        pattern read sluice/v1/plant1/%u/ask
        pattern read sluice/v1/plant1/%u/cert/reply
        pattern read sluice/v1/plant1/trust
        user mes
        topic read sluice/v1/#
        topic write sluice/v1/+/+/ask

        """;

    public void WriteAcl(string acl)
    {
        var path = directory.At("broker", "acl");
        File.WriteAllText(path, acl);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        child?.Hangup();
    }

    public async Task StartAsync()
    {
        await File.WriteAllTextAsync(directory.At("broker", "mosquitto.conf"), Configuration());
        await File.WriteAllTextAsync(directory.At("broker", "openssl.cnf"), $"""
            openssl_conf = all
            [all]
            ssl_conf = ssl
            [ssl]
            system_default = own
            [own]
            MaxProtocol = TLSv{TlsVersion["tlsv".Length..]}

            """);
        string[] all = [.. Inside, "/usr/sbin/mosquitto", "-c", directory.At("broker", "mosquitto.conf")];
        child = ChildProcess.Start(all[0], all[1..],
            environment: new Dictionary<string, string>
            {
                ["OPENSSL_CONF"] = directory.At("broker", "openssl.cnf"),
            });
        await child.SaysAsync("running", TimeSpan.FromSeconds(20));
    }

    /// <summary>As a maintenance window ends it: it writes its state.</summary>
    public async Task StopAsync()
    {
        await Process.TerminateAsync(TimeSpan.FromSeconds(20));
        await DisposeAsync();
    }

    /// <summary>As a power cut ends it: it writes nothing.</summary>
    public async Task KillAsync()
    {
        await Process.KillAsync();
        await DisposeAsync();
    }

    /// <summary>
    /// While it is down: what it wrote at its last stop is gone. Sessions, queues, retained messages.
    /// </summary>
    public void ForgetState() => File.Delete(directory.At("broker", "store", "mosquitto.db"));

    public async ValueTask DisposeAsync()
    {
        if (child is not null)
        {
            await child.DisposeAsync();
            child = null;
        }
    }

    // Not max_queued_messages 0 for "no limit": mosquitto 2.0.11 then closes the connection after each refused PUBLISH
    // (its check for that limit after a refusal takes 0 for a number).
    private string Configuration() => string.Concat(Addresses.Select(Listener)) + $"""
        user root
        allow_anonymous false
        acl_file {directory.At("broker", "acl")}
        persistence true
        persistence_location {directory.At("broker", "store")}/
        max_queued_messages {QueuedMessagesMax.ToString(CultureInfo.InvariantCulture)}
        max_inflight_messages 0
        log_dest stderr
        {string.Join('\n', LogTypes.Select(type => $"log_type {type}"))}

        """;

    private string Listener(string address) => string.Create(CultureInfo.InvariantCulture, $"""
        listener {Port} {address}
        cafile {Files.Authority}
        certfile {Files.Certificate}
        keyfile {Files.Key}
        crlfile {Files.Crl}
        tls_version {TlsVersion}
        {(Cipher.Length == 0 ? "" : (TlsVersion == "tlsv1.3" ? "ciphers_tls1.3 " : "ciphers ") + Cipher)}
        require_certificate true
        use_identity_as_username true

        """);
}
