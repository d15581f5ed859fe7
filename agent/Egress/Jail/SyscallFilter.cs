using System.Runtime.InteropServices;

namespace Sluice.Agent.Egress.Jail;

/// <summary>One instruction of classic BPF, as linux/filter.h lays it out (struct sock_filter).</summary>
/// <param name="Code">What is done.</param>
/// <param name="IfTrue">Instructions to leave out where the comparison holds.</param>
/// <param name="IfFalse">Where it does not.</param>
/// <param name="Value">The constant.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct BpfInstruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

/// <summary>
/// The jail's half that looks at system calls, as programs for seccomp(2). A core; tests run the programs on an
/// interpreter with both processors' numbers.
/// <para>
/// Invariants. <see cref="Walls"/>: of all sockets only unix ones and TCP ones can be made (no datagrams, no raw, no
/// netlink, no MPTCP, which would pass Landlock by); no data goes with a connection's first packet (TCP fast open
/// connects without the hook that Landlock sits in); no process, no program, no look into another process, no
/// namespace, mount or io_uring. <see cref="Door"/>, shut when everything has started: nobody can call the agent any
/// more and it can call no service of the host. A call of another processor's table ends the process; one that is
/// refused fails with an error that libraries expect, and is no reason to end.
/// </para>
/// </summary>
internal sealed class SyscallFilter
{
    // linux/bpf_common.h
    private const ushort Load = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAtLeast = 0x35;
    private const ushort JumpIfAnyBit = 0x45;
    private const ushort And = 0x54;
    private const ushort Return = 0x06;

    // linux/seccomp.h
    private const uint Allow = 0x7FFF0000;
    private const uint KillProcess = 0x80000000;
    private const uint Fail = 0x00050000;

    // asm-generic/errno-base.h
    private const uint NotPermitted = 1;
    private const uint AccessDenied = 13;
    private const uint NoSuchCall = 38;

    // struct seccomp_data: number, processor, instruction pointer, six arguments of 8 bytes; little-endian.
    private const uint NumberAt = 0;
    private const uint ProcessorAt = 4;
    private const uint ArgumentsAt = 16;

    private const uint X32Numbers = 0x40000000;
    private const uint UnixFamily = 1;
    private const uint InternetFamily = 2;
    private const uint Internet6Family = 10;
    private const uint TypeMask = 0xF;
    private const uint StreamType = 1;
    private const uint DatagramType = 2;
    private const uint TcpProtocol = 6;
    private const uint FastOpenOption = 23;
    private const uint FastOpenConnectOption = 30;
    private const uint FastOpenFlag = 0x20000000;
    private const uint ThreadFlag = 0x00010000;

    private readonly List<BpfInstruction> program = [];

    private SyscallFilter(SyscallNumbers numbers)
    {
        // A call by the numbers of another processor would mean something else.
        Add(Load, ProcessorAt);
        program.Add(new BpfInstruction(JumpIfEqual, 1, 0, numbers.Processor));
        Add(Return, KillProcess);
        Add(Load, NumberAt);
        program.Add(new BpfInstruction(JumpIfAtLeast, 0, 1, X32Numbers));
        Add(Return, KillProcess);
    }

    /// <summary>For the whole life of the program.</summary>
    public static IReadOnlyList<BpfInstruction> Walls(SyscallNumbers numbers)
    {
        var filter = new SyscallFilter(numbers);
        foreach (var number in numbers.Forbidden)
        {
            filter.On(number, [Fails(NotPermitted)]);
        }

        // The C library takes "no such call" as an old kernel and uses clone, whose flags can be seen.
        filter.On(numbers.CloneByRecord, [Fails(NoSuchCall)]);
        filter.On(numbers.CloneByFlags,
        [
            Argument(0), new(JumpIfAnyBit, 0, 1, ThreadFlag), Allows, Fails(NotPermitted),
        ]);
        filter.On(numbers.SendTo, NoFastOpen(3));
        filter.On(numbers.SendMessage, NoFastOpen(2));
        filter.On(numbers.SendMessages, NoFastOpen(3));
        filter.On(numbers.SetSocketOption,
        [
            Argument(1), new(JumpIfEqual, 0, 4, TcpProtocol),
            Argument(2), new(JumpIfEqual, 1, 0, FastOpenOption), new(JumpIfEqual, 0, 1, FastOpenConnectOption),
            Fails(NotPermitted), Allows,
        ]);
        filter.On(numbers.Socket,
        [
            Argument(0), new(JumpIfEqual, 8, 0, UnixFamily),
            new(JumpIfEqual, 1, 0, InternetFamily), new(JumpIfEqual, 0, 5, Internet6Family),
            Argument(1), new(And, 0, 0, TypeMask), new(JumpIfEqual, 0, 2, StreamType),
            Argument(2), new(JumpIfEqual, 1, 2, 0),
            Fails(AccessDenied), Allows, new(JumpIfEqual, 0, 1, TcpProtocol), Allows, Fails(AccessDenied),
        ]);
        return filter.Ended();
    }

    /// <summary>Besides the walls, once the agent's own unix socket is open and everything has started.</summary>
    public static IReadOnlyList<BpfInstruction> Door(SyscallNumbers numbers)
    {
        var filter = new SyscallFilter(numbers);
        filter.On(numbers.Bind, [Fails(AccessDenied)]);
        filter.On(numbers.Listen, [Fails(AccessDenied)]);

        // A unix stream leads to the host's services, and one of those resolves names. Word to systemd is a datagram.
        filter.On(numbers.Socket,
        [
            Argument(0), new(JumpIfEqual, 0, 3, UnixFamily),
            Argument(1), new(And, 0, 0, TypeMask), new(JumpIfEqual, 0, 1, DatagramType),
            Allows, Fails(AccessDenied),
        ]);
        return filter.Ended();
    }

    private static BpfInstruction Allows => new(Return, 0, 0, Allow);

    private static BpfInstruction Fails(uint error) => new(Return, 0, 0, Fail | error);

    /// <summary>The lower half of an argument: the kernel takes all that are looked at here as int.</summary>
    private static BpfInstruction Argument(uint index) => new(Load, 0, 0, ArgumentsAt + (8 * index));

    private static BpfInstruction[] NoFastOpen(uint flagsAt) =>
        [Argument(flagsAt), new(JumpIfAnyBit, 0, 1, FastOpenFlag), Fails(NotPermitted), Allows];

    /// <summary>What is done on one call: it ends with a verdict on every way.</summary>
    private void On(uint number, BpfInstruction[] verdict)
    {
        program.Add(new BpfInstruction(JumpIfEqual, 0, (byte)verdict.Length, number));
        program.AddRange(verdict);
    }

    private void Add(ushort code, uint value) => program.Add(new BpfInstruction(code, 0, 0, value));

    private List<BpfInstruction> Ended()
    {
        program.Add(Allows);
        return program;
    }
}
