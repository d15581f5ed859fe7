using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Cards;

namespace Sluice.Agent.Uplink;

/// <summary>By which card one attempt goes to the broker, and what is odd about that. A core.</summary>
/// <param name="Card">The only card that it may leave by; empty where the routes decide.</param>
/// <param name="Warnings">What somebody should look at although it stops nothing.</param>
/// <param name="Causes">What explains a failure to connect.</param>
internal sealed record BrokerWay(string Card, IReadOnlyList<string> Warnings, IReadOnlyList<string> Causes)
{
    /// <param name="configuration">Where the broker is.</param>
    /// <param name="address">Which of its addresses.</param>
    /// <param name="sight">What cards there are now.</param>
    /// <param name="known">The card of the attempt before: one that has lost its address, with its cable, is it
    /// still.</param>
    public static BrokerWay Of(
        GatewayConfiguration configuration, IPAddress address, CardSight sight, string known = "")
    {
        var card = BrokerCard.Of(configuration.Broker, sight) is { Length: > 0 } seen ? seen : known;
        string[] detour = BrokerCard.Detour(card, address, sight) is { Length: > 0 } elsewhere ? [elsewhere] : [];
        return new BrokerWay(
            card,
            [.. detour.Concat(BrokerCard.Overlaps(configuration, sight)).Select(each => "Cards: " + each)],
            [.. detour, .. BrokerCard.Doubts(configuration.Broker, sight)]);
    }

    /// <summary>The same outcome, and by which way it came to that.</summary>
    public ConnectOutcome Explain(ConnectOutcome outcome) => outcome with
    {
        Sentence = string.Join(
            ' ', [outcome.Sentence, .. Card.Length > 0 && !outcome.Sentence.Contains($"card {Card}",
                StringComparison.Ordinal) ? [$"It was tried by the card {Card} only."] : Array.Empty<string>(),
                .. Causes.Select(Begun)]),
    };

    private static string Begun(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];
}
