using System.Net;
using System.Security.Authentication;
using Sluice.Agent.Configuration;
using Sluice.Agent.Uplink;
using Sluice.Plant.Broker;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Fast.Uplink;

public sealed class MqttBrokerLinkTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task A_good_broker_takes_a_message_over_tls_13()
    {
        await using var bench = await BrokerLinkBench.StartAsync(_ => new EmbeddedBrokerOptions
        {
            ReceiveMaximum = 7,
            PacketBytesMax = 40_000,
        });
        await using var link = bench.Link();

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", outcome.Sentence);
        Assert.Equal(ConnectVerdict.Connected, outcome.Verdict);
        Assert.StartsWith("TLS 1.3 TLS_", outcome.Terms!.Tls);
        Assert.Equal(7, outcome.Terms.ReceiveMaximum);
        Assert.Equal(40_000, outcome.Terms.PacketBytesMax);
        Assert.Empty(outcome.Terms.Warnings);

        var delivered = await link.DeliverAsync(
            BrokerLinkBench.Message($"{BrokerLinkBench.Base}/status", "{}", retain: true), CancellationToken.None);
        Assert.Equal(DeliveryVerdict.Accepted, delivered.Verdict);
    }

    /// <summary>The broker's word on the identity is that of the handshake: another one on the disk comes too late.
    /// </summary>
    [Fact]
    public async Task What_was_prepared_is_what_connects_and_the_session_before_stands_until_then()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = bench.Link();
        var first = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        bench.Keys.WriteIdentityVersion(
            bench.IdentityDirectory, BrokerLinkBench.GatewayId, bench.Keys.IssueClient(BrokerLinkBench.GatewayId),
            "0002");
        Assert.Null(await link.PrepareAsync(CancellationToken.None));
        Assert.False(link.Lost.IsCompleted);
        Assert.Equal(DeliveryVerdict.Accepted, (await link.DeliverAsync(
            BrokerLinkBench.Message($"{BrokerLinkBench.Base}/status", "{}", retain: true), CancellationToken.None))
            .Verdict);

        Directory.Move(Path.Combine(bench.IdentityDirectory, "current"), Path.Combine(bench.IdentityDirectory, "gone"));
        var second = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", second.Sentence);
        Assert.NotEqual(first.Terms!.Session!.CertificateSerial, second.Terms!.Session!.CertificateSerial);
        Assert.Equal(DeliveryVerdict.Accepted, (await link.DeliverAsync(
            BrokerLinkBench.Message($"{BrokerLinkBench.Base}/status", "{}", retain: true), CancellationToken.None))
            .Verdict);
    }

    [Fact]
    public async Task A_preparation_that_fails_says_why_and_touches_nothing_and_a_cold_one_is_made_anew()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = bench.Link();
        await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        var current = Path.Combine(bench.IdentityDirectory, "current");
        Directory.Move(current, current + "-gone");
        Assert.Equal(ConnectVerdict.NoIdentity, (await link.PrepareAsync(CancellationToken.None))!.Verdict);
        Assert.False(link.Lost.IsCompleted);

        Directory.Move(current + "-gone", current);
        Assert.Null(await link.PrepareAsync(CancellationToken.None));
        await bench.Broker.CutAsync();
        await bench.Broker.StartAsync(CancellationToken.None);
        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", outcome.Sentence);
    }

    [Fact]
    public async Task A_lost_session_went_on_with_what_had_been_prepared_before_the_identity_was_switched()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = bench.Link();
        var first = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Null(await link.PrepareAsync(CancellationToken.None));
        bench.Keys.WriteIdentityVersion(
            bench.IdentityDirectory, BrokerLinkBench.GatewayId, bench.Keys.IssueClient(BrokerLinkBench.GatewayId),
            "0002");
        await using var other = bench.Link();
        await other.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        await link.Lost.WaitAsync(Bound);

        var second = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.NotEqual(first.Terms!.Session!.CertificateSerial, second.Terms!.Session!.CertificateSerial);
    }

    /// <summary>Behind such a broker the gateway had one message in flight, and a backlog took as long.</summary>
    [Fact]
    public async Task A_broker_that_announced_no_limits_was_taken_for_one_that_takes_one_message_at_a_time()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = bench.Link();
        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(
            (ushort.MaxValue, int.MaxValue), (outcome.Terms!.ReceiveMaximum, outcome.Terms.PacketBytesMax));
    }

    [Fact]
    public async Task A_good_broker_directly_below_the_root_is_believed_too()
    {
        await using var bench = await BrokerLinkBench.StartAsync(keys => new EmbeddedBrokerOptions
        {
            Certificate = keys.Issue(CertificateWish.Server("mes-broker.dmz.plant1") with { IssuedByRoot = true }),
        });
        await using var link = bench.Link();

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", outcome.Sentence);
    }

    [Fact]
    public async Task A_broker_of_another_CA_is_not_believed()
    {
        using var others = new PlantKeys("another plant");
        await Refused(_ => others.IssueServer("mes-broker.dmz.plant1"), ConnectVerdict.ForeignBroker, "roots.pem");
    }

    [Fact]
    public async Task An_expired_broker_is_not_believed() => await Refused(
        keys => keys.Issue(Server with { NotBefore = Now.AddDays(-9), NotAfter = Now.AddDays(-1) }),
        ConnectVerdict.BrokerDates, "expired");

    [Fact]
    public async Task A_broker_whose_certificate_is_not_valid_yet_is_not_believed() => await Refused(
        keys => keys.Issue(Server with { NotBefore = Now.AddDays(1), NotAfter = Now.AddDays(9) }),
        ConnectVerdict.BrokerDates, "is valid from");

    [Fact]
    public async Task A_broker_with_another_name_is_not_believed_and_both_names_are_told() => await Refused(
        keys => keys.IssueServer("other.dmz.plant1"), ConnectVerdict.OtherHost, "other.dmz.plant1",
            "mes-broker.dmz.plant1");

    [Fact]
    public async Task A_client_certificate_is_no_broker() => await Refused(
        keys => keys.Issue(Server with { Usages = [KeyUsage.ClientAuth] }), ConnectVerdict.WrongUse, "serverAuth");

    [Fact]
    public async Task A_revoked_broker_is_not_believed() => await Refused(
        keys =>
        {
            var server = keys.IssueServer("mes-broker.dmz.plant1");
            keys.Revoke(server);
            return server;
        },
        ConnectVerdict.Revoked, "revoked");

    [Fact]
    public async Task A_stale_revocation_list_warns_and_still_connects()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        File.WriteAllText(
            Path.Combine(bench.IdentityDirectory, "current", "crl.pem"), bench.Keys.CrlPem(Now.AddHours(-1)));
        await using var link = bench.Link();

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(ConnectVerdict.Connected, outcome.Verdict);
        Assert.Contains(outcome.Terms!.Warnings, warning =>
            warning.Contains("should have been replaced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_list_of_the_brokers_issuer_nobody_is_believed()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        var file = Path.Combine(bench.IdentityDirectory, "current", "crl.pem");
        var both = File.ReadAllText(file);
        File.WriteAllText(file, both[both.LastIndexOf("-----BEGIN", StringComparison.Ordinal)..]);
        await using var link = bench.Link();

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(ConnectVerdict.Revoked, outcome.Verdict);
        Assert.Contains("holds no revocation list of", outcome.Sentence);
    }

    [Fact]
    public async Task A_broker_that_speaks_only_tls_12_is_refused_by_default_and_taken_where_the_plant_says_so()
    {
        await using var bench = await BrokerLinkBench.StartAsync(_ =>
            new EmbeddedBrokerOptions { Protocols = SslProtocols.Tls12 });
        await using var strict = bench.Link();
        var outcome = await strict.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(ConnectVerdict.NoCommonTls, outcome.Verdict);
        Assert.Contains("broker.tlsMin", outcome.Sentence);

        await using var lenient = new MqttBrokerLink(
            bench.Configuration(tlsMin: TlsVersionMin.Tls12), TimeProvider.System);
        var taken = await lenient.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", taken.Sentence);
        Assert.StartsWith("TLS 1.2 TLS_ECDHE_ECDSA_WITH_", taken.Terms!.Tls);
    }

    [Fact]
    public async Task A_gateway_that_finds_itself_revoked_does_not_even_connect()
    {
        await using var bench = await BrokerLinkBench.StartAsync(client: keys =>
        {
            var certificate = keys.IssueClient(BrokerLinkBench.GatewayId);
            keys.Revoke(certificate);
            return certificate;
        });

        await using var link = bench.Link();
        var own = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(ConnectVerdict.NoIdentity, own.Verdict);
        Assert.Contains("may not publish any more", own.Sentence);
    }

    [Fact]
    public async Task A_certificate_of_another_CA_is_refused_by_the_broker_and_the_sentence_says_certificate()
    {
        using var others = new PlantKeys("another plant");
        await using var bench = await BrokerLinkBench.StartAsync();
        others.WriteIdentityVersion(
            bench.IdentityDirectory, BrokerLinkBench.GatewayId, others.IssueClient(BrokerLinkBench.GatewayId), "0002");

        // It believes the broker, but the broker does not believe it.
        var current = Path.Combine(bench.IdentityDirectory, "current");
        File.AppendAllText(Path.Combine(current, "roots.pem"), bench.Keys.RootPem);
        File.AppendAllText(Path.Combine(current, "crl.pem"), bench.Keys.CrlPem());
        await using var link = bench.Link();

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.True(outcome.Verdict is ConnectVerdict.CertificateRefused or ConnectVerdict.Broken, outcome.ToString());
        Assert.Contains("certificate", outcome.Sentence);
    }

    [Theory]
    [InlineData(0x85, ConnectVerdict.NotAuthorized, "client id")]
    [InlineData(0x86, ConnectVerdict.NotAuthorized, "identity from the certificate")]
    [InlineData(0x87, ConnectVerdict.NotAuthorized, "ACL")]
    [InlineData(0x88, ConnectVerdict.Unavailable, "unavailable")]
    [InlineData(0x97, ConnectVerdict.Unavailable, "quota")]
    public async Task A_refused_connect_says_why(int reason, ConnectVerdict verdict, string word)
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        bench.Broker.AnswerConnect = _ => reason;
        await using var link = bench.Link();

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(verdict, outcome.Verdict);
        Assert.Equal(reason, outcome.ReasonCode);
        Assert.Contains(word, outcome.Sentence);
    }

    [Theory]
    [InlineData(0x10, DeliveryVerdict.Unheard)]
    [InlineData(0x87, DeliveryVerdict.Refused)]
    [InlineData(0x97, DeliveryVerdict.Busy)]
    [InlineData(0x99, DeliveryVerdict.SetAside)]
    public async Task A_puback_with_a_reason_is_not_a_success(int reason, DeliveryVerdict verdict)
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        bench.Broker.AnswerPublish = (_, _) => reason;
        await using var link = bench.Link();
        await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);

        var outcome = await link.DeliverAsync(
            BrokerLinkBench.Message($"{BrokerLinkBench.Base}/data", "{}"), CancellationToken.None);
        Assert.Equal(verdict, outcome.Verdict);
        Assert.Equal(reason, outcome.ReasonCode);
        Assert.False(link.Lost.IsCompleted);
    }

    [Fact]
    public async Task A_topic_that_the_ACL_refuses_is_not_a_success()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = bench.Link();
        await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);

        var outcome = await link.DeliverAsync(
            BrokerLinkBench.Message("sluice/v1/plant1/somebody-else/data", "{}"), CancellationToken.None);
        Assert.Equal(DeliveryVerdict.Refused, outcome.Verdict);
        Assert.Contains("ACL", outcome.Sentence);
    }

    [Fact]
    public async Task Nobody_listening_on_the_port_is_refused_and_an_address_outside_gets_no_socket()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await bench.Broker.CutAsync();
        await using var link = bench.Link();
        var refused = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(ConnectVerdict.Refused, refused.Verdict);

        await using var outside = new MqttBrokerLink(
            bench.Configuration([IPAddress.Parse("203.0.113.1")]), TimeProvider.System);
        var never = await outside.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(ConnectVerdict.OutsideNetwork, never.Verdict);
        Assert.Contains("203.0.113.1", never.Sentence);
        Assert.Contains("127.0.0.0/8", never.Sentence);
    }

    [Fact]
    public async Task The_second_address_is_tried_when_the_first_refuses()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = new MqttBrokerLink(
            bench.Configuration([IPAddress.Parse("127.0.0.2"), IPAddress.Loopback]), TimeProvider.System);

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", outcome.Sentence);
        Assert.StartsWith("127.0.0.1:", outcome.Terms!.Address);
    }

    [Fact]
    public async Task Silence_after_a_message_ends_the_link_within_twice_keep_alive()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = new MqttBrokerLink(
            bench.Configuration(keepAlive: TimeSpan.FromMilliseconds(400)), TimeProvider.System);
        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", outcome.Sentence);
        bench.Broker.GoSilent();

        var delivered = await link.DeliverAsync(
            BrokerLinkBench.Message($"{BrokerLinkBench.Base}/data", "{}"), CancellationToken.None).AsTask()
                .WaitAsync(Bound);
        Assert.Equal(DeliveryVerdict.LinkLost, delivered.Verdict);
        Assert.NotEmpty((await link.Lost.WaitAsync(Bound)).Sentence);
        bench.Broker.Speak();
    }

    [Fact]
    public async Task A_broker_that_stops_says_so_and_the_link_can_be_made_again()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var link = bench.Link();
        await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        await bench.Broker.StopAsync();
        Assert.NotEmpty((await link.Lost.WaitAsync(Bound)).Sentence);

        await bench.Broker.StartAsync(CancellationToken.None);
        var again = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", again.Sentence);
        Assert.False(link.Lost.IsCompleted);
    }

    [Fact]
    public async Task A_second_client_under_the_same_id_is_seen_as_a_take_over()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var first = bench.Link();
        await using var second = bench.Link();
        await first.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        await second.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);

        var loss = await first.Lost.WaitAsync(Bound);
        Assert.True(loss.TakenOver, loss.ToString());
    }

    private static CertificateWish Server => CertificateWish.Server("mes-broker.dmz.plant1");

    private static async Task Refused(
        Func<PlantKeys, IssuedCertificate> server, ConnectVerdict verdict, params string[] words)
    {
        await using var bench = await BrokerLinkBench.StartAsync(keys =>
            new EmbeddedBrokerOptions { Certificate = server(keys) });
        await using var link = bench.Link();
        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.True(verdict == outcome.Verdict, outcome.ToString());
        Assert.All(words, word => Assert.Contains(word, outcome.Sentence));
    }
}
