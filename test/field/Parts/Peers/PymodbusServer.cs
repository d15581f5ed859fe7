using System.Globalization;

namespace Sluice.Field.Parts.Peers;

/// <summary>One value that the plant served, and when (Unix milliseconds, the plant's clock).</summary>
internal readonly record struct Served(long Count, long AtMilliseconds);

/// <summary>The pymodbus server of test/field/pymodbus as a process of its own, and the record that it keeps.</summary>
internal sealed class PymodbusServer : IAsyncDisposable
{
    // Debian's: another Python that is first on the path does not have Debian's pymodbus.
    private const string Python = "/usr/bin/python3";

    private const string RecordFile = "plant.record";

    private readonly string record;
    private readonly string script =
        Path.Combine(FieldDirectory.Repository(), "test", "field", "pymodbus", "plant_server.py");

    private readonly string wire;
    private string address;
    private ChildProcess? child;

    private readonly string[] inside;

    private PymodbusServer(string record, int port, string wire, string address, string[] inside)
    {
        this.inside = inside;
        this.record = record;
        this.wire = wire;
        this.address = address;
        Port = port;
    }

    public int Port { get; }

    /// <summary>On a TCP port of loopback; the wire is tcp or rtu-over-tcp.</summary>
    public static Task<PymodbusServer> StartAsync(FieldDirectory directory, string wire = "tcp") =>
        StartAsync(directory.At(RecordFile), FieldDirectory.FreePort(), wire, "127.0.0.1");

    /// <summary>RTU on a serial port.</summary>
    public static Task<PymodbusServer> StartOnSerialAsync(FieldDirectory directory, string device) =>
        StartAsync(directory.At(RecordFile), 0, "serial", device);

    /// <summary>One of several, each with a record of its own; a port of 0 is a serial one's.</summary>
    public static async Task<PymodbusServer> StartAsync(
        string record, int port, string wire, string address, string[]? inside = null)
    {
        var server = new PymodbusServer(record, port, wire, address, inside ?? []);
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        string[] all = [.. inside, Python, "-B", script, address, port, record, wire];
        child = ChildProcess.Start(all[0], all[1..]);
        await child.SaysAsync("listening", TimeSpan.FromSeconds(30));
    }

    /// <summary>Starts it again at another address of this machine; port and record stay.</summary>
    public async Task MoveToAsync(string newAddress)
    {
        await KillAsync();
        address = newAddress;
        await StartAsync();
    }

    /// <summary>It hangs: its socket and its port stay open, and what is asked meanwhile is answered late.</summary>
    public void Hang() => child!.Suspend();

    public void GoOn() => child!.Resume();

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
