using System.Net;
using System.Net.Sockets;

namespace Sluice.Field.Parts;

/// <summary>
/// A directory of one test's own, with a short path (a unix socket's may have 107 bytes), gone afterwards.
/// </summary>
internal sealed class FieldDirectory : IDisposable
{
    public FieldDirectory() => Root = Directory.CreateTempSubdirectory("sluice-").FullName;

    public string Root { get; }

    public string At(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // A mount that could not be taken off: the path is unique, nobody trips over it.
        }
    }

    /// <summary>
    /// A port of loopback that was free a moment ago. Somebody may take it before its user binds; the chance is small,
    /// and the user says so loudly.
    /// </summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>The repository that this program was built in.</summary>
    public static string Repository()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "agent.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("The field tests run from inside the repository.");
    }
}
