using System.Net;

namespace Sluice.Agent.Configuration;

/// <summary>
/// Reads IP addresses strictly. IPAddress.Parse alone takes "1", "0x7f.1" and "010.0.0.1" (octal: 8.0.0.1), each a way
/// to speak to a host that nobody meant.
/// </summary>
internal static class AddressText
{
    public static string? Refuse(string text) => TryAddress(text, out _, out var problem) ? null : problem;

    public static string? RefuseNetwork(string text) => TryNetwork(text, out _, out var problem) ? null : problem;

    public static bool TryAddress(string text, out IPAddress address, out string problem)
    {
        var shown = FileNode.Clip(text);
        address = IPAddress.None;
        if (!IPAddress.TryParse(text, out var parsed) || text.Contains('[', StringComparison.Ordinal))
        {
            problem = text.Any(char.IsAsciiLetter) && !text.Contains(':', StringComparison.Ordinal)
                ? $"\"{shown}\" is a name: write the IP address; no name is ever looked up (no DNS query leaves the "
                + "gateway)."
                : text.Contains('/', StringComparison.Ordinal)
                    ? $"\"{shown}\" is a network: write one IP address, without the /."
                    : $"\"{shown}\" is not an IP address: write it like 192.0.2.10"
                        + (text.Contains(':', StringComparison.Ordinal) ? " (the port has a key of its own)." : ".");
            return false;
        }

        problem = parsed switch
        {
            _ when IsVersion4(parsed) && parsed.ToString() != text =>
                $"\"{shown}\" would be read as {parsed}: write four decimal numbers without leading zeros.",
            _ when text.Contains('%', StringComparison.Ordinal) =>
                $"\"{shown}\" names an interface after the %: write an address that needs none.",
            { IsIPv4MappedToIPv6: true } => $"\"{shown}\" is IPv4 in disguise: write {parsed.MapToIPv4()}.",
            _ when IsNobody(parsed) => $"\"{shown}\" is not the address of one host: write the host's own.",
            _ => "",
        };
        address = parsed;
        return problem.Length == 0;
    }

    public static bool TryNetwork(string text, out IPNetwork network, out string problem)
    {
        var shown = FileNode.Clip(text);
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            problem = IPAddress.TryParse(text, out var single) && single.ToString() == text
                ? $"\"{shown}\" has no length: write a network such as 192.0.2.0/28, or \"{text}/"
                    + $"{(IsVersion4(single) ? 32 : 128)}\" for this one address."
                : $"\"{shown}\" is not a network: write one such as 192.0.2.0/28.";
            return false;
        }

        var isV4 = !text.Contains(':', StringComparison.Ordinal);
        if (!IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            || (isV4 && address.ToString() != text[..slash])
            || address.IsIPv4MappedToIPv6 || text.Contains('%', StringComparison.Ordinal)
            || !int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out var length)
            || length > (isV4 ? 32 : 128))
        {
            problem = $"\"{shown}\" is not a network: write one such as 192.0.2.0/28.";
            return false;
        }

        var start = Masked(address, length);
        problem = !start.Equals(address) ? $"\"{shown}\" is an address inside a network: write the network, "
            + $"{start}/{length}."
            : length < (isV4 ? 8 : 32) ? $"\"{shown}\" is so wide that it fences nothing: write the network of the "
                + "DMZ itself."
            : "";
        network = problem.Length == 0 ? new IPNetwork(start, length) : default;
        return problem.Length == 0;
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF00 >> kept);
        }

        return new IPAddress(bytes);
    }

    private static bool IsNobody(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Broadcast)
        || address.IsIPv6Multicast
        || (IsVersion4(address) && address.GetAddressBytes()[0] is 0 or >= 224);

    private static bool IsVersion4(IPAddress address) => address.GetAddressBytes().Length == 4;
}
