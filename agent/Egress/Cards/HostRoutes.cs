using System.Globalization;
using System.Net;

namespace Sluice.Agent.Egress.Cards;

/// <summary>
/// Which card the routes of a host lead to, from the text of /proc/net/route and /proc/net/ipv6_route (proc_net(5)):
/// the longest network that holds the address, and of those the smallest metric. A core. Rules that choose between
/// several tables are not seen.
/// </summary>
internal static class HostRoutes
{
    // linux/route.h: the route may be used; it refuses.
    private const int IsUp = 1;
    private const int Refuses = 0x200;

    public static string CardTo(IPAddress address, string version4, string version6) =>
        address.GetAddressBytes() is { Length: 4 } four
            ? Best(Version4(version4), four)
            : Best(Version6(version6), address.GetAddressBytes());

    private static string Best(IEnumerable<Route> routes, byte[] address)
    {
        Route? best = null;
        foreach (var route in routes.Where(route => Holds(route, address)))
        {
            if (best is not { } so || route.Length > so.Length
                || (route.Length == so.Length && route.Metric < so.Metric))
            {
                best = route;
            }
        }

        return best?.Card ?? "";
    }

    private static bool Holds(Route route, byte[] address)
    {
        for (var bit = 0; bit < route.Length; bit++)
        {
            if (((route.Network[bit / 8] ^ address[bit / 8]) & (0x80 >> (bit % 8))) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Card, destination, gateway, flags, …, metric, mask: numbers as this processor has them in memory.
    /// </summary>
    private static IEnumerable<Route> Version4(string text)
    {
        foreach (var line in text.Split('\n').Skip(1))
        {
            var fields = line.Split('\t', StringSplitOptions.TrimEntries);
            if (fields.Length > 7 && Hex(fields[1]) is { } network && Hex(fields[3]) is { } flags
                && Hex(fields[7]) is { } mask && (flags & (IsUp | Refuses)) == IsUp
                && long.TryParse(fields[6], NumberStyles.None, CultureInfo.InvariantCulture, out var metric))
            {
                yield return new Route(
                    fields[0], BitConverter.GetBytes(network), System.Numerics.BitOperations.PopCount(mask), metric);
            }
        }
    }

    /// <summary>Destination, its length, source, its length, gateway, metric, …, flags, card.</summary>
    private static IEnumerable<Route> Version6(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 10 && fields[0].Length == 32 && Hex(fields[1]) is { } length and <= 128
                && Hex(fields[5]) is { } metric && Hex(fields[8]) is { } flags && (flags & (IsUp | Refuses)) == IsUp)
            {
                yield return new Route(fields[9], Convert.FromHexString(fields[0]), (int)length, metric);
            }
        }
    }

    private static uint? Hex(string text) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private readonly record struct Route(string Card, byte[] Network, int Length, long Metric);
}
