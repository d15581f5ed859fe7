using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sluice.Intruder;

/// <summary>
/// Every way to get a packet out that a program without rights has on Linux, past every class of .NET, to each of some
/// addresses. A call that goes through is counted; whether a packet arrived is for the witnesses to say.
/// </summary>
internal sealed unsafe partial class Tries(IReadOnlyList<string> addresses)
{
    // asm-generic/socket.h, linux/in.h, linux/tcp.h
    private const int Stream = 1;
    private const int Datagram = 2;
    private const int Raw = 3;
    private const int SequencedPackets = 5;
    private const int Congestion = 6;
    private const int NonBlocking = 0x800;
    private const int Internet = 2;
    private const int Internet6 = 10;
    private const int PacketFamily = 17;
    private const int FastOpen = 0x20000000;
    private const int SocketLevel = 1;
    private const int BindToCard = 25;
    private const short Writable = 4;
    private const int PatienceMilliseconds = 1500;

    private static readonly int[] TcpPorts = [22, 80, 443, 502, 1883, 5900, 8883];
    private static readonly int[] UdpPorts = [53, 123, 8883];
    private static readonly int[] Others = [33, 47, 132, 136]; // DCCP, GRE, SCTP, UDP-Lite
    private static readonly string[] Cards = ["ot0", "dmz0"];

    public IEnumerable<(string Kind, int Tried, int Went)> All()
    {
        yield return Count("tcp", ForEach(TcpPorts, (to, port) => Connected(Stream, 0, to, port)));
        yield return Count("multipath", ForEach(TcpPorts, (to, port) => Connected(Stream, 262, to, port)));
        yield return Count("fast-open", ForEach(TcpPorts, (to, port) => Sent(Stream, 0, to, port, FastOpen)));
        yield return Count("by-card", Cards.SelectMany(card => ForEach(
            TcpPorts, (to, port) => Connected(Stream, 0, to, port, card))));
        yield return Count("udp", ForEach(UdpPorts, (to, port) => Sent(Datagram, 0, to, port, 0)));
        yield return Count("echo", ForEach([0], (to, _) => Sent(Datagram, IsV6(to) ? 58 : 1, to, 0, 0)));
        yield return Count("raw", ForEach([1, 6, 17], (to, protocol) => Sent(Raw, protocol, to, 0, 0)));
        yield return Count("packet", [Opened(PacketFamily, Raw, 0x0300), Opened(PacketFamily, Datagram, 0x0300)]);
        yield return Count("other", Others.SelectMany(protocol => ForEach([9], (to, port) => Any(protocol, to, port))));
        yield return Count("other-program", [.. addresses.Where(to => !IsV6(to)).Select(Spawned)]);
    }

    private static (string, int, int) Count(string kind, IEnumerable<bool> tries)
    {
        var all = tries.ToList();
        return (kind, all.Count, all.Count(went => went));
    }

    private IEnumerable<bool> ForEach(int[] ports, Func<string, int, bool> attempt) =>
        addresses.SelectMany(to => ports.Select(port => attempt(to, port)));

    /// <summary>The first packet leaves before anybody can answer; what is waited for is only that answer.</summary>
    private static bool Connected(int type, int protocol, string to, int port, string card = "")
    {
        var handle = MakeSocket(IsV6(to) ? Internet6 : Internet, type | NonBlocking, protocol);
        if (handle < 0)
        {
            return false;
        }

        if (card.Length > 0)
        {
            var name = System.Text.Encoding.ASCII.GetBytes(card + '\0');
            fixed (byte* bytes = name)
            {
                _ = SetOption(handle, SocketLevel, BindToCard, bytes, name.Length);
            }
        }

        var went = Call(handle, to, port) == 0 || Marshal.GetLastPInvokeError() == 115;
        if (went)
        {
            // Not closed at once: a socket that is gone takes a packet with it that waits for a neighbour.
            Later.Add(handle);
        }
        else
        {
            _ = Close(handle);
        }

        if (Later.Count > 400)
        {
            CloseLater();
        }

        return went;
    }

    private static readonly List<int> Later = [];

    private static void CloseLater()
    {
        var until = Stopwatch.StartNew();
        foreach (var handle in Later)
        {
            var entry = new PollEntry { Descriptor = handle, Wanted = Writable };
            _ = Poll(&entry, 1, (int)Math.Max(0, PatienceMilliseconds - until.ElapsedMilliseconds));
            _ = Close(handle);
        }

        Later.Clear();
    }

    private static bool Sent(int type, int protocol, string to, int port, int flags)
    {
        var handle = MakeSocket(IsV6(to) ? Internet6 : Internet, type | NonBlocking, protocol);
        if (handle < 0)
        {
            return false;
        }

        // An echo request, its sum left to the kernel where it makes one; to others it is just eight bytes.
        byte[] bytes = [IsV6(to) ? (byte)128 : (byte)8, 0, 0xF7, 0xFE, 0, 0, 0, 1];
        var (address, length) = Address(to, port);
        fixed (byte* data = bytes, target = address)
        {
            var went = SendTo(handle, data, bytes.Length, flags, target, length) >= 0
                || Marshal.GetLastPInvokeError() == 115;
            Later.Add(handle);
            return went;
        }
    }

    private static bool Any(int protocol, string to, int port) => protocol switch
    {
        132 => Connected(Stream, protocol, to, port) | Connected(SequencedPackets, protocol, to, port),
        33 => Connected(Congestion, protocol, to, port),
        136 => Sent(Datagram, protocol, to, port, 0),
        _ => Sent(Raw, protocol, to, port, 0),
    };

    private static bool Opened(int family, int type, int protocol)
    {
        var handle = MakeSocket(family, type, protocol);
        if (handle >= 0)
        {
            _ = Close(handle);
        }

        return handle >= 0;
    }

    private static bool Spawned(string to)
    {
        CloseLater();
        try
        {
            using var other = Process.Start(new ProcessStartInfo("/bin/bash",
                ["-c", $"echo x >/dev/udp/{to}/53; timeout 1 bash -c 'echo x >/dev/tcp/{to}/80'"])
            {
                RedirectStandardError = true,
            })!;
            other.WaitForExit();
            return true;
        }
        catch (Exception refused) when (refused is System.ComponentModel.Win32Exception or IOException)
        {
            return false;
        }
    }

    private static int Call(int handle, string to, int port)
    {
        var (address, length) = Address(to, port);
        fixed (byte* target = address)
        {
            return Connect(handle, target, length);
        }
    }

    private static (byte[] Bytes, int Length) Address(string to, int port)
    {
        var address = new IPEndPoint(IPAddress.Parse(to), port).Serialize();
        return (address.Buffer.ToArray(), address.Size);
    }

    private static bool IsV6(string address) => address.Contains(':');

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int MakeSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(int socket, void* address, int length);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint SendTo(int socket, void* bytes, nint length, int flags, void* to, int toLength);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int socket, int level, int option, void* value, int length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
