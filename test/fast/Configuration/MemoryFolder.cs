using System.Text;
using Sluice.Agent.Configuration;

namespace Sluice.Fast.Configuration;

/// <summary>gateway.json and its lists without a disk.</summary>
internal static class MemoryFolder
{
    public const string Gateway = """
        {
          "gateway": { "site": "plant1", "id": "gw-042" },
          "broker": { "host": "mes-broker", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
          "sources": { "hmi1": { "kind": "modbus-tcp", "address": "10.10.1.30", "signals": "hmi1.csv" } }
        }
        """;

    public const string List = "signal,address,type\noil/temperature,holding:100,float32\n";

    public static LoadResult Load(string gateway, string list) =>
        Load(Encoding.UTF8.GetBytes(gateway), Encoding.UTF8.GetBytes(list));

    public static LoadResult Load(byte[] gateway, byte[] list) => ConfigurationReader.Read(
        new ProblemList("gateway.json"),
        gateway,
        name => name.EndsWith(".csv", StringComparison.Ordinal) ? (list, "") : (null, "is not there."));
}
