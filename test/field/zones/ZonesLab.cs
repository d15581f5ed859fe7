using System.Globalization;
using Sluice.Field.Parts;

namespace Sluice.Field.Zones;

/// <summary>
/// The three zones, laid by lay-zones.sh for one test and taken down with it. No rule is loaded at first. Two of them
/// lie beside each other without knowing; what a killed run left behind is cleared away by the next one.
/// </summary>
internal sealed class ZonesLab : IAsyncDisposable
{
    public const int AgentUser = 2990;
    public const int TimeUser = 2991;

    private const string Ip = "/usr/sbin/ip";
    private const string Nft = "/usr/sbin/nft";
    private const string Python = "/usr/bin/python3";
    private const string Mark = "slz";
    private const string Emptied = "table inet zones {}\ndelete table inet zones\n";

    private static int laid;

    private readonly List<ChildProcess> listeners = [];
    private readonly string prefix = string.Create(
        CultureInfo.InvariantCulture, $"{Mark}{Environment.ProcessId}x{Interlocked.Increment(ref laid)}-");

    private ZonesLab()
    {
    }

    public FieldDirectory Directory { get; } = new();

    public string Prefix => prefix;

    public string ConfigurationFile => Directory.At("etc", "gateway.json");

    public static string Folder => Path.Combine(FieldDirectory.Repository(), "test", "field", "zones");

