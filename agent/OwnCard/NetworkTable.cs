using System.Globalization;
using System.Net;
using System.Text;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.OwnCard;

/// <summary>
/// Reads <c>network.txt</c>, the addresses of a gateway's network cards, and writes what systemd-networkd makes them
/// by. A core.
/// <para>
/// Invariants: anybody may have written the table, and root's service reads what becomes of it: nothing of it is
/// copied, every word is one of ours or an address that was parsed and is written anew; one wrong line, and nothing is
/// made of it; as many lines as a gateway can need.
/// </para>
/// </summary>
/// <example>
/// <code>
/// # card             address
/// enp1s0             192.0.2.2/28   via 192.0.2.1
/// 02:00:5e:10:00:01  10.10.1.2/24
/// enp2s0             to 10.20.0.0/16 via 10.10.1.1
/// enp3s0             dhcp
/// </code>
/// </example>
internal static class NetworkTable
{
    public const string FileName = "network.txt";
    public const int BytesMax = 8192;

    /// <summary>Of the files that are made of it; others in their folder are not touched.</summary>
    public const string UnitBeginning = "10-sluice-";
    public const string UnitEnding = ".network";

    private const int LinesMax = 64;
    private const int NameLettersMax = 15;
    private const string Shape = "write a network card and its address, such as \"enp1s0 192.0.2.2/28\"; behind it "
        + "\"via\" and a router, where one leads out";

    /// <summary>The files by their names, or what is wrong.</summary>
    public static IReadOnlyList<KeyValuePair<string, byte[]>> Read(ReadOnlySpan<byte> bytes, ProblemList problems)
    {
        if (TextFile.Unreadable(bytes) is { } unreadable)
        {
            problems.Error(unreadable.Line, 0, "", unreadable.Sentence);
            return [];
        }

        var cards = new Dictionary<string, Card>(StringComparer.Ordinal);
        var lines = Encoding.UTF8.GetString(TextFile.WithoutMark(bytes)).Split('\n');
        var count = 0;
        for (var at = 0; at < lines.Length && problems.ErrorCount < LinesMax; at++)
        {
            var words = lines[at].Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }

            if (++count > LinesMax)
            {
                problems.Error(at + 1, 0, "", $"has more than {LinesMax} lines: no gateway has so many addresses.");
                break;
            }

            if (Take(cards, words) is { } problem)
            {
                problems.Error(at + 1, 0, "", problem);
            }
        }

        return problems.ErrorCount > 0 ? [] :
        [
            .. cards.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => KeyValuePair.Create(
                UnitBeginning + each.Key.Replace(':', '-') + UnitEnding, Encoding.ASCII.GetBytes(Unit(each.Value)))),
        ];
    }

    /// <summary>Null, or the sentence that says what is wrong with the line.</summary>
    private static string? Take(Dictionary<string, Card> cards, string[] words)
    {
        var name = words[0].ToLowerInvariant();
        if (!IsName(words[0]) && !IsHardware(name))
        {
            return $"\"{FileNode.Clip(words[0])}\" is no network card: {Shape}.";
        }

        var key = IsHardware(name) ? name : words[0];
        if (!cards.TryGetValue(key, out var card))
        {
            cards.Add(key, card = new Card(key));
        }

        return words[1..] switch
        {
            ["dhcp"] => Asks(card),
            ["off"] => Off(card),
            ["to", var network, "via", var router] => AddRoute(card, network, router),
            [var address] => AddAddress(card, address, null),
            [var address, "via", var router] => AddAddress(card, address, router),
            _ => $"is not understood: {Shape}.",
        };
    }

    private static string? Asks(Card card)
    {
        card.IsAsking = true;
        return Mixed(card);
    }

    private static string? Off(Card card)
    {
        card.IsOff = true;
        return Mixed(card);
    }

    private static string? AddAddress(Card card, string text, string? router)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return $"\"{FileNode.Clip(text)}\" has no length: write the address with that of its network, such as "
                + "192.0.2.2/28.";
        }

        if (!AddressText.TryAddress(text[..slash], out var address, out var problem))
        {
            return problem;
        }

        var bits = address.GetAddressBytes().Length * 8;
        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length < 8 || length > bits)
        {
            return $"\"{FileNode.Clip(text)}\": the length of the network is a number from 8 to {bits}.";
        }

        card.Addresses.Add($"{address}/{length}");
        return Mixed(card) ?? (router is null ? null : AddRouter(card, "", router));
    }

    private static string? AddRoute(Card card, string network, string router) =>
        AddressText.TryNetwork(network, out var to, out var problem) ? AddRouter(card, to.ToString(), router) : problem;

    private static string? AddRouter(Card card, string to, string router)
    {
        if (!AddressText.TryAddress(router, out var address, out var problem))
        {
            return problem;
        }

        card.Routes.Add((to, address));
        return Mixed(card);
    }

    private static string? Mixed(Card card) =>
        (card.IsAsking ? 1 : 0) + (card.IsOff ? 1 : 0) + (card.Addresses.Count + card.Routes.Count > 0 ? 1 : 0) > 1
            ? $"{card.Name} is either given addresses, or asks for one (dhcp), or is off." : null;

    /// <summary>As the kernel names a card, and nothing that means something to systemd.</summary>
    private static bool IsName(string text) => text.Length is > 0 and <= NameLettersMax && text != "lo"
        && char.IsAsciiLetter(text[0])
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.');

    private static bool IsHardware(string text) => text.Length == 17 && text.Select((letter, at) =>
        at % 3 == 2 ? letter == ':' : char.IsAsciiHexDigitLower(letter)).All(each => each);

    private static string Unit(Card card)
    {
        var text = new StringBuilder("# Made of network.txt on the gateway's card.\n[Match]\n")
            .Append(IsHardware(card.Name) ? "MACAddress=" : "Name=").Append(card.Name).Append('\n');
        if (card.IsOff)
        {
            return text.Append("\n[Link]\nActivationPolicy=always-down\nRequiredForOnline=no\n").ToString();
        }

        text.Append("\n[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nLLMNR=no\nMulticastDNS=no\nLLDP=no\n");
        text.Append(card.IsAsking
            ? "DHCP=ipv4\n\n[DHCPv4]\nUseDNS=no\nUseNTP=no\nUseHostname=no\nUseDomains=no\nSendHostname=no\n" : "");
        foreach (var address in card.Addresses)
        {
            text.Append("Address=").Append(address).Append('\n');
        }

        foreach (var (to, router) in card.Routes)
        {
            text.Append("\n[Route]\n").Append(to.Length > 0 ? $"Destination={to}\n" : "")
                .Append("Gateway=").Append(router).Append('\n');
        }

        return text.ToString();
    }

    private sealed class Card(string name)
    {
        public string Name => name;

        public bool IsAsking { get; set; }

        public bool IsOff { get; set; }

        public List<string> Addresses { get; } = [];

        public List<(string To, IPAddress Router)> Routes { get; } = [];
    }
}
