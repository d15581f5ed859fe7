using Sluice.Agent.Configuration;

namespace Sluice.Agent.Doctor.Checks;

/// <summary>Whether there is a way to the machines and to the broker.</summary>
internal static class NetworkChecks
{
    /// <summary>What the broker is called among those that must be reached.</summary>
    public const string Broker = "broker";

    private const string Group = "Network";

    public static IReadOnlyList<Check> All { get; } =
    [
        new("card-machines", Group, "Is the card to the machines up?", CardToMachines),
        new("card-broker", Group, "Is the card to the broker up?", CardToBroker),
        new("networks-apart", Group, "Are machines and broker two networks?", Apart),
        new("route-machines", Group, "Is there a way to each machine?", RouteToMachines),
        new("route-broker", Group, "Is there a way to the broker?", RouteToBroker),
    ];

    private static IEnumerable<Answer> CardToMachines(CheckupFacts facts)
    {
        var cards = facts.Routes.Where(route => route.To != Broker && route.Card.Length > 0)
            .Select(route => route.Card).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var card in cards)
        {
            yield return Judge(facts, card);
        }

        if (cards.Count == 0)
        {
            yield return Answer.None(facts.Routes.Any(route => route.To != Broker)
                ? "No route leads to a machine: see route-machines." : "No machine is reached over a network.");
        }
    }

    private static IEnumerable<Answer> CardToBroker(CheckupFacts facts)
    {
        var card = facts.BrokerCard.Length > 0 ? facts.BrokerCard
            : facts.Routes.FirstOrDefault(route => route.To == Broker && route.Card.Length > 0)?.Card;
        yield return card is null
            ? Answer.None("No route leads to the broker: see route-broker.") : Judge(facts, card);
    }

    private static Answer Judge(CheckupFacts facts, string name) =>
        facts.Cards.FirstOrDefault(card => card.Name == name) switch
        {
            _ when name == "lo" => Answer.Ok("this machine itself", name),
            null => Answer.Bad("This machine has no such card.",
                "plug the adapter in, or correct broker.interface (ip link shows the cards).", name),
            { HasCarrier: false } => Answer.Bad("No cable, or nobody at its other end.",
                "plug the cable in; is the light at the socket on? Try another port of the switch.", name),
            { State: "down" } => Answer.Bad("It is switched off.",
                $"ip link set {name} up; and have the host's network configuration do so at boot.", name),
            { Addresses.Count: 0 } => Answer.Bad("It has no address.",
                "give it one in the host's network configuration (ip address shows them).", name),
            var card => Answer.Ok(string.Join(", ", card.Addresses), name),
        };

    private static IEnumerable<Answer> Apart(CheckupFacts facts)
    {
        foreach (var sentence in facts.Overlaps)
        {
            yield return Answer.Bad(char.ToUpperInvariant(sentence[0]) + sentence[1..],
                "give one of them another network; nothing else keeps machines and DMZ apart.");
        }

        if (facts.Overlaps.Count == 0)
        {
            yield return facts.Configuration is null
                ? Answer.Unknown("Nobody knows without a configuration.", "correct the configuration first.")
                : Answer.Ok("no two networks overlap");
        }
    }

    private static IEnumerable<Answer> RouteToMachines(CheckupFacts facts)
    {
        var machines = facts.Routes.Where(route => route.To != Broker).ToList();
        foreach (var route in machines)
        {
            yield return route.Card.Length > 0
                ? Answer.Ok($"{route.Address} by {route.Card}", route.To)
                : Answer.Bad($"No route leads to {route.Address}.", "give the card to the machines an address in the "
                    + "machine's network, or add a route (ip route).", route.To);
        }

        if (machines.Count == 0)
        {
            yield return Answer.None("No machine is reached over a network.");
        }
    }

    private static IEnumerable<Answer> RouteToBroker(CheckupFacts facts)
    {
        var routes = facts.Routes.Where(route => route.To == Broker).ToList();
        foreach (var route in routes)
        {
            yield return route.Card.Length == 0
                ? Answer.Bad($"No route leads to {route.Address}.", "give the card to the DMZ an address in "
                    + $"broker.network{Network(facts.Configuration)}, or add a route (ip route).", route.Address)
                : facts.BrokerCard.Length > 0 && route.Card != facts.BrokerCard
                    ? Answer.Bad($"The routes lead there by {route.Card}, and the agent goes by {facts.BrokerCard} "
                        + "only.", "look who changed the routes (ip route), or correct broker.interface.",
                        route.Address)
                    : Answer.Ok($"by {route.Card}", route.Address);
        }

        if (routes.Count == 0)
        {
            yield return Answer.Unknown("Nobody knows without a configuration.", "correct the configuration first.");
        }
    }

    private static string Network(GatewayConfiguration? configuration) =>
        configuration is null ? "" : $" {configuration.Broker.Network}";
}