    /// <param name="served">TCP ports that something real serves by IPv4: HOST:PORT. At all others a listener answers.
    /// </param>
    public static async Task<ZonesLab> LayAsync(params string[] served)
    {
        await ClearWhatWasLeftAsync();
        var lab = new ZonesLab();
        try
        {
            await RunAsync("/bin/bash", Script, lab.prefix);
            await lab.WriteConfigurationAsync();
            await lab.HandOverAsync();
            await Task.WhenAll(ZonePolicy.Hosts.Select(host => lab.ListenAsync(host, served)));
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    private static string Script => Path.Combine(Folder, "lay-zones.sh");

    /// <summary>What is the agent's, to the agent's user.</summary>
    public async Task HandOverAsync(params string[] more)
    {
        await RunAsync("/bin/chown", Number(AgentUser), Directory.Root);
        await RunAsync("/bin/chown", ["-R", Number(AgentUser), Directory.At("etc"), .. more]);
        await RunAsync("/bin/chmod", "go+rx", Directory.Root);
    }

    public string[] Inside(string host) => [Ip, "netns", "exec", prefix + host];

    public string[] AsUser(string host, int user) => [.. Inside(host), .. Become(user)];

    public async Task<string> InAsync(string host, params string[] arguments)
    {
        var (code, said) = await TryInAsync(host, arguments);
        return code == 0 ? said
            : throw new InvalidOperationException($"{host}: {string.Join(' ', arguments)}: {code}: {said}");
    }

    public Task<(int Code, string Said)> TryInAsync(string host, params string[] arguments) =>
        ChildProcess.RunAsync(Ip, ["netns", "exec", prefix + host, .. arguments]);

    /// <summary>What the agent's own verb makes of the configuration, in the gateway's kernel.</summary>
    public async Task LoadHostRulesAsync()
    {
        await InAsync("gateway", [FieldGateway.Binary("linux-x64"), .. FirewallVerb("apply")]);
        await ForgetNeighboursAsync();
    }

    public string[] FirewallVerb(string verb) =>
    [
        "firewall", verb, "--config", ConfigurationFile, "--user", Number(AgentUser), "--time-user", Number(TimeUser),
    ];

    public Task FlushHostRulesAsync() => FlushAsync("gateway", "sluice");

    /// <summary>Rules of a firewall: as the file in this folder says, or as somebody changed them.</summary>
    public async Task<(int Code, string Said)> LoadFirewallAsync(string host, string? text = null)
    {
        var file = Directory.At($"{host}.nft");
        await File.WriteAllTextAsync(
            file, Emptied + (text ?? FirewallText(host)));
        var result = await TryInAsync(host, Nft, "-f", file);
        await ForgetNeighboursAsync();
        return result;
    }

    public static string FirewallText(string host) => File.ReadAllText(Path.Combine(Folder, $"{host}.nft"));

    public Task FlushFirewallAsync(string host) => FlushAsync(host, "zones");

    /// <summary>Just these layers and no other.</summary>
    public async Task StandAsync(Layers layers)
    {
        await FlushHostRulesAsync();
        foreach (var firewall in ZonePolicy.Firewalls)
        {
            await FlushFirewallAsync(firewall);
            if (layers.HasFlag(Layers.Firewalls))
            {
                var (code, said) = await LoadFirewallAsync(firewall);
                if (code != 0)
                {
                    throw new InvalidOperationException(said);
                }
            }
        }

        if (layers.HasFlag(Layers.Host))
        {
            await LoadHostRulesAsync();
        }

        await ForgetNeighboursAsync();
    }

    public ChildProcess Probe(Source source, string file)
    {
        string[] all = [.. Inside(source.Host), .. Become(source.User), Python, "-B", At("probes.py"), file];
        return ChildProcess.Start(all[0], all[1..]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in listeners)
        {
            await listener.DisposeAsync();
        }

        await RunAsync("/bin/bash", Script, prefix, "away");
        Directory.Dispose();
    }

    /// <summary>The namespaces of runs whose process is gone.</summary>
    private static async Task ClearWhatWasLeftAsync()
    {
        var (_, listed) = await ChildProcess.RunAsync(Ip, "netns", "list");
        var left = listed.Split('\n')
            .Where(line => line.StartsWith(Mark, StringComparison.Ordinal) && line.Contains('-'))
            .Select(line => line[..(line.IndexOf('-', StringComparison.Ordinal) + 1)]).Distinct();
        foreach (var each in left.Where(each => !Runs(each[Mark.Length..].Split('x')[0])))
        {
            await ChildProcess.RunAsync("/bin/bash", Script, each, "away");
        }
    }

    private static bool Runs(string process) => System.IO.Directory.Exists($"/proc/{process}");

    private async Task ListenAsync(string host, string[] served)
    {
        var tcp = ZonePolicy.TcpPorts.Select(port => served.Contains($"{host}:{port}") ? -port : port);

        // The gateway's answer as the agent's user: a stolen agent that listens is what is to be kept from answering.
        string[] all =
        [
            .. Inside(host), .. Become(host == "gateway" ? AgentUser : 0), Python, "-B", At("listeners.py"),
            string.Join(',', tcp), string.Join(',', ZonePolicy.UdpPorts),
        ];
        var listener = ChildProcess.Start(all[0], all[1..]);
        lock (listeners)
        {
            listeners.Add(listener);
        }

        await listener.SaysAsync("listening", FieldPlant.Soon);
    }

    private async Task FlushAsync(string host, string table)
    {
        // Where it is not there, that is what was wanted.
        await TryInAsync(host, Nft, "delete", "table", "inet", table);
        await ForgetNeighboursAsync();
    }

    /// <summary>Who was found while rules were different is not to be reached by that.</summary>
    private async Task ForgetNeighboursAsync() => await Task.WhenAll(ZonePolicy.Hosts.Select(host =>
        ChildProcess.RunAsync(Ip, "-n", prefix + host, "neigh", "flush", "all")));

    private async Task WriteConfigurationAsync()
    {
        System.IO.Directory.CreateDirectory(Directory.At("etc"));
        await File.WriteAllTextAsync(Directory.At("etc", "plc.csv"), """
            signal,address,type,order,report
            count,holding:0,uint32,ABCD,always
            half,holding:2,float32,ABCD,always
            name,holding:10,string:10,,

            """);
        await File.WriteAllTextAsync(Directory.At("etc", "hmi.csv"), """
            signal,address,type,order
            heartbeat,holding:0,uint16,
            temperature,holding:100,float32,CDAB
            pieces,holding:102,uint32,CDAB

            """);
        await File.WriteAllTextAsync(ConfigurationFile, ZonePolicy.Configuration(Directory));
    }

    private static string[] Become(int user) =>
        user == 0 ? [] : ["/usr/bin/setpriv", "--reuid", Number(user), "--clear-groups"];

    private static string At(string file) => Path.Combine(Folder, file);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(program, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {code}: {said}");
        }
    }
}
