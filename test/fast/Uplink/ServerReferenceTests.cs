using System.Net;
using Sluice.Agent.Uplink;
using Sluice.Plant.Broker;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Fast.Uplink;

/// <summary>
/// What a broker says about the connection itself, over real TLS: where else to go, how often to ping, and why not.
/// </summary>
public sealed class ServerReferenceTests
{
    private const int UseAnotherServer = 0x9C;
    private const int ServerMoved = 0x9D;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);
    private static readonly IPAddress Other = IPAddress.Parse("127.0.0.2");

    [Theory]
    [InlineData(UseAnotherServer)]
    [InlineData(ServerMoved)]
    public async Task A_server_inside_the_network_is_used_for_one_connection_and_told(int reason)
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var another = await bench.StartAnotherAsync(Other);
        await using var link = bench.Link();
        bench.Broker.AnswerConnect = _ => reason;
        bench.Broker.ServerReference = $"127.0.0.2:{bench.Broker.Port}";

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal("", outcome.Sentence);
        Assert.Equal($"127.0.0.2:{bench.Broker.Port}", outcome.Terms!.Address);
        Assert.Contains("broker.addresses", Assert.Single(outcome.Terms.Warnings));
        Assert.Equal([BrokerLinkBench.GatewayId], another.Connected);

        bench.Broker.AnswerConnect = _ => null;
        var later = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal($"127.0.0.1:{bench.Broker.Port}", later.Terms!.Address);
        Assert.Empty(later.Terms.Warnings);
    }

    [Fact]
    public async Task A_server_outside_the_network_gets_no_connection_and_the_sentence_says_why()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var another = await bench.StartAnotherAsync(Other);
        await using var link = new MqttBrokerLink(
            bench.Configuration(network: "127.0.0.0/31"), TimeProvider.System);
        bench.Broker.AnswerConnect = _ => UseAnotherServer;
        bench.Broker.ServerReference = $"127.0.0.2:{bench.Broker.Port}";
        bench.Broker.ReasonString = "maintenance";

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal((ConnectVerdict.Unavailable, UseAnotherServer), (outcome.Verdict, outcome.ReasonCode));
        Assert.Contains("The broker says: maintenance.", outcome.Sentence);
        Assert.Contains("outside broker.network 127.0.0.0/31", outcome.Sentence);
        Assert.Empty(another.Connected);
        Assert.Empty(another.Refusals);
    }

    [Fact]
    public async Task A_server_whose_certificate_is_not_the_brokers_is_not_believed_because_a_broker_named_it()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var another = await bench.StartAnotherAsync(
            Other, keys => keys.IssueServer("something-else.dmz.plant1"));
        await using var link = bench.Link();
        bench.Broker.AnswerConnect = _ => UseAnotherServer;
        bench.Broker.ServerReference = "127.0.0.2";

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.Equal(ConnectVerdict.OtherHost, outcome.Verdict);
        Assert.Contains("something-else.dmz.plant1", outcome.Sentence);
        Assert.Contains("sent the gateway to 127.0.0.2", outcome.Sentence);
        Assert.Empty(another.Connected);
    }

    [Fact]
    public async Task Two_brokers_that_send_the_gateway_to_each_other_are_asked_once_each()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var another = await bench.StartAnotherAsync(Other);
        await using var link = bench.Link();
        var asked = 0;
        foreach (var (broker, reference) in new[] { (bench.Broker, "127.0.0.2"), (another, "127.0.0.1") })
        {
            broker.ServerReference = reference;
            broker.AnswerConnect = _ =>
            {
                Interlocked.Increment(ref asked);
                return UseAnotherServer;
            };
        }

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None).AsTask().WaitAsync(Bound);
        Assert.Equal(ConnectVerdict.Unavailable, outcome.Verdict);
        Assert.Equal(2, asked);
        Assert.Contains("asked a moment ago", outcome.Sentence);
    }

    [Fact]
    public async Task A_session_that_is_sent_away_goes_on_at_the_other_server_and_back_after_that()
    {
        await using var bench = await BrokerLinkBench.StartAsync();
        await using var another = await bench.StartAnotherAsync(Other);
        await using var link = bench.Link();
        await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        await bench.Broker.SendAwayAsync(BrokerLinkBench.GatewayId, UseAnotherServer, "full", "127.0.0.2");
        var loss = await link.Lost.WaitAsync(Bound);
        Assert.Contains("another server", loss.Sentence);
        Assert.Contains("The broker says: full.", loss.Sentence);

        var there = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.StartsWith("127.0.0.2:", there.Terms!.Address);
        Assert.Contains("sent the gateway to 127.0.0.2", Assert.Single(there.Terms.Warnings));

        await another.CutAsync();
        await link.Lost.WaitAsync(Bound);
        var back = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        Assert.StartsWith("127.0.0.1:", back.Terms!.Address);
    }

    [Fact]
    public async Task A_keep_alive_that_the_broker_assigns_is_kept()
    {
        await using var bench = await BrokerLinkBench.StartAsync(_ => new EmbeddedBrokerOptions
        {
            KeepAliveSeconds = 1,
        });
        await using var link = new MqttBrokerLink(
            bench.Configuration(keepAlive: TimeSpan.FromMinutes(10)), TimeProvider.System);
        await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        using var bound = new CancellationTokenSource(Bound);
        while (bench.Broker.Pings < 2)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), bound.Token);
        }

        Assert.False(link.Lost.IsCompleted);
    }
}
