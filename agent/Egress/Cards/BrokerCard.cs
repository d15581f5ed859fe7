using System.Net;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Egress.Cards;

/// <summary>
/// Which of the gateway's cards lies in the DMZ, and what keeps it apart from those at the machines. A core.
/// <para>
/// Invariants. What goes to the broker leaves by one card or not at all: the one of <c>broker.interface</c>, else the
/// only one that has an address inside <c>broker.network</c>. Addresses decide and routes never do: a route can be
/// moved, by mistake or on purpose. A broker behind a router whose card nobody named is spoken to as the routes lead.
/// </para>
/// </summary>
internal static class BrokerCard
{
    /// <summary>The card that connections to the broker are bound to; empty for none.</summary>
    public static string Of(BrokerSettings broker, CardSight sight)
    {
        if (broker.Interface is { } named)
        {
            return named;
        }

        var cards = Cards(sight).Where(address => broker.Network.Contains(address.Address))
            .Select(address => address.Card).Distinct().ToList();
        return cards is [var only] ? only : "";
    }

    /// <summary>Networks that are not apart: each a sentence. Refused by <c>check</c>, told by <c>status</c>.</summary>
    public static IEnumerable<string> Overlaps(GatewayConfiguration configuration, CardSight sight)
    {
        var broker = configuration.Broker;
        if (Of(broker, sight) is not { Length: > 0 } card)
        {
            foreach (var several in InsideBoth(broker, sight))
            {
                yield return several;
            }

            yield break;
        }

        var own = Cards(sight).Where(address => address.Card == card).ToList();
        foreach (var other in Cards(sight).Where(address => address.Card != card))
        {
            if (own.FindIndex(mine => Meet(mine.Network, other.Network)) is >= 0 and var at)
            {
                yield return $"the networks of the cards {card} ({own[at].Network}, to the broker) and {other.Card} "
                    + $"({other.Network}) overlap: nobody can say which of the two leads to a machine. Give one of "
                    + "them another network.";
            }
            else if (Meet(broker.Network, other.Network))
            {
                yield return $"broker.network {broker.Network} overlaps with {other.Network} on the card {other.Card}, "
                    + $"and the broker is spoken to by {card}: machines and DMZ must be two networks. Correct "
                    + "broker.network or that card's address.";
            }
        }

        foreach (var (name, address) in Devices(configuration))
        {
            if (own.FindIndex(mine => mine.Network.Contains(address)) is >= 0 and var at)
            {
                yield return $"source {name}: {address} lies in {own[at].Network}, on the card {card} that leads to "
                    + "the broker: machines belong behind another card, or nothing keeps them apart from the DMZ.";
            }
        }
    }

    /// <summary>What keeps the card from being used, or from being known; each a sentence. They may pass.</summary>
    public static IEnumerable<string> Doubts(BrokerSettings broker, CardSight sight)
    {
        var names = string.Join(", ", sight.Names.Where(name => name != "lo"));
        if (broker.Interface is { } named)
        {
            if (!sight.Names.Contains(named))
            {
                yield return $"this machine has no card {named} (it has {(names.Length > 0 ? names : "none")}): "
                    + "nothing is published until it is there.";
            }
            else if (named != "lo" && Cards(sight).All(address => address.Card != named))
            {
                yield return $"the card {named} has no address yet: nothing is published until it has one.";
            }
        }
        else if (Of(broker, sight).Length == 0 && !IPAddress.IsLoopback(broker.Network.BaseAddress)
            && Cards(sight).Select(address => address.Card).Distinct().Count() > 1)
        {
            yield return $"this machine has several cards ({names}), and none has an address inside broker.network "
                + $"{broker.Network}: what goes to the broker goes where the routes lead. Write broker.interface, and "
                + "it stays on that card.";
        }
    }

    /// <summary>The host's routes would lead the broker's packets elsewhere; empty where they do not.</summary>
    public static string Detour(string card, IPAddress address, CardSight sight) =>
        card.Length > 0 && sight.RouteTo(address) is { Length: > 0 } other && other != card
            ? $"this machine's routes lead to {address} by the card {other}, and the agent goes by {card} only: "
                + "nothing of it leaves by the other one. Look who changed the routes (ip route)."
            : "";

    private static IEnumerable<string> InsideBoth(BrokerSettings broker, CardSight sight)
    {
        var cards = Cards(sight).Where(address => broker.Network.Contains(address.Address)).ToList();
        if (cards.Count > 1)
        {
            yield return "the cards " + string.Join(" and ", cards.Select(each => each.Card).Distinct())
                + $" both have an address inside broker.network {broker.Network}: nobody can say which leads to the "
                + "broker. Give one of them another network, or write broker.interface.";
        }
    }

    private static IEnumerable<(string Name, IPAddress Address)> Devices(GatewayConfiguration configuration)
    {
        foreach (var source in configuration.Sources)
        {
            if (source is ModbusTcpSettings tcp)
            {
                yield return (source.Name, tcp.Options.Address);
            }
            else if (source is ModbusRtuSettings { Converter: { } converter })
            {
                yield return (source.Name, converter.Address);
            }
        }
    }

    private static IEnumerable<CardAddress> Cards(CardSight sight) =>
        sight.Addresses.Where(address => address.IsOfACard);

    private static bool Meet(IPNetwork one, IPNetwork other) =>
        one.BaseAddress.AddressFamily == other.BaseAddress.AddressFamily
        && (one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress));
}
