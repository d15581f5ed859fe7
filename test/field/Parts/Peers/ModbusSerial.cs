using System.Globalization;

namespace Sluice.Field.Parts.Peers;

/// <summary>npm's modbus-serial.</summary>
internal static class ModbusSerial
{
    private const string Folder = "modbus-serial";

    /// <summary>A server on a port of loopback.</summary>
    public static async Task<ChildProcess> ServeAsync(int port)
    {
        var installed = await NodeModules.InstallAsync(Folder);
        var child = ChildProcess.Start(
            NodeModules.Node, [Script("machine.js"), installed, port.ToString(CultureInfo.InvariantCulture)]);
        await child.SaysAsync("listening", TimeSpan.FromSeconds(30));
        return child;
    }

    /// <summary>Reads so many of each table as a client; the JSON line that it prints.</summary>
    public static async Task<string> ReadAsync(string wire, int port, int from, int count)
    {
        var installed = await NodeModules.InstallAsync(Folder);
        var (code, text) = await ChildProcess.RunAsync(
            NodeModules.Node, Script("reader.js"), installed, wire, port.ToString(CultureInfo.InvariantCulture),
            from.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture));
        return code == 0 ? text : throw new InvalidOperationException($"modbus-serial ended with {code}:\n{text}");
    }

    private static string Script(string name) => Path.Combine(NodeModules.Scripts(Folder), name);
}
