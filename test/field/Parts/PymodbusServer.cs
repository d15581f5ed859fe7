using System.Globalization;

namespace Sluice.Field.Parts;

/// <summary>One value that the plant served, and when (Unix milliseconds, the plant's clock).</summary>
internal readonly record struct Served(long Count, long AtMilliseconds);

/// <summary>The pymodbus server of test/field/pymodbus as a process of its own, and the record that it keeps.</summary>
internal sealed class PymodbusServer : IAsyncDisposable
{
    // Debian's: another Python that is first on the path does not have Debian's pymodbus.
    private const string Python = "/usr/bin/python3";

    private readonly string record;
    private readonly string script =
        Path.Combine(FieldDirectory.Repository(), "test", "field", "pymodbus", "plant_server.py");

    private string address = "127.0.0.1";
    private ChildProcess? child;

    private PymodbusServer(string record, int port)
    {
        this.record = record;
        Port = port;
    }

    public int Port { get; }

    public static async Task<PymodbusServer> StartAsync(FieldDirectory directory)
    {
        var server = new PymodbusServer(directory.At("plant.record"), FieldDirectory.FreePort());
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        child = ChildProcess.Start(Python, ["-B", script, address, port, record]);
        await child.SaysAsync("listening", TimeSpan.FromSeconds(30));
    }

    /// <summary>Starts it again at another address of this machine; port and record stay.</summary>
    public async Task MoveToAsync(string newAddress)
    {
        await KillAsync();
        address = newAddress;
        await StartAsync();
    }

    public async Task KillAsync()
    {
        if (child is not null)
        {
            await child.DisposeAsync();
            child = null;
        }
    }

    /// <summary>Every value that any client can have seen, in order.</summary>
    public IReadOnlyList<Served> Record()
    {
        if (!File.Exists(record))
        {
            return [];
        }

        using var stream = new FileStream(record, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var served = new List<Served>();
        while (reader.ReadLine() is { } line)
        {
            var parts = line.Split(' ');
            served.Add(new Served(
                long.Parse(parts[0], CultureInfo.InvariantCulture),
                long.Parse(parts[1], CultureInfo.InvariantCulture)));
        }

        return served;
    }

    public async ValueTask DisposeAsync() => await KillAsync();
}
