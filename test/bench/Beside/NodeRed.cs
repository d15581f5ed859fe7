using System.Text.Json;
using Sluice.Bench.Modbus;
using Sluice.Bench.Uplink;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;

namespace Sluice.Bench.Beside;

/// <summary>
/// Node-RED with the Modbus nodes that most flows have: one block for all registers, a message for each value, QoS 1
/// over TLS with a client certificate. Nothing but the server and the broker is spoken to: test/bench/node-red.
/// </summary>
internal sealed class NodeRed : IPeer
{
    private const string Within = "test/bench";
    private const string Folder = "node-red";
    private readonly string modules;
    private readonly string node;

    private NodeRed(string modules, string node) => (this.modules, this.node) = (modules, node);

    public string Name => "node-red";

    public IReadOnlyList<string> Words =>
    [
        "Node-RED asks for all registers at once, sends a message for each value, and stores nothing: what is not",
        $"acknowledged waits in memory. Its editor is off. It is node-red {Version("node-red")}, "
            + $"node-red-contrib-modbus {Version("node-red-contrib-modbus")},",
        $"modbus-serial {Version("@openp4nr/modbus-serial")}, Node.js {node}.",
    ];

    /// <summary>Installs it where it is not yet; no peer, and the reason, where that cannot be.</summary>
    public static async Task<(NodeRed? Peer, string Absence)> PrepareAsync()
    {
        if (!File.Exists(NodeModules.Npm) || !File.Exists(NodeModules.Node))
        {
            return (null, "Node-RED was not measured, because npm is not there.");
        }

        try
        {
            var installed = await NodeModules.InstallAsync(Folder, Within);
            var (_, node) = await ChildProcess.RunAsync(NodeModules.Node, "--version");
            return (new NodeRed(Path.Combine(installed, "node_modules"), node.TrimStart('v')), "");
        }
        catch (Exception fault) when (fault is InvalidOperationException or TimeoutException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return (null, "Node-RED was not measured, because npm could not install it.");
        }
    }

    public async Task<ChildProcess> StartAsync(UplinkRig rig, int server, int registers, TimeSpan every)
    {
        var home = Directory.CreateDirectory(rig.At(Figures.Of($"node-red{every.TotalMilliseconds}"))).FullName;
        var flow = Path.Combine(home, "flow.json");
        await File.WriteAllTextAsync(flow, Flow(rig, server, registers, every));
        return ChildProcess.Start(
            NodeModules.Node,
            [
                Path.Combine(modules, "node-red", "red.js"), "--userDir", home,
                "--settings", Path.Combine(NodeModules.Scripts(Folder, Within), "settings.js"), flow,
            ],
            environment: new Dictionary<string, string> { ["HOME"] = home, ["NODE_ENV"] = "production" });
    }

    private static string Flow(UplinkRig rig, int server, int registers, TimeSpan every) => Figures.Of($$"""
        [
          { "id": "tab", "type": "tab", "label": "bench" },
          { "id": "plc", "type": "modbus-client", "clienttype": "tcp", "tcpHost": "127.0.0.1",
            "tcpPort": "{{server}}", "tcpType": "DEFAULT", "unit_id": "1", "bufferCommands": true,
            "commandDelay": "1", "clientTimeout": "1000", "reconnectOnTimeout": true, "reconnectTimeout": "2000",
            "parallelUnitIdsAllowed": true, "failureLogEnabled": true },
          { "id": "tls", "type": "tls-config", "cert": "{{rig.Bare.Certificate}}", "key": "{{rig.Bare.Key}}",
            "ca": "{{rig.Broker.Files.Authority}}", "servername": "{{MosquittoBroker.Host}}",
            "verifyservercert": true },
          { "id": "mes", "type": "mqtt-broker", "broker": "127.0.0.1", "port": "{{rig.Broker.Port}}",
            "tls": "tls", "usetls": true, "clientid": "{{UplinkRig.GatewayId}}", "autoConnect": true,
            "protocolVersion": "4", "keepalive": "60", "cleansession": true },
          { "id": "read", "type": "modbus-read", "z": "tab", "server": "plc", "unitid": "1",
            "dataType": "HoldingRegister", "adr": "0", "quantity": "{{registers}}",
            "rate": "{{every.TotalMilliseconds}}", "rateUnit": "ms", "delayOnStart": false, "showErrors": true,
            "showWarnings": true, "wires": [["each"], []] },
          { "id": "each", "type": "function", "z": "tab", "outputs": 1, "libs": [], "wires": [["publish"]],
            "func": "{{EachValue}}" },
          { "id": "publish", "type": "mqtt out", "z": "tab", "broker": "mes", "qos": "1", "retain": "false",
            "wires": [] }
        ]
        """);

    /// <summary>As collectd does it: a topic for each register, and its time before the value.</summary>
    private static string EachValue =>
        "const at = Date.now() / 1000; return [msg.payload.map((value, index) => ({ "
        + $"topic: '{IPeer.Topic}{UplinkRig.GatewayId}/modbus-plc/gauge-w' + index, "
        + "payload: at + ':' + value }))];";

    private string Version(string package)
    {
        using var said = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(modules, package, "package.json")));
        return said.RootElement.GetProperty("version").GetString()!;
    }
}
