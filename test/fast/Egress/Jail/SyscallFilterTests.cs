using Sluice.Agent.Egress.Jail;
using Xunit;

namespace Sluice.Fast.Egress.Jail;

/// <summary>Calls by name, with their numbers from the kernel's own tables, written down here a second time.</summary>
public sealed class SyscallFilterTests
{
    private const uint NotPermitted = 0x00050001;
    private const uint AccessDenied = 0x0005000D;
    private const uint NoSuchCall = 0x00050026;

    private static readonly SyscallNumbers[] Processors = [SyscallNumbers.X64, SyscallNumbers.Arm64];

    /// <summary>x64 and arm64; 0 where a processor does not have it.</summary>
    private static readonly Dictionary<string, (uint X64, uint Arm64)> Calls = new()
    {
        ["read"] = (0, 63), ["write"] = (1, 64), ["openat"] = (257, 56), ["connect"] = (42, 203),
        ["socket"] = (41, 198), ["bind"] = (49, 200), ["listen"] = (50, 201), ["accept4"] = (288, 242),
        ["setsockopt"] = (54, 208), ["sendto"] = (44, 206), ["sendmsg"] = (46, 211), ["sendmmsg"] = (307, 269),
        ["clone"] = (56, 220), ["clone3"] = (435, 435), ["fork"] = (57, 0), ["vfork"] = (58, 0),
        ["execve"] = (59, 221), ["execveat"] = (322, 281), ["ptrace"] = (101, 117), ["io_uring_setup"] = (425, 425),
        ["process_vm_readv"] = (310, 270), ["process_vm_writev"] = (311, 271), ["bpf"] = (321, 280),
        ["unshare"] = (272, 97), ["setns"] = (308, 268), ["pidfd_getfd"] = (438, 438), ["mount"] = (165, 40),
        ["umount2"] = (166, 39), ["init_module"] = (175, 105), ["finit_module"] = (313, 273), ["reboot"] = (169, 142),
        ["perf_event_open"] = (298, 241), ["userfaultfd"] = (323, 282), ["open_by_handle_at"] = (304, 265),
        ["keyctl"] = (250, 219), ["kexec_load"] = (246, 104), ["pivot_root"] = (155, 41), ["chroot"] = (161, 51),
        ["fdatasync"] = (75, 83), ["renameat2"] = (316, 276), ["ioctl"] = (16, 29), ["futex"] = (202, 98),
        ["mmap"] = (9, 222), ["epoll_wait"] = (232, 22), ["adjtimex"] = (159, 171), ["exit_group"] = (231, 94),
    };

    [Theory]
    [InlineData("execve")]
    [InlineData("execveat")]
    [InlineData("fork")]
    [InlineData("vfork")]
    [InlineData("ptrace")]
    [InlineData("process_vm_readv")]
    [InlineData("process_vm_writev")]
    [InlineData("io_uring_setup")]
    [InlineData("bpf")]
    [InlineData("unshare")]
    [InlineData("setns")]
    [InlineData("pidfd_getfd")]
    [InlineData("mount")]
    [InlineData("umount2")]
    [InlineData("init_module")]
    [InlineData("finit_module")]
    [InlineData("reboot")]
    [InlineData("perf_event_open")]
    [InlineData("userfaultfd")]
    [InlineData("open_by_handle_at")]
    [InlineData("keyctl")]
    [InlineData("kexec_load")]
    [InlineData("pivot_root")]
    [InlineData("chroot")]
    public void What_leads_out_is_refused_whatever_it_is_called_with(string call) =>
        Everywhere(call, NotPermitted, 0xFFFF, 0xFFFF, 0xFFFF);

    [Theory]
    [InlineData("read")]
    [InlineData("write")]
    [InlineData("openat")]
    [InlineData("connect")]
    [InlineData("fdatasync")]
    [InlineData("renameat2")]
    [InlineData("ioctl")]
    [InlineData("futex")]
    [InlineData("mmap")]
    [InlineData("epoll_wait")]
    [InlineData("adjtimex")]
    [InlineData("accept4")]
    [InlineData("bind")]
    [InlineData("listen")]
    [InlineData("exit_group")]
    public void What_the_agent_works_with_is_allowed(string call) => Everywhere(call, BpfMachine.Allow, 1, 2, 3);

    [Theory]
    [InlineData(1, 1, 0, true)] // unix stream
    [InlineData(1, 2, 0, true)] // unix datagram: word to systemd
    [InlineData(2, 1, 0, true)] // TCP
    [InlineData(2, 1, 6, true)]
    [InlineData(10, 1, 6, true)]
    [InlineData(2, 0x80801, 6, true)] // with SOCK_CLOEXEC and SOCK_NONBLOCK
    [InlineData(2, 1, 262, false)] // MPTCP
    [InlineData(2, 1, 132, false)] // SCTP
    [InlineData(2, 2, 0, false)] // UDP
    [InlineData(2, 2, 17, false)]
    [InlineData(10, 2, 17, false)]
    [InlineData(2, 0x80802, 17, false)]
    [InlineData(2, 2, 1, false)] // ping
    [InlineData(2, 3, 1, false)] // raw
    [InlineData(2, 5, 132, false)]
    [InlineData(16, 3, 0, false)] // netlink
    [InlineData(17, 3, 768, false)] // packet
    [InlineData(38, 5, 0, false)] // crypto
    [InlineData(40, 1, 0, false)] // vsock
    [InlineData(44, 3, 0, false)] // XDP
    public void Of_sockets_only_unix_and_plain_TCP_ones_are_made(uint family, uint type, uint protocol, bool may) =>
        Everywhere("socket", may ? BpfMachine.Allow : AccessDenied, family, type, protocol);

