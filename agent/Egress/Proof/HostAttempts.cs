using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using static Sluice.Agent.Egress.Proof.SocketCalls;

namespace Sluice.Agent.Egress.Proof;

/// <summary>
/// Tries to get past the host's rules, from outside the jail and under the agent's user: a connection to another host,
/// to another port, a datagram. Targets are addresses that belong to nobody (RFC 5737), and what is let out dies at the
/// first router. Called by a verb, on one thread.
/// <para>
/// Who refused is asked of the kernel (IP_RECVERR): an answer of this host's own rules comes from this host; the same
/// words from a firewall further on mean that the packet has left.
/// </para>
/// <para>
/// A gateway need not have a way to anywhere but its own networks. The attempts are made by each of its cards then, as
/// to a neighbour: the rules come before whoever looks for one.
/// </para>
/// </summary>
/// <param name="brokerPort">A port that the agent may connect to.</param>
/// <param name="ports">All of them.</param>
/// <param name="cards">The network cards that have an address.</param>
/// <param name="isOwn">Whether an address is one of this host's.</param>
internal sealed unsafe partial class HostAttempts(
    int brokerPort, IReadOnlyList<int> ports, IReadOnlyList<string> cards, Func<IPAddress, bool> isOwn)
{
    private const int NoRoute = 101;

    // ip(7): tell errors with who sent them; how far a packet goes.
    private const int InternetLevel = 0;
    private const int TimeToLive = 2;
    private const int TellErrors = 11;
    private const int ErrorQueue = 0x2000;

    private const int BindToCard = 25;

    // RFC 792, RFC 1812 5.2.7.1
    private const byte Unreachable = 3;
    private const byte NetworkProhibited = 9;
    private const byte HostProhibited = 10;
    private const byte Prohibited = 13;

    /// <summary>One outcome for each way that there was.</summary>
    public IReadOnlyList<HostOutcome> Try(EscapeAttempt attempt) => attempt switch
    {
        EscapeAttempt.OtherHost => Send(StreamType, brokerPort),
        EscapeAttempt.OtherPort => Send(StreamType, PortBeside(ports)),
        EscapeAttempt.Datagram => Send(DatagramType, NamePort),
        _ => [],
    };

    private IReadOnlyList<HostOutcome> Send(int type, int port)
    {
        var routed = Send(type, port, "");
        return routed is { IsAnswer: false, Error: NoRoute }
            ? [.. cards.Select(card => Send(type, port, card))]
            : [routed];
    }

    private HostOutcome Send(int type, int port, string card)
    {
        var socket = MakeSocket(InternetFamily, type | CloseOnExec | NonBlocking, 0);
        if (socket < 0)
        {
            return Failed();
        }

        try
        {
            int one = 1;
            _ = SetOption(socket, InternetLevel, TimeToLive, &one, sizeof(int));
            _ = SetOption(socket, InternetLevel, TellErrors, &one, sizeof(int));
            if (card.Length > 0 && !IsBound(socket, card))
            {
                return Failed();
            }

            var target = Target(port);
            byte nothing = 0;
            var failed = Connect(socket, &target, sizeof(InternetAddress)) != 0
                || (type == DatagramType && SendTo(socket, &nothing, 1, 0, null, 0) < 0);
            var error = failed ? Marshal.GetLastPInvokeError() : 0;
            if (error is 0 or InProgress)
            {
                return Answer(socket);
            }

            // The answer may be there before the call comes back.
            return IsOwnRefusal(socket) is { } refused
                ? new HostOutcome(error, IsAnswer: true, refused)
                : new HostOutcome(error, IsAnswer: false, IsOwn: false);
        }
        finally
        {
            _ = Close(socket);
        }
    }

    private static HostOutcome Failed() =>
        new(Marshal.GetLastPInvokeError(), IsAnswer: false, IsOwn: false);

    private static bool IsBound(int socket, string card)
    {
        var name = Encoding.ASCII.GetBytes(card + '\0');
        fixed (byte* first = name)
        {
            return SetOption(socket, SocketLevel, BindToCard, first, name.Length) == 0;
        }
    }

    /// <summary>A packet is on its way: only an answer of the host itself takes that back.</summary>
    private HostOutcome Answer(int socket)
    {
        var wait = new PollEntry { Descriptor = socket, Wanted = 0 };
        if (Poll(&wait, 1, AnswerWaitMilliseconds) <= 0)
        {
            return new HostOutcome(0, IsAnswer: false, IsOwn: false);
        }

        int error = 0, length = sizeof(int);
        _ = GetOption(socket, SocketLevel, ErrorOption, &error, &length);
        return new HostOutcome(error, IsAnswer: true, IsOwnRefusal(socket) == true);
    }

    /// <summary>Whether the error that lies in the socket's queue is this host's word that it is prohibited; null where
    /// none lies there. That a neighbour was not found is this host's word too, and no rule's.</summary>
    private bool? IsOwnRefusal(int socket)
    {
        var control = stackalloc byte[256];
        var target = default(InternetAddress);
        byte content = 0;
        var part = new Part { First = &content, Length = 1 };
        var message = new Message
        {
            Name = &target, NameLength = (uint)sizeof(InternetAddress), Parts = &part, PartCount = 1,
            Control = control, ControlLength = 256,
        };
        if (ReceiveMessage(socket, &message, ErrorQueue) < 0 || message.ControlLength < (nuint)sizeof(ErrorRecord))
        {
            return null;
        }

        var record = *(ErrorRecord*)control;
        return record.Level == InternetLevel && record.Type == TellErrors && record.Sender.Family == InternetFamily
            ? record is { IcmpType: Unreachable, IcmpCode: NetworkProhibited or HostProhibited or Prohibited }
                && isOwn(new IPAddress(new ReadOnlySpan<byte>(record.Sender.Host, 4)))
            : null;
    }

    /// <summary>struct cmsghdr, sock_extended_err and the address of who sent it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ErrorRecord
    {
        public nuint Length;
        public int Level;
        public int Type;
        public uint Error;
        public byte Origin;
        public byte IcmpType;
        public byte IcmpCode;
        public byte Pad;
        public uint Info;
        public uint Data;
        public InternetAddress Sender;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Part
    {
        public void* First;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(int socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int socket, int level, int option, void* value, int length);
}
