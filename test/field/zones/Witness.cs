using System.Text.Json;

namespace Sluice.Field.Zones;

/// <summary>What one host's kernel counted of packets that nobody there had asked for (witness.nft).</summary>
internal sealed class Witness
{
    private readonly HashSet<(string Kind, int From, int To)> seen = [];
    private readonly HashSet<int> pings = [];
    private readonly HashSet<int> pings6 = [];

    private Witness()
    {
    }

    /// <summary>Packets that were neither TCP, UDP nor an echo.</summary>
    public long Other { get; private set; }

    /// <summary>How many source and target ports were seen in all, pings too.</summary>
    public int Count => seen.Count + pings.Count + pings6.Count;

    /// <summary>Kind and port of all that arrived, each once: tcp/8883.</summary>
    public IReadOnlySet<string> Words =>
        seen.Select(each => $"{each.Kind}/{each.To}")
            .Concat(pings.Count > 0 ? ["ping"] : []).Concat(pings6.Count > 0 ? ["6:ping"] : [])
            .Concat(Other > 0 ? ["other"] : []).ToHashSet();

    public bool Has(Way way, int port) => way.Kind == "ping"
        ? (way.IsV6 ? pings6 : pings).Contains(port)
        : seen.Contains((way.Kind, port, way.Port));

    public static async Task<Witness> ReadAsync(ZonesLab lab, string host)
    {
        var witness = new Witness();
        using var listed = JsonDocument.Parse(await lab.InAsync(
            host, "/usr/sbin/nft", "-j", "-n", "list", "table", "inet", "witness"));
        foreach (var item in listed.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (item.TryGetProperty("counter", out var counter) && counter.TryGetProperty("packets", out var packets))
            {
                witness.Other = packets.GetInt64();
            }
            else if (item.TryGetProperty("set", out var set) && set.TryGetProperty("elem", out var elements))
            {
                foreach (var element in elements.EnumerateArray())
                {
                    witness.Note(set.GetProperty("name").GetString()!, element);
                }
            }
        }

        return witness;
    }

    /// <summary>Forgets all that it saw.</summary>
    public static async Task ClearAsync(ZonesLab lab, string host)
    {
        await lab.InAsync(host, "/usr/sbin/nft", "delete", "table", "inet", "witness");
        await lab.InAsync(host, "/usr/sbin/nft", "-f", Path.Combine(ZonesLab.Folder, "witness.nft"));
    }

    // With a counter an element is { "elem": { "val": ..., "counter": ... } }.
    private void Note(string set, JsonElement element)
    {
        var value = element.ValueKind == JsonValueKind.Object && element.TryGetProperty("elem", out var inner)
            ? inner.GetProperty("val") : element;
        if (set == "seen")
        {
            var parts = value.GetProperty("concat");
            var kind = parts[0].ToString() switch { "6" or "tcp" => "tcp", "17" or "udp" => "udp", var other => other };
            seen.Add((kind, parts[1].GetInt32(), parts[2].GetInt32()));
        }
        else
        {
            (set == "pinged" ? pings : pings6).Add(value.GetInt32());
        }
    }
}
