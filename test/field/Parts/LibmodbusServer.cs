using System.Globalization;

namespace Sluice.Field.Parts;

/// <summary>
/// libmodbus's own unit-test server, compiled here from the source that Debian's package brings. It takes one
/// connection in its life and ends with it, and its port stands in its source: each test compiles one with a free port.
/// </summary>
internal sealed class LibmodbusServer : IAsyncDisposable
{
    private const string Examples = "/usr/share/doc/libmodbus-dev/examples";
    private const string PortOfTheSource = "\"127.0.0.1\", 1502";

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
        var original = Path.Combine(Examples, "unit-test-server.c");
        if (!File.Exists(original))
        {
            throw new InvalidOperationException(
                $"{original} is not there: this machine drops the documentation of packages. Install it again with "
                + "apt-get install --reinstall -o 'Dpkg::Options::=--path-include=/usr/share/doc/libmodbus-dev/*' "
                + "libmodbus-dev");
        }

        var port = FieldDirectory.FreePort();
        var text = await File.ReadAllTextAsync(original);
        if (!text.Contains(PortOfTheSource, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{original} does not listen where it did: look at it");
        }

        var (source, program) = (directory.At("server.c"), directory.At("server"));
        await File.WriteAllTextAsync(source, text.Replace(
            PortOfTheSource, string.Create(CultureInfo.InvariantCulture, $"\"127.0.0.1\", {port}"),
            StringComparison.Ordinal));
        var (code, said) = await ChildProcess.RunAsync(
            "/usr/bin/gcc", $"-I{Examples}", "-I/usr/include/modbus", source, "-o", program, "-lmodbus");
        if (code != 0)
        {
            throw new InvalidOperationException($"gcc did not compile {original}:\n{said}");
        }

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
