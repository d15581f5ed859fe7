using System.Globalization;

namespace Sluice.Field.Parts.Peers;

/// <summary>
/// A PostgreSQL of our own on a free port of loopback, run by the user that Debian's package made, because it refuses
/// to run as root. The machine's own clusters are not touched.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "postgres";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-pg-").FullName;
    private readonly int port = FieldDirectory.FreePort();
    private readonly string programs;
    private ChildProcess? child;

    private PostgresServer()
    {
        programs = Directory.GetDirectories("/usr/lib/postgresql").Order().Select(each => Path.Combine(each, "bin"))
            .LastOrDefault(each => File.Exists(Path.Combine(each, "initdb")))
            ?? throw new InvalidOperationException("There is no PostgreSQL below /usr/lib/postgresql.");
    }

    /// <summary>As <c>sluice-mes --database</c> takes it.</summary>
    public string Where => string.Create(
        CultureInfo.InvariantCulture,
        $"postgres:Host=127.0.0.1;Port={port};Username={User};Database={User};Pooling=false");

    public static async Task<PostgresServer> StartAsync()
    {
        var server = new PostgresServer();
        try
        {
            await server.MakeAsync();
            await server.RunAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>As a power cut ends it.</summary>
    public async Task KillAsync() => await child!.DisposeAsync();

    public async Task RunAsync()
    {
        child = AsUser(
            "postgres", "-D", Path.Combine(directory, "data"), "-p", port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={directory}");
        await child.SaysAsync("ready to accept connections", TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        if (child is not null)
        {
            await child.DisposeAsync();
        }

        Directory.Delete(directory, recursive: true);
    }

    private async Task MakeAsync()
    {
        await ChildProcess.RunAsync("chown", User, directory);
        await using var initdb = AsUser("initdb", "-D", Path.Combine(directory, "data"), "--auth=trust", "-U", User);
        await initdb.ExitAsync(TimeSpan.FromSeconds(60));
        if (initdb.ExitCode != 0)
        {
            throw new InvalidOperationException($"initdb failed:\n{initdb.Tail()}");
        }
    }

    private ChildProcess AsUser(string program, params string[] arguments) => ChildProcess.Start(
        "setpriv",
        [
            "--reuid", User, "--regid", User, "--clear-groups",
            Path.Combine(programs, program), .. arguments,
        ]);
}
