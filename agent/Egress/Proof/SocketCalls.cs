using System.Runtime.InteropServices;

namespace Sluice.Agent.Egress.Proof;

/// <summary>
/// The kernel's calls by which both proofs try to get out, past every class of .NET, and where they aim: an address
/// that belongs to nobody (RFC 5737). The numbers are of asm-generic/errno*.h, socket.h and fcntl.h, which are the same
/// on x64 and arm64. A call that fails leaves its error to <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe partial class SocketCalls
{
    /// <summary>The host's rules answer within a millisecond; whoever needs longer is not this host.</summary>
    public const int AnswerWaitMilliseconds = 500;

    public const int InProgress = 115;
    public const int InternetFamily = 2;
    public const int StreamType = 1;
    public const int DatagramType = 2;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int SocketLevel = 1;
    public const int ErrorOption = 4;
    public const int NamePort = 53;
    private const int DiscardPort = 9;
    private const int PortsTried = 1000;

    private static readonly byte[] Nobody = [203, 0, 113, 1];

    /// <summary>A port that is none of those.</summary>
    public static int PortBeside(IReadOnlyList<int> ports) =>
        Enumerable.Range(DiscardPort, PortsTried).First(port => !ports.Contains(port));

    public static InternetAddress Target(int port)
    {
        var address = new InternetAddress { Family = InternetFamily };
        address.Port[0] = (byte)(port >> 8);
        address.Port[1] = (byte)port;
        for (var i = 0; i < Nobody.Length; i++)
        {
            address.Host[i] = Nobody[i];
        }

        return address;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int MakeSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, void* address, int length);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    public static partial int Listen(int socket, int backlog);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    public static partial nint SendTo(int socket, void* bytes, nint length, int flags, void* to, int toLength);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(int socket, int level, int option, void* value, int* length);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int handle);

    /// <summary>struct sockaddr_in, port and host in the network's order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct InternetAddress
    {
        public ushort Family;
        public fixed byte Port[2];
        public fixed byte Host[4];
        public fixed byte Zero[8];
    }

    /// <summary>struct pollfd</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }
}
