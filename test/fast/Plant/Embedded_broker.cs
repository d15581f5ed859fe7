using System.Collections.Concurrent;
using System.Text;
using Sluice.Mes;
using Sluice.Mes.Link;
using Sluice.Plant.Broker;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Fast.Plant;

public sealed class Embedded_broker : IAsyncLifetime
{
    private readonly CancellationTokenSource bound = new(TimeSpan.FromSeconds(20));
    private readonly ConcurrentQueue<string> received = new();
    private readonly PlantKeys keys = new();
    private readonly EmbeddedBroker broker;

    public Embedded_broker() =>
        broker = new EmbeddedBroker(keys, new EmbeddedBrokerOptions { ReceiveMaximum = 7, PacketBytesMax = 70_000 });

    private CancellationToken Bound => bound.Token;

    public async ValueTask InitializeAsync() => await broker.StartAsync(Bound);

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        keys.Dispose();
        bound.Dispose();
    }

    [Fact]
    public async Task A_gateway_writes_below_its_own_name_and_the_mes_reads_it()
    {
        await using var mes = await ConnectAsync("mes");
        Assert.True(await mes.SubscribeAsync("sluice/v1/plant1/#", Bound));
        await using var gateway = await ConnectAsync("gw-042");

        Assert.Equal(0, await PublishAsync(gateway, "sluice/v1/plant1/gw-042/data"));
        await UntilAsync(() => received.Contains("sluice/v1/plant1/gw-042/data"));
    }

    [Theory]
    [InlineData("sluice/v1/plant1/gw-043/data")]
    [InlineData("sluice/v1/plant1/gw-0422/data")]
    [InlineData("sluice/v1/plant2/gw-042/data")]
    [InlineData("sluice/v1/plant1/gw-042")]
    [InlineData("sluice/v1/plant1/trust")]
    public async Task A_gateway_that_writes_elsewhere_is_answered_not_authorized(string topic)
    {
        await using var gateway = await ConnectAsync("gw-042");

        Assert.Equal(0x87, await PublishAsync(gateway, topic));
    }

    [Fact]
    public async Task A_gateway_reads_its_questions_and_the_trust_and_nothing_else()
    {
        await using var gateway = await ConnectAsync("gw-042");

        Assert.True(await gateway.SubscribeAsync("sluice/v1/plant1/gw-042/ask", Bound));
        Assert.True(await gateway.SubscribeAsync("sluice/v1/plant1/trust", Bound));
        Assert.False(await gateway.SubscribeAsync("sluice/v1/plant1/gw-043/data", Bound));
        Assert.False(await gateway.SubscribeAsync("#", Bound));
    }

    [Fact]
    public async Task A_client_id_that_is_not_the_certificates_name_is_refused()
    {
        using var certificate = keys.IssueClient("gw-042");
        await using var proof = await ConnectAsync(certificate, "gw-042-next");

        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(certificate, "gw-043"));
        Assert.Contains("ClientIdentifierNotValid", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_plant_does_not_get_in()
    {
        using var others = new PlantKeys("plant2");
        using var certificate = others.IssueClient("gw-042");

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(certificate, "gw-042"));
        Assert.Contains(broker.Refusals, refusal => refusal.Contains("CN=gw-042", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_revoked_certificate_and_a_servers_certificate_do_not_get_in()
    {
        using var revoked = keys.IssueClient("gw-042");
        using var server = keys.IssueServer("gw-042");
        keys.Revoke(revoked);

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(revoked, "gw-042"));
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(server, "gw-042"));
        Assert.Empty(broker.Connected);
    }

    [Fact]
    public async Task A_publish_nobody_subscribed_to_is_answered_so()
    {
        await using var gateway = await ConnectAsync("gw-042");

        Assert.Equal(0x10, await PublishAsync(gateway, "sluice/v1/plant1/gw-042/data"));
    }

    [Fact]
    public async Task A_chosen_reason_is_answered_and_the_message_is_not_taken()
    {
        await using var mes = await ConnectAsync("mes");
        Assert.True(await mes.SubscribeAsync("sluice/v1/plant1/#", Bound));
        await using var gateway = await ConnectAsync("gw-042");
        broker.AnswerPublish = (_, topic) =>
            topic.EndsWith("/data", StringComparison.Ordinal) ? 0x97 : null;

        Assert.Equal(0x97, await PublishAsync(gateway, "sluice/v1/plant1/gw-042/data"));
        Assert.Equal(0, await PublishAsync(gateway, "sluice/v1/plant1/gw-042/status"));
        await UntilAsync(() => received.Contains("sluice/v1/plant1/gw-042/status"));
        Assert.DoesNotContain("sluice/v1/plant1/gw-042/data", received);
    }

    [Fact]
    public async Task A_cut_broker_comes_back_on_the_same_port()
    {
        var port = broker.Port;
        await using var gateway = await ConnectAsync("gw-042");

        await broker.CutAsync();
        await gateway.Ended.WaitAsync(Bound);
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync("gw-042"));
        await broker.StartAsync(Bound);

        Assert.Equal(port, broker.Port);
        await using var again = await ConnectAsync("gw-042");
        await UntilAsync(() => broker.Connected.Contains("gw-042"));
    }

    [Fact]
    public async Task What_was_acknowledged_before_the_gateways_cable_was_cut_still_reaches_the_mes()
    {
        await using var mes = await MesLink.ConnectAsync(
            broker.MesDoor(), keys.Identity(keys.IssueClient("mes")), "mes", TimeSpan.Zero,
            message => received.Enqueue(message.Topic), Bound);
        Assert.True(await mes.SubscribeAsync("sluice/v1/plant1/#", Bound));
        await using var gateway = await ConnectAsync("gw-042");
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(0, await PublishAsync(gateway, "sluice/v1/plant1/gw-042/data"));
        }

        broker.CutGateways();

        await gateway.Ended.WaitAsync(Bound);
        await UntilAsync(() => received.Count(topic => topic.EndsWith("/data", StringComparison.Ordinal)) == 200);
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync("gw-042"));
        await broker.MendGatewaysAsync(Bound);
        await using var again = await ConnectAsync("gw-042");
        Assert.False(mes.Ended.IsCompleted);
    }

    [Fact]
    public async Task A_silent_broker_answers_nothing_until_it_speaks_again()
    {
        await using var gateway = await ConnectAsync("gw-042");
        broker.GoSilent();

        var publish = PublishAsync(gateway, "sluice/v1/plant1/gw-042/data");
        Assert.NotSame(publish, await Task.WhenAny(publish, Task.Delay(100, Bound)));

        broker.Speak();
        Assert.Equal(0x10, await publish);
    }

    private Task<MesLink> ConnectAsync(string name) =>
        broker.ConnectAsync(keys, name, message => received.Enqueue(message.Topic), Bound);

    private Task<MesLink> ConnectAsync(IssuedCertificate certificate, string clientId) => MesLink.ConnectAsync(
        broker.Where(), keys.Identity(certificate), clientId, TimeSpan.Zero, _ => { }, Bound);

    private Task<int> PublishAsync(MesLink link, string topic) =>
        link.PublishAsync(topic, Encoding.UTF8.GetBytes("{}"), retain: false, Bound);

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(10, Bound);
        }
    }
}
