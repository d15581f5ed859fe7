namespace Sluice.Field.Parts.Peers;

/// <summary>
/// libmodbus's own unit-test server, compiled here from the source that Debian's package brings. It takes one
/// connection in its life and ends with it, and its port stands in its source: each test compiles one with a free port.
/// </summary>
internal sealed class LibmodbusServer : IAsyncDisposable
{
    private readonly string program;
    private ChildProcess? child;

    private LibmodbusServer(string program, int port)
    {
        this.program = program;
        Port = port;
    }

    public int Port { get; }

    public ChildProcess Process => child!;

    public static async Task<LibmodbusServer> StartAsync(FieldDirectory directory)
    {
        var port = FieldDirectory.FreePort();
        var program = await LibmodbusExample.CompileAsync(
            directory, "unit-test-server", (LibmodbusExample.PortOfTheSource, LibmodbusExample.Port(port)));
        var server = new LibmodbusServer(program, port);
        server.Start();
        return server;
    }

    /// <summary>Starts it. It does not say when it listens: its client tries until it does.</summary>
    public void Start() => child = ChildProcess.Start("/usr/bin/stdbuf", ["-oL", program, "tcp"]);

    public async Task RestartAsync()
    {
        await Process.DisposeAsync();
        Start();
    }

    public async ValueTask DisposeAsync()
    {
        if (child is not null)
        {
            await child.DisposeAsync();
        }
    }
}
