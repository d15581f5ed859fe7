using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress;
using Xunit;

namespace Sluice.Fast.Egress;

public sealed class EndpointPolicyTests
{
    private static readonly EndpointPolicy Policy = new(new BrokerSettings
    {
        Host = "mes-broker.dmz.plant1",
        Addresses = [IPAddress.Parse("192.0.2.10"), IPAddress.Parse("192.0.2.200"), IPAddress.Parse("192.0.2.11")],
        Port = 8883,
        Network = IPNetwork.Parse("192.0.2.0/28"),
    });

    [Theory]
    [InlineData("192.0.2.10", 8883)]
    [InlineData("192.0.2.11", 8883)]
    [InlineData("::ffff:192.0.2.10", 8883)]
    public void A_configured_address_inside_the_network_is_allowed(string address, int port) =>
        Assert.Null(Policy.Refuse(new IPEndPoint(IPAddress.Parse(address), port)));

    [Theory]
    [InlineData("192.0.2.200", 8883, "outside broker.network")]
    [InlineData("203.0.113.1", 8883, "outside broker.network")]
    [InlineData("::ffff:203.0.113.1", 8883, "outside broker.network")]
    [InlineData("2001:db8::1", 8883, "outside broker.network")]
    [InlineData("192.0.2.12", 8883, "not one of broker.addresses")]
    [InlineData("192.0.2.10", 1883, "not broker.port")]
    public void Anything_else_is_refused_with_a_reason(string address, int port, string reason) =>
        Assert.Contains(reason, Policy.Refuse(new IPEndPoint(IPAddress.Parse(address), port)));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public void A_network_of_everything_still_lets_no_address_of_many_machines_through(string address)
    {
        var policy = new EndpointPolicy(new BrokerSettings
        {
            Host = "broker",
            Addresses = [IPAddress.Parse(address)],
            Network = IPNetwork.Parse("0.0.0.0/0"),
        });
        Assert.NotNull(policy.Refuse(new IPEndPoint(IPAddress.Parse(address), 8883)));
    }
}
