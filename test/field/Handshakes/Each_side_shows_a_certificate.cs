using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Xunit;

namespace Sluice.Field.Handshakes;

/// <summary>
/// Every kind of broker and of gateway, right and wrong, on real mosquitto: taken, or refused at the right step for the
/// right reason, in the words of <c>identity verify</c>. Once with a CA that OpenSSL made, once with ours.
/// </summary>
public sealed class Each_side_shows_a_certificate
{
    private const string Identity = "identity";
    private const string Tls = "TLS, the broker's certificate";
    private const string Mqtt = "MQTT, the gateway's certificate";
    private const string NoCommonTls = "no TLS version and cipher in common";
    private const int Together = 4;

    /// <param name="Certificate">What the broker shows.</param>
    /// <param name="FailsAt">The step; empty where the broker is believed.</param>
    /// <param name="Words">Of the sentence of that step; of the TLS step where it is believed.</param>
    private sealed record BrokerRow(string Certificate, string FailsAt, string Words)
    {
        /// <summary>What the broker speaks, as mosquitto writes it.</summary>
        public string Speaks { get; init; } = "tlsv1.3";

        public string Cipher { get; init; } = "";

        public string TlsMin { get; init; } = "1.3";

        public override string ToString() => $"a broker that shows '{Certificate}' and speaks {Speaks} {Cipher}, "
            + $"where the gateway wants {TlsMin}";
    }

    /// <param name="Certificate">What the gateway has.</param>
    /// <param name="FailsAt">The step; empty where the gateway is taken.</param>
    /// <param name="Words">Of the sentence of that step.</param>
    /// <param name="Broker">What mosquitto_pub is told with the same certificate; empty where it is taken.</param>
    private sealed record GatewayRow(string Certificate, string FailsAt, string Words, string Broker)
    {
        /// <summary>The gateway has heard of nothing that happened to it.</summary>
        public bool IsUnaware { get; init; } = true;

        public override string ToString() =>
            $"a gateway that has '{Certificate}'{(IsUnaware ? "" : " and the newest lists")}";
    }

    private static readonly BrokerRow[] Brokers =
    [
        new("good", "", "TLS 1.3"),
        new("by-root", "", "TLS 1.3"),
        new("chain-cut", Tls, "a certificate between the two is missing"),
        new("stranger", Tls, "does not lead to a root of this plant"),
        new("expired", Tls, "at least: it must be replaced"),
        new("early", Tls, "wait, or have it made with another date"),
        new("other-host", Tls, "is for other.dmz.plant1, 127.0.0.1, broker.host says mes-broker.dmz.plant1"),
        new("usage", Tls, "may not be used by a server (extended key usage serverAuth)"),
        new("revoked", Tls, "was revoked by"),
        new("good", "", "TLS 1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
        {
            Speaks = "tlsv1.2", Cipher = "ECDHE-ECDSA-AES128-GCM-SHA256", TlsMin = "1.2",
        },
        new("good", Tls, NoCommonTls) { Speaks = "tlsv1.2" },
        new("good", Tls, NoCommonTls) { Speaks = "tlsv1.2", Cipher = "ECDHE-ECDSA-AES128-SHA256", TlsMin = "1.2" },
        new("good", Tls, NoCommonTls) { Speaks = "tlsv1.1", Cipher = "ALL:@SECLEVEL=0", TlsMin = "1.2" },
    ];

    private static readonly GatewayRow[] Gateways =
    [
        new("good", "", "", ""),
        new("stranger", Mqtt, "does not know the CA that made the gateway's certificate", "alert unknown ca"),
        new("expired", Mqtt, "the gateway's certificate expired", "alert certificate expired"),
        new("revoked", Mqtt, "the gateway's certificate was revoked", "alert certificate revoked"),
        new("revoked", Identity, "this gateway may not publish any more", "alert certificate revoked")
        {
            IsUnaware = false,
        },
        new("usage", Identity, "may not be used as a client (extended key usage clientAuth)",
            "alert unsupported certificate"),
        new("other", Identity, "the certificate is for 'gw-1-other', this gateway is 'gw-1'", "Not authorized"),
        new("none", Identity, "chain.pem", "alert certificate required"),
    ];

    [Theory]
    [InlineData("OpenSSL")]
    [InlineData("sluice-provision")]
    public async Task A_broker_is_believed_or_refused_for_the_right_reason(string maker)
    {
        using var directory = new FieldDirectory();
        var keys = await HandshakeKeys.MakeAsync(directory, maker);
        await AllAsync(Brokers, async row =>
        {
            using var own = new FieldDirectory();
            await using var broker = new MosquittoBroker(own, keys.Broker(row.Certificate))
            {
                TlsVersion = row.Speaks, Cipher = row.Cipher,
            };
            await broker.StartAsync();
            if (row is { FailsAt.Length: > 0, Words: NoCommonTls })
            {
                await SpeaksAsync(keys, broker, row);
            }

            keys.WriteIdentity(own.At("identity"), "good");
            await TriedAsync(own, broker, row.FailsAt, row.Words, row.TlsMin);
        });
    }

    [Theory]
    [InlineData("OpenSSL")]
    [InlineData("sluice-provision")]
    public async Task A_gateway_is_taken_or_refused_for_the_right_reason(string maker)
    {
        using var directory = new FieldDirectory();
        var keys = await HandshakeKeys.MakeAsync(directory, maker);
        await using var broker = new MosquittoBroker(directory, keys.Broker("good"));
        await broker.StartAsync();
        await AllAsync(Gateways, async row =>
        {
            using var own = new FieldDirectory();
            keys.WriteIdentity(own.At("identity"), row.Certificate == "none" ? "good" : row.Certificate,
                row.Certificate == "stranger" ? keys.StrangersRoot : "",
                row.Certificate == "stranger" ? keys.GatewaysLists + keys.StrangersLists
                    : row.IsUnaware ? keys.GatewaysLists : keys.BrokersLists);
            if (row.Certificate == "none")
            {
                File.Delete(own.At("identity", "current", "chain.pem"));
            }

            await TriedAsync(own, broker, row.FailsAt, row.Words);
            await JudgedByTheBrokerAsync(keys, broker, row);
        });
    }

    /// <summary>What <c>verify</c> says of the identity in use, which was laid out by hand.</summary>
    private static async Task TriedAsync(
        FieldDirectory own, MosquittoBroker broker, string failsAt, string words, string tlsMin = "1.3")
    {
        await using var gateway = new FieldGateway(own);
        gateway.WithConfiguration(new FieldConfiguration
        {
            BrokerPort = broker.Port, PlantPort = broker.Port, TlsMin = tlsMin,
        });
        var (code, text) = await ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"), "identity", "verify",
            "--config", gateway.ConfigurationFile, "--socket", gateway.Socket, "--json");
        using var report = JsonDocument.Parse(text);
        var steps = report.RootElement.GetProperty("steps").EnumerateArray()
            .ToDictionary(step => step.GetProperty("name").GetString()!, step => (
                Passed: step.GetProperty("passed").GetBoolean(), Verdict: step.GetProperty("verdict").GetString()!));
        var failed = steps.Where(step => !step.Value.Passed).Select(step => step.Key).ToList();
        Assert.True(failed.SequenceEqual(failsAt.Length == 0 ? [] : [failsAt]), text);
        Assert.True(code == (failsAt.Length == 0 ? 0 : 65), text);
        Assert.Contains(words, steps[failsAt.Length == 0 ? Tls : failsAt].Verdict, StringComparison.Ordinal);
    }

