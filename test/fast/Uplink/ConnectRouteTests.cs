using System.Net;
using CsCheck;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Uplink;

/// <summary>Which servers are tried, whatever a broker names; and how often a link is asked whether it lives.</summary>
public sealed class ConnectRouteTests
{
    private const string From = "192.0.2.10:8883";

    private static readonly BrokerSettings Broker = new()
    {
        Host = "mes-broker.dmz.plant1",
        Addresses = [IPAddress.Parse("192.0.2.10"), IPAddress.Parse("192.0.2.11")],
        Port = 8883,
        Network = IPNetwork.Parse("192.0.2.0/28"),
    };

    private static readonly EndpointPolicy Policy = new(Broker);

    [Theory]
    [InlineData("192.0.2.12")]
    [InlineData("192.0.2.12:8883")]
    [InlineData("[192.0.2.12]:8883")]
    [InlineData("somewhere.else 192.0.2.12 203.0.113.1")]
    public void A_server_inside_the_network_comes_before_the_configured_ones_that_are_left(string reference)
    {
        var route = Asked(reference, out var sentence);
        Assert.Contains("is followed for this connection", sentence);
        Assert.Equal(["192.0.2.12:8883", "192.0.2.11:8883"], Rest(route));
    }

    [Theory]
    [InlineData("203.0.113.1:8883", "outside broker.network")]
    [InlineData("192.0.2.12:1883", "not broker.port")]
    [InlineData("192.0.2.12:", "no port")]
    [InlineData("192.0.2.12:99999", "no port")]
    [InlineData("[2001:db8::1]:8883", "outside broker.network")]
    [InlineData("2001:db8::1", "outside broker.network")]
    [InlineData("[192.0.2.12", "no address")]
    [InlineData("other-broker.dmz.plant1:8883", "no name is ever looked up")]
    [InlineData("::ffff:192.0.2.12", "no address")]
    [InlineData("192.0.2.012", "no address")]
    [InlineData("3221225996", "no address")]
    [InlineData("mes-broker.dmz.plant1", "the broker of the configuration itself")]
    [InlineData("192.0.2.10", "asked a moment ago")]
    public void Anything_else_is_refused_with_a_sentence_and_the_configured_ones_go_on(string reference, string why)
    {
        var route = Asked(reference, out var sentence);
        Assert.Contains("not followed", sentence);
        Assert.Contains(why, sentence);
        Assert.Equal(["192.0.2.11:8883"], Rest(route));
    }

    [Fact]
    public void Without_a_reference_the_next_configured_server_is_tried_and_nothing_is_said()
    {
        var route = Asked("  ", out var sentence);
        Assert.Equal("", sentence);
        Assert.Equal(["192.0.2.11:8883"], Rest(route));
    }

    /// <summary>However many brokers name however many servers, an attempt ends.</summary>
    [Fact]
    public void Whatever_brokers_name_nothing_refused_comes_out_nothing_twice_and_few_by_reference()
    {
        string[] nets = ["192.0.2.", "203.0.113.", "::", "name", "", "["];
        string[] ports = ["", ":8883", ":1883", ":", "]", "]:8883"];
        var server = Gen.Select(
            Gen.Int[0, 5], Gen.Int[0, 20], Gen.Int[0, 5], (net, host, port) => $"{nets[net]}{host}{ports[port]}");
        server.Array[0, 12].Array[0, 30].Sample(
            said =>
            {
                var route = new ConnectRoute(Broker, Policy);
                List<RouteStop> tried = [];
                foreach (var reference in said)
                {
                    if (route.Next() is { } stop)
                    {
                        tried.Add(stop);
                    }

                    Assert.True(route.Refer(string.Join(' ', reference), From).Length < 600);
                }

                while (route.Next() is { } stop)
                {
                    tried.Add(stop);
                }

                Assert.Equal(tried.Count, tried.Select(stop => stop.EndPoint).Distinct().Count());
                Assert.InRange(tried.Count(stop => stop.IsReferred), 0, ConnectRoute.ReferredMax);
                Assert.All(tried, stop => Assert.Null(Policy.RefuseReferred(stop.EndPoint)));
                Assert.All(tried.Where(stop => !stop.IsReferred), stop => Assert.Null(Policy.Refuse(stop.EndPoint)));
                Assert.Empty(Broker.Addresses.Except(tried.Select(stop => stop.EndPoint.Address)));
            },
            iter: 2_000, threads: 1);
    }

    [Theory]
    [InlineData(15, 0, 11.25, 15)]
    [InlineData(15, 5, 3.75, 5)]
    [InlineData(15, 1, 0.75, 5)]
    [InlineData(15, 600, 11.25, 15)]
    [InlineData(600, 60, 45, 60)]
    [InlineData(5, 1, 0.75, 5)]
    public void A_link_is_asked_as_often_as_the_broker_wants_and_as_the_configuration_promises(
        int configured, int assigned, double pingEvery, double answerMax)
    {
        var kept = KeepAlive.Of(TimeSpan.FromSeconds(configured), assigned);
        Assert.Equal((pingEvery, answerMax), (kept.PingEvery.TotalSeconds, kept.AnswerMax.TotalSeconds));
        Assert.True(kept.PingEvery + kept.AnswerMax <= TimeSpan.FromSeconds(2 * configured));
        Assert.True(assigned == 0 || kept.PingEvery < TimeSpan.FromSeconds(assigned));
    }

    /// <summary>The first configured server was asked and answered with a reference.</summary>
    private static ConnectRoute Asked(string reference, out string sentence)
    {
        var route = new ConnectRoute(Broker, Policy);
        Assert.Equal(From, route.Next()?.EndPoint.ToString());
        sentence = route.Refer(reference, From);
        return route;
    }

    private static List<string> Rest(ConnectRoute route)
    {
        List<string> rest = [];
        while (route.Next() is { } stop)
        {
            rest.Add(stop.EndPoint.ToString());
        }

        return rest;
    }
}
