using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Field.Parts.Wires;

/// <summary>
/// The gateway's way to everybody else: a router in a namespace of its own that leads nowhere, and counts what comes
/// for the addresses that belong to nobody (RFC 5737).
/// </summary>
internal sealed partial class FarRouter : IAsyncDisposable
{
    private const string GatewayCard = "up0";
    private const string RouterCard = "far0";

    private static int laid = Environment.ProcessId;

    private readonly string name = string.Create(
        CultureInfo.InvariantCulture, $"sf{Interlocked.Increment(ref laid) % 1_000_000}");

    public static async Task<FarRouter> BehindAsync(NetworkCables cables)
    {
        var router = new FarRouter();
        await RunAsync("/usr/sbin/ip", "netns", "add", router.name);
        try
        {
            await cables.InsideAsync("link", "add", GatewayCard, "type", "veth", "peer", "name", RouterCard, "netns",
                router.name);
            await cables.InsideAsync("addr", "add", "198.51.100.2/30", "dev", GatewayCard);
            await cables.InsideAsync("link", "set", GatewayCard, "up");

            // As on every machine that was started: what the rules refuse, they say by it.
            await cables.InsideAsync("link", "set", "lo", "up");
            await RunAsync("/usr/sbin/ip", "-n", router.name, "addr", "add", "198.51.100.1/30", "dev", RouterCard);
            await RunAsync("/usr/sbin/ip", "-n", router.name, "link", "set", RouterCard, "up");
            await cables.InsideAsync("route", "add", "default", "via", "198.51.100.1");
            await router.RulesAsync("counter drop");
            return router;
        }
        catch
        {
            await router.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on it refuses, as a firewall does that an administrator has set up politely.</summary>
    public Task RefuseAsync() => RulesAsync("counter reject with icmp type admin-prohibited");

    /// <summary>Packets for nobody that came here, ever.</summary>
    public async Task<int> CameAsync()
    {
        var said = await RunAsync("/usr/sbin/ip", "netns", "exec", name, "/usr/sbin/nft", "list", "ruleset");
        return int.Parse(Counted().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync() => await ChildProcess.RunAsync("/usr/sbin/ip", "netns", "del", name);

    private Task<string> RulesAsync(string verdict) => RunAsync(
        "/usr/sbin/ip", "netns", "exec", name, "/usr/sbin/nft", $$"""
        flush ruleset
        table ip far {
          chain comes {
            type filter hook prerouting priority 0
            ip daddr 203.0.113.0/24 {{verdict}}
          }
        }

        """);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(program, arguments);
        return code == 0
            ? said
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said}");
    }

    [GeneratedRegex(@"counter packets (\d+)")]
    private static partial Regex Counted();
}
