using System.Net;

namespace Sluice.Agent.Egress.Cards;

/// <summary>One address of one network card, with the length of the network that lies on it.</summary>
/// <param name="Card">The name of the card, such as <c>eth1</c>.</param>
/// <param name="Address">The gateway's own address there.</param>
/// <param name="Length">Bits of the address that name the network.</param>
internal readonly record struct CardAddress(string Card, IPAddress Address, int Length)
{
    /// <summary>What is reached over this card without a router.</summary>
    public IPNetwork Network
    {
        get
        {
            var bytes = Address.GetAddressBytes();
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] &= (byte)(0xFF00 >> Math.Clamp(Length - (i * 8), 0, 8));
            }

            return new IPNetwork(new IPAddress(bytes), Length);
        }
    }

    /// <summary>An address that counts on its own card only (RFC 3927, RFC 4291) is on every card and says nothing; the
    /// host's own loopback is no card.</summary>
    public bool IsOfACard => Card != "lo" && !IPAddress.IsLoopback(Address) && !Address.IsIPv6LinkLocal
        && !(Address.GetAddressBytes() is [169, 254, _, _]);
}

/// <summary>What this machine has of cards, at one moment.</summary>
/// <param name="Names">All of them, those without an address too.</param>
/// <param name="Addresses">Their addresses.</param>
internal sealed record CardSight(IReadOnlyList<string> Names, IReadOnlyList<CardAddress> Addresses)
{
    /// <summary>Where nobody looks: a test, a machine of another kind.</summary>
    public static CardSight Nothing { get; } = new([], []);

    /// <summary>The card by which this machine's own routes lead to an address; empty where none does.</summary>
    public Func<IPAddress, string> RouteTo { get; init; } = _ => "";
}
