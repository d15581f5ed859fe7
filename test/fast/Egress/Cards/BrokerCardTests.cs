using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Cards;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Egress.Cards;

public sealed class BrokerCardTests
{
    private const string Dmz = "dmz0 192.0.2.2/28";
    private const string Plant = "ot0 10.10.1.5/24";

    private static readonly GatewayConfiguration Example =
        ConfigurationLoader.Load(Configuration.Repository.File("docs/examples/gateway.json")).Configuration!;

    [Theory]
    [InlineData(null, "dmz0", Dmz, Plant)]
    [InlineData(null, "", Plant, "up0 198.51.100.9/24")]
    [InlineData(null, "", Dmz, "dmz1 192.0.2.3/28")]
    [InlineData(null, "", "lo 192.0.2.2/28")]
    [InlineData("up0", "up0", Dmz, Plant)]
    [InlineData("up0", "up0")]
    public void Traffic_to_the_broker_goes_by_the_card_that_is_named_or_the_only_one_in_the_dmz(
        string? named, string card, params string[] cards) =>
        Assert.Equal(card, BrokerCard.Of(Broker(named).Broker, Sight(cards)));

    [Theory]
    [InlineData(null, "")]
    [InlineData(null, "", Dmz, Plant)]
    [InlineData(null, "", Dmz, Plant, "dmz0 fe80::1/64", "ot0 fe80::2/64", "dmz0 169.254.1.1/16", "ot0 169.254.1.2/16")]
    [InlineData(null, "the cards dmz0 (192.0.2.0/28, to the broker) and ot0 (192.0.2.0/24) overlap", Dmz,
        "ot0 192.0.2.77/24")]
    [InlineData("dmz0", "the cards dmz0 (10.0.0.0/8, to the broker) and ot0 (10.10.1.0/24) overlap",
        "dmz0 10.9.9.9/8", Plant)]
    [InlineData("up0", "broker.network 192.0.2.0/28 overlaps with 192.0.0.0/16 on the card ot0", "up0 198.51.100.9/24",
        "ot0 192.0.77.1/16")]
    [InlineData("dmz0", "10.10.1.30 lies in 10.10.0.0/16, on the card dmz0", "dmz0 10.10.9.9/16")]
    [InlineData(null, "the cards dmz0 and dmz1 both have an address inside", Dmz, "dmz1 192.0.2.3/28")]
    public void Networks_that_are_not_apart_are_refused(string? named, string sentence, params string[] cards)
    {
        var found = BrokerCard.Overlaps(Broker(named), Sight(cards)).ToList();

        if (sentence.Length == 0)
        {
            Assert.Empty(found);
        }
        else
        {
            Assert.Contains(found, each => each.Contains(sentence, StringComparison.Ordinal));
        }

        // And check says so as an error, which nothing else of this machine is.
        Assert.Equal(found.Count, HostChecks.Cards(Broker(named), Sight(cards)).Count(problem => problem.IsError));
    }

    [Theory]
    [InlineData(null, "", Dmz, Plant)]
    [InlineData("dmz0", "", Dmz, Plant)]
    [InlineData("dmz1", "no card dmz1 (it has dmz0, ot0)", Dmz, Plant)]
    [InlineData("dmz1", "no card dmz1 (it has none)")]
    [InlineData("bare", "the card bare has no address yet", "bare fe80::1/64")]
    [InlineData(null, "several cards (ot0, up0)", Plant, "up0 198.51.100.9/24")]
    [InlineData(null, "", "ot0 198.51.100.9/24")]
    public void A_card_that_is_not_there_or_not_known_is_warned_of(
        string? named, string sentence, params string[] cards)
    {
        var found = BrokerCard.Doubts(Broker(named).Broker, Sight(cards)).ToList();

        Assert.Equal(sentence.Length > 0, found.Count > 0);
        Assert.All(found, each => Assert.Contains(sentence, each, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ot0", "by the card ot0, and the agent goes by dmz0 only")]
    [InlineData("dmz0", "")]
    [InlineData("", "")]
    public void A_route_that_leads_elsewhere_is_told_with_and_without_a_connection(string leads, string sentence)
    {
        var way = BrokerWay.Of(
            Broker(null), IPAddress.Parse("192.0.2.10"), Sight([Dmz, Plant]) with { RouteTo = _ => leads });
        var failed = way.Explain(new ConnectOutcome(ConnectVerdict.Silent, "192.0.2.10:8883 does not answer."));

        Assert.Equal("dmz0", way.Card);
        Assert.Equal(sentence.Length > 0, way.Warnings.Count > 0);
        Assert.Contains("does not answer. It was tried by the card dmz0 only.", failed.Sentence,
            StringComparison.Ordinal);
        Assert.Contains(sentence, failed.Sentence, StringComparison.Ordinal);
        Assert.All(way.Warnings, each => Assert.Contains(sentence, each, StringComparison.Ordinal));
    }

    /// <summary>With its cable out a card may lose its address: the other one is no way out then either.</summary>
    [Fact]
    public void A_card_that_has_lost_its_address_is_still_the_only_way()
    {
        var broker = IPAddress.Parse("192.0.2.10");

        Assert.Equal("", BrokerWay.Of(Broker(null), broker, Sight([Plant])).Card);
        Assert.Equal("dmz0", BrokerWay.Of(Broker(null), broker, Sight([Plant]), known: "dmz0").Card);
        Assert.Equal("dmz1", BrokerWay.Of(Broker(null), broker, Sight(["dmz1 192.0.2.2/28"]), known: "dmz0").Card);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a card")]
    [InlineData("eth0:1")]
    [InlineData("../../etc")]
    [InlineData("a-name-too-long-")]
    [InlineData("dmz0\" accept")]
    public void What_cannot_be_a_card_is_refused(string text) => Assert.NotNull(NameText.RefuseCard(text));

    [Theory]
    [InlineData("eth1")]
    [InlineData("enp3s0f1np1")]
    [InlineData("eth0.100")]
    [InlineData("end_0-a")]
    public void What_Linux_calls_cards_is_taken(string text) => Assert.Null(NameText.RefuseCard(text));

    /// <summary>Loopback is on every machine and of no card's business.</summary>
    [Fact]
    public void This_machine_is_seen_as_it_is()
    {
        var sight = HostCards.Look();

        Assert.Contains("lo", sight.Names);
        Assert.Contains(new CardAddress("lo", IPAddress.Loopback, 8), sight.Addresses);
        Assert.All(sight.Addresses, address => Assert.Contains(address.Card, sight.Names));
    }

    private static GatewayConfiguration Broker(string? named) =>
        Example with { Broker = Example.Broker with { Interface = named, Network = IPNetwork.Parse("192.0.2.0/28") } };

    private static CardSight Sight(string[] cards)
    {
        var addresses = cards.Select(each => each.Split(' ', '/') is [var card, var address, var length]
            ? new CardAddress(
                card, IPAddress.Parse(address), int.Parse(length, System.Globalization.CultureInfo.InvariantCulture))
            : throw new ArgumentException(each)).ToList();
        return new CardSight([.. addresses.Select(address => address.Card).Distinct()], addresses);
    }
}