    /// <summary>That the broker speaks what it is said to speak, and would be believed if that were enough.</summary>
    private static async Task SpeaksAsync(HandshakeKeys keys, MosquittoBroker broker, BrokerRow row)
    {
        var said = await OpenSslAsync(broker, keys.Client("good"), "-cipher", "ALL:@SECLEVEL=0", "-verify_hostname",
            MosquittoBroker.Host);
        Assert.Contains($"Protocol version: TLSv{row.Speaks["tlsv".Length..]}", said);
        Assert.Contains("Verification: OK", said);
    }

    /// <summary>The same certificate in the hands of clients that nobody here wrote.</summary>
    private static async Task JudgedByTheBrokerAsync(HandshakeKeys keys, MosquittoBroker broker, GatewayRow row)
    {
        string said;
        if (row.Broker.StartsWith("alert", StringComparison.Ordinal))
        {
            said = await OpenSslAsync(broker, row.Certificate == "none" ? null : keys.Client(row.Certificate),
                "-tls1_3", "-ign_eof");
        }
        else
        {
            var (certificate, key) = keys.Client(row.Certificate);
            (_, said) = await ChildProcess.RunAsync("/usr/bin/mosquitto_pub", "-h", "127.0.0.1", "-p",
                $"{broker.Port}", "--cafile", broker.Files.Authority, "--cert", certificate, "--key", key, "-V",
                "mqttv5", "-q", "1", "-t", $"sluice/v1/plant1/{FieldGateway.Id}/status", "-m", "{}");
        }

        Assert.True(row.Broker.Length == 0 ? said.Length == 0 : said.Contains(row.Broker, StringComparison.Ordinal),
            $"the broker says '{said[^Math.Min(said.Length, 400)..]}'");
    }

    private static async Task<string> OpenSslAsync(
        MosquittoBroker broker, (string Certificate, string Key)? client, params string[] more)
    {
        string[] shown = client is not { } own ? []
            : ["-cert", own.Certificate, "-cert_chain", own.Certificate, "-key", own.Key];
        var (_, said) = await ChildProcess.RunAsync("/usr/bin/openssl", ["s_client", "-brief", "-connect",
            $"127.0.0.1:{broker.Port}", "-CAfile", broker.Files.Authority, .. shown, .. more]);
        return said;
    }

    /// <summary>All rows, a few at a time, and every one that is otherwise.</summary>
    private static async Task AllAsync<T>(IEnumerable<T> rows, Func<T, Task> holds)
        where T : notnull
    {
        var otherwise = new List<string>();
        await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = Together }, async (row, _) =>
        {
            try
            {
                await holds(row);
            }
            catch (Exception fault)
            {
                lock (otherwise)
                {
                    otherwise.Add($"{row}:\n{fault.Message}");
                }
            }
        });
        Assert.True(otherwise.Count == 0, string.Join("\n\n", otherwise));
    }
}
