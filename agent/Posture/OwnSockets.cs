using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Agent.Posture;

/// <summary>
/// Counts the sockets of this process that take something from a network without having asked for it: one that
/// listens, and any that takes datagrams or raw packets. Asked of the kernel, descriptor by descriptor, so that what a
/// library opened behind our back is counted too. Sockets that never leave the machine (unix, netlink) are none.
/// </summary>
internal static partial class OwnSockets
{
    private const string Descriptors = "/proc/self/fd";
    private const int UnixDomain = 1;
    private const int NetlinkDomain = 16;
    private const int StreamType = 1;
    private const int SequencedType = 5;

    // asm-generic/socket.h, the same on x64 and arm64.
    private const int SocketLevel = 1;
    private const int TypeOption = 3;
    private const int IsListeningOption = 30;
    private const int DomainOption = 39;

    /// <summary>Null where the machine does not let us look.</summary>
    public static int? Listeners()
    {
        try
        {
            return Listeners(Directory.EnumerateFileSystemEntries(Descriptors)
                .Select(entry => int.Parse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture)));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Of these descriptors; what is no socket is none.</summary>
    internal static int Listeners(IEnumerable<int> descriptors) => descriptors.Count(IsListener);

    private static bool IsListener(int descriptor) =>
        Option(descriptor, DomainOption) is { } domain and not (UnixDomain or NetlinkDomain)
        && (Option(descriptor, TypeOption) is not (StreamType or SequencedType)
            || Option(descriptor, IsListeningOption) != 0);

    private static unsafe int? Option(int descriptor, int option)
    {
        int value = 0, length = sizeof(int);
        return GetSocketOption(descriptor, SocketLevel, option, &value, &length) == 0 ? value : null;
    }

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static unsafe partial int GetSocketOption(int socket, int level, int option, int* value, int* length);
}
