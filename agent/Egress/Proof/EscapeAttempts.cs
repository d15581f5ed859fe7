using System.Runtime.InteropServices;
using static Sluice.Agent.Egress.Proof.SocketCalls;

namespace Sluice.Agent.Egress.Proof;

/// <summary>
/// Tries to get out, for real: the same calls that a stolen agent would make, past every class of .NET. Called by one
/// loop at a time, off the thread pool's hot path; a connection is waited for no longer than
/// <see cref="AnswerWaitMilliseconds"/>. Whatever succeeds is closed, ended or deleted at once.
/// </summary>
/// <param name="brokerPort">A port that the agent may connect to.</param>
/// <param name="ports">All of them.</param>
/// <param name="ownFolders">Where it may write.</param>
internal sealed unsafe partial class EscapeAttempts(
    int brokerPort, IReadOnlyList<int> ports, IReadOnlyList<string> ownFolders)
{
    // asm-generic/socket.h, linux/in.h, poll.h: the same on x64 and arm64.
    private const int UnixFamily = 1;
    private const int NetlinkFamily = 16;
    private const int RawType = 3;
    private const int MultipathTcp = 262;
    private const int IcmpProtocol = 1;
    private const short Writable = 4;

    private static readonly string[] Outside = ["/tmp", "/var/tmp", "/dev/shm", "/run/lock"];
    private static readonly string[] Foreign = ["/etc/hosts", "/etc/hostname", "/etc/fstab"];
    private static readonly string[] Services = ["/run/dbus/system_bus_socket", "/run/systemd/private"];

    public AttemptOutcome Try(EscapeAttempt attempt) => attempt switch
    {
        EscapeAttempt.OtherHost => ConnectTo(brokerPort),
        EscapeAttempt.OtherPort => ConnectTo(PortBeside(ports)),
        EscapeAttempt.Datagram => SendDatagram(),
        EscapeAttempt.Raw => Open(InternetFamily, RawType, IcmpProtocol),
        EscapeAttempt.Netlink => Open(NetlinkFamily, RawType, 0),
        EscapeAttempt.Multipath => Open(InternetFamily, StreamType, MultipathTcp),
        EscapeAttempt.Listen => ListenAnywhere(),
        EscapeAttempt.Service => CallService(),
        EscapeAttempt.Exec => Spawn(),
        EscapeAttempt.WriteOutside => Write(),
        _ => Read(),
    };

    private static AttemptOutcome Failed() => new(false, Marshal.GetLastPInvokeError());

    private static AttemptOutcome Open(int family, int type, int protocol)
    {
        var socket = MakeSocket(family, type | CloseOnExec, protocol);
        if (socket < 0)
        {
            return Failed();
        }

        _ = Close(socket);
        return AttemptOutcome.Done;
    }

    private static AttemptOutcome ConnectTo(int port)
    {
        var socket = MakeSocket(InternetFamily, StreamType | CloseOnExec | NonBlocking, 0);
        if (socket < 0)
        {
            return Failed();
        }

        try
        {
            var target = Target(port);
            if (Connect(socket, &target, sizeof(InternetAddress)) == 0)
            {
                return AttemptOutcome.Done;
            }

            if (Marshal.GetLastPInvokeError() != InProgress)
            {
                return Failed();
            }

            // A packet is on its way: only an answer of the host itself takes that back.
            var wait = new PollEntry { Descriptor = socket, Wanted = Writable };
            if (Poll(&wait, 1, AnswerWaitMilliseconds) <= 0)
            {
                return AttemptOutcome.Done;
            }

            int error = 0, length = sizeof(int);
            return GetOption(socket, SocketLevel, ErrorOption, &error, &length) != 0 || error == 0
                ? AttemptOutcome.Done
                : new AttemptOutcome(false, error);
        }
        finally
        {
            _ = Close(socket);
        }
    }

    private static AttemptOutcome SendDatagram()
    {
        var socket = MakeSocket(InternetFamily, DatagramType | CloseOnExec, 0);
        if (socket < 0)
        {
            return Failed();
        }

        try
        {
            var target = Target(NamePort);
            byte nothing = 0;
            return SendTo(socket, &nothing, 1, 0, &target, sizeof(InternetAddress)) < 0
                ? Failed()
                : AttemptOutcome.Done;
        }
        finally
        {
            _ = Close(socket);
        }
    }

    private static AttemptOutcome ListenAnywhere()
    {
        var socket = MakeSocket(InternetFamily, StreamType | CloseOnExec, 0);
        if (socket < 0)
        {
            return Failed();
        }

        // Without a bind the kernel chooses a port: Landlock sees no bind then.
        var outcome = Listen(socket, 1) == 0 ? AttemptOutcome.Done : Failed();
        _ = Close(socket);
        return outcome;
    }

    private static AttemptOutcome CallService()
    {
        if (Services.FirstOrDefault(Path.Exists) is not { } service)
        {
            // Whether there is a service or not: the socket itself is what is refused.
            return Open(UnixFamily, StreamType, 0);
        }

        var socket = MakeSocket(UnixFamily, StreamType | CloseOnExec, 0);
        if (socket < 0)
        {
            return Failed();
        }

        UnixAddress target = default;
        target.Family = UnixFamily;
        for (var i = 0; i < service.Length; i++)
        {
            target.Path[i] = (byte)service[i];
        }

        var outcome = Connect(socket, &target, sizeof(UnixAddress)) == 0 ? AttemptOutcome.Done : Failed();
        _ = Close(socket);
        return outcome;
    }

    private static AttemptOutcome Spawn()
    {
        fixed (byte* program = "/bin/true\0"u8)
        {
            var arguments = stackalloc byte*[2] { program, null };
            var none = stackalloc byte*[1] { null };
            int child;
            var error = PosixSpawn(&child, program, null, null, arguments, none);
            if (error != 0)
            {
                return new AttemptOutcome(false, error);
            }

            int status;
            _ = WaitFor(child, &status, 0);
            return AttemptOutcome.Done;
        }
    }

    private AttemptOutcome Write()
    {
        var folder = Outside.FirstOrDefault(outside => Directory.Exists(outside)
            && !ownFolders.Any(own => own == outside || outside.StartsWith(own + "/", StringComparison.Ordinal)));
        if (folder is null)
        {
            return AttemptOutcome.Untried;
        }

        var path = Path.Combine(folder, $".sluice-{Environment.ProcessId}");
        try
        {
            using (new FileStream(path, FileMode.CreateNew, FileAccess.Write))
            {
                File.Delete(path);
            }

            return AttemptOutcome.Done;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new AttemptOutcome(false, Number(refused));
        }
    }

    private static AttemptOutcome Read()
    {
        // Whether it is there is not asked: what may not be looked at seems not to be.
        var last = AttemptOutcome.Untried;
        foreach (var path in Foreign)
        {
            try
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
                return AttemptOutcome.Done;
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                continue;
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                last = new AttemptOutcome(false, Number(refused));
            }
        }

        return last;
    }

    /// <summary>UnauthorizedAccessException has EACCES or EPERM in its inner one, IOException its own.</summary>
    private static int Number(Exception refused) =>
        refused is UnauthorizedAccessException { InnerException: IOException inner } ? inner.HResult : refused.HResult;

    [StructLayout(LayoutKind.Sequential)]
    private struct UnixAddress
    {
        public ushort Family;
        public fixed byte Path[108];
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    private static partial int PosixSpawn(
        int* child, byte* path, void* actions, void* attributes, byte** arguments, byte** surroundings);

    [LibraryImport("libc", EntryPoint = "waitpid")]
    private static partial int WaitFor(int child, int* status, int options);
}