    [Theory]
    [InlineData("sendto", 3)]
    [InlineData("sendmsg", 2)]
    [InlineData("sendmmsg", 3)]
    public void Nothing_is_sent_before_a_connection_stands(string call, int flagsAt)
    {
        var arguments = new ulong[6];
        arguments[flagsAt] = 0x4000; // MSG_NOSIGNAL
        Everywhere(call, BpfMachine.Allow, arguments);
        arguments[flagsAt] |= 0x20000000; // MSG_FASTOPEN
        Everywhere(call, NotPermitted, arguments);
    }

    [Theory]
    [InlineData(6, 1, true)] // TCP_NODELAY
    [InlineData(1, 30, true)] // SO_ACCEPTCONN's number on another level
    [InlineData(6, 18, true)] // TCP_USER_TIMEOUT
    [InlineData(6, 23, false)] // TCP_FASTOPEN
    [InlineData(6, 30, false)] // TCP_FASTOPEN_CONNECT
    public void Fast_open_cannot_be_switched_on(uint level, uint option, bool may) =>
        Everywhere("setsockopt", may ? BpfMachine.Allow : NotPermitted, 7, level, option);

    [Fact]
    public void Threads_are_made_and_processes_are_not()
    {
        const ulong threadFlags = 0x3D0F00; // as glibc's pthread_create
        Everywhere("clone", BpfMachine.Allow, threadFlags);
        Everywhere("clone", NotPermitted, 0x11); // fork: SIGCHLD
        Everywhere("clone", NotPermitted, 0x4111); // vfork
        Everywhere("clone", NotPermitted, 0x10000011 & ~0x10000UL); // a user namespace
        Everywhere("clone3", NoSuchCall, 1, 2);
    }

    [Fact]
    public void Numbers_of_another_processor_end_the_program()
    {
        foreach (var numbers in Processors)
        {
            foreach (var program in Programs(numbers))
            {
                Assert.Equal(BpfMachine.Kill, BpfMachine.Run(program, 0x40000003, numbers.Socket, 2, 1, 6)); // i386
                Assert.Equal(BpfMachine.Kill, BpfMachine.Run(program, 0x40000028, numbers.Socket, 2, 1, 6)); // arm
                Assert.Equal(BpfMachine.Kill, BpfMachine.Run(program, numbers.Processor, 0x40000000 + 59)); // x32
            }
        }
    }

    [Theory]
    [InlineData("bind", AccessDenied)]
    [InlineData("listen", AccessDenied)]
    [InlineData("connect", BpfMachine.Allow)]
    [InlineData("accept4", BpfMachine.Allow)]
    [InlineData("read", BpfMachine.Allow)]
    public void Behind_the_door_nobody_can_be_called(string call, uint verdict)
    {
        foreach (var numbers in Processors)
        {
            Assert.Equal(verdict, BpfMachine.Run(
                SyscallFilter.Door(numbers), numbers.Processor, Number(call, numbers), 5, 6, 7));
        }
    }

    [Theory]
    [InlineData(1, 2, true)]
    [InlineData(1, 0x80802, true)]
    [InlineData(1, 1, false)]
    [InlineData(1, 0x80801, false)]
    [InlineData(1, 5, false)]
    [InlineData(2, 1, true)] // the walls decide on the rest
    [InlineData(10, 1, true)]
    public void Behind_the_door_no_service_of_the_host_is_reached(uint family, uint type, bool may)
    {
        foreach (var numbers in Processors)
        {
            Assert.Equal(may ? BpfMachine.Allow : AccessDenied, BpfMachine.Run(
                SyscallFilter.Door(numbers), numbers.Processor, numbers.Socket, family, type, 0));
        }
    }

    [Fact]
    public void The_kernel_would_take_each_program()
    {
        foreach (var program in Processors.SelectMany(Programs))
        {
            BpfMachine.Check(program);
        }
    }

    [Fact]
    public void Every_call_of_the_first_five_hundred_has_a_verdict_and_few_are_refused()
    {
        foreach (var numbers in Processors)
        {
            var verdicts = Enumerable.Range(0, 500).Select(number => BpfMachine.Run(
                SyscallFilter.Walls(numbers), numbers.Processor, (uint)number, 1, 1, 0, 0, 0, 0)).ToArray();

            Assert.All(verdicts, verdict => Assert.Contains(
                verdict, (uint[])[BpfMachine.Allow, NotPermitted, NoSuchCall]));
            Assert.Equal(
                numbers.Forbidden.Count + 2, verdicts.Count(verdict => verdict != BpfMachine.Allow)); // and both clones
        }
    }

    private static IReadOnlyList<BpfInstruction>[] Programs(SyscallNumbers numbers) =>
        [SyscallFilter.Walls(numbers), SyscallFilter.Door(numbers)];

    private static void Everywhere(string call, uint verdict, params ulong[] arguments)
    {
        foreach (var numbers in Processors.Where(numbers => Number(call, numbers) != 0 || call == "read"))
        {
            Assert.Equal(verdict, BpfMachine.Run(
                SyscallFilter.Walls(numbers), numbers.Processor, Number(call, numbers), arguments));

            // The upper half of an argument is not looked at by the kernel either.
            Assert.Equal(verdict, BpfMachine.Run(
                SyscallFilter.Walls(numbers), numbers.Processor, Number(call, numbers),
                [.. arguments.Select(argument => argument | 0xABCD_0000_0000_0000)]));
        }
    }

    private static uint Number(string call, SyscallNumbers numbers) =>
        numbers == SyscallNumbers.X64 ? Calls[call].X64 : Calls[call].Arm64;
}
