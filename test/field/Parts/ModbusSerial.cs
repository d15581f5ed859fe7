using System.Globalization;

namespace Sluice.Field.Parts;

/// <summary>
/// npm's modbus-serial, installed once into .cache from test/field/modbus-serial/package.json, without the parts that
/// need a compiler.
/// </summary>
internal static class ModbusSerial
{
    private const string Node = "/usr/bin/node";

    private static readonly string Scripts = Path.Combine(FieldDirectory.Repository(), "test/field/modbus-serial");
    private static readonly string Installed = Path.Combine(FieldDirectory.Repository(), ".cache/modbus-serial");
    private static readonly SemaphoreSlim Installing = new(1);

    /// <summary>A server on a port of loopback.</summary>
    public static async Task<ChildProcess> ServeAsync(int port)
    {
        await InstallAsync();
        var child = ChildProcess.Start(
            Node, [Path.Combine(Scripts, "machine.js"), Installed, port.ToString(CultureInfo.InvariantCulture)]);
        await child.SaysAsync("listening", TimeSpan.FromSeconds(30));
        return child;
    }

    /// <summary>Reads so many of each table as a client; the JSON line that it prints.</summary>
    public static async Task<string> ReadAsync(string wire, int port, int from, int count)
    {
        await InstallAsync();
        var (code, text) = await ChildProcess.RunAsync(
            Node, Path.Combine(Scripts, "reader.js"), Installed, wire, port.ToString(CultureInfo.InvariantCulture),
            from.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture));
        return code == 0 ? text : throw new InvalidOperationException($"modbus-serial ended with {code}:\n{text}");
    }

    private static async Task InstallAsync()
    {
        var wanted = Path.Combine(Scripts, "package.json");
        var done = Path.Combine(Installed, "installed.json");
        await Installing.WaitAsync();
        try
        {
            if (File.Exists(done) && await File.ReadAllTextAsync(done) == await File.ReadAllTextAsync(wanted))
            {
                return;
            }

            Directory.CreateDirectory(Installed);
            File.Copy(wanted, Path.Combine(Installed, "package.json"), overwrite: true);
            var (code, said) = await ChildProcess.RunAsync(
                "/usr/bin/npm", "install", "--prefix", Installed, "--omit=optional", "--ignore-scripts", "--no-audit",
                "--no-fund", "--no-package-lock");
            if (code != 0)
            {
                throw new InvalidOperationException(
                    "npm could not install modbus-serial: this machine needs a package registry once, after that "
                    + $".cache/modbus-serial suffices. npm said:\n{said}");
            }

            File.Copy(wanted, done, overwrite: true);
        }
        finally
        {
            Installing.Release();
        }
    }
}
