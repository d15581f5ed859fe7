using System.Runtime.InteropServices;

namespace Sluice.Agent.Egress.Jail;

/// <summary>
/// The numbers of the system calls that the jail speaks of, on the two processors that Sluice ships for: Linux'
/// arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. Those above 423 are the same
/// everywhere. A call that a processor does not have is null.
/// </summary>
internal sealed record SyscallNumbers
{
    /// <summary>What else the program may never do: each would be a way round the rest.</summary>
    private static readonly uint[] ForbiddenEverywhere =
    [
        425, 426, 427, // io_uring_*: does what other calls do, unseen by this filter
        428, 429, 430, 431, 432, 433, 442, // open_tree, move_mount, fs*, mount_setattr
        438, // pidfd_getfd: a socket out of another process
    ];

    private SyscallNumbers()
    {
    }

    /// <summary>AUDIT_ARCH_*: what seccomp gives as the processor of a call.</summary>
    public required uint Processor { get; init; }

    public required uint Socket { get; init; }

    public required uint Bind { get; init; }

    public required uint Listen { get; init; }

    public required uint SetSocketOption { get; init; }

    public required uint SendTo { get; init; }

    public required uint SendMessage { get; init; }

    public required uint SendMessages { get; init; }

    public required uint CloneByFlags { get; init; }

    /// <summary>clone3: its flags lie in memory, where no filter can look.</summary>
    public uint CloneByRecord { get; } = 435;

    /// <summary>seccomp itself.</summary>
    public required uint Seccomp { get; init; }

    /// <summary>Never allowed, whatever its arguments: processes, other processes, namespaces, mounts, the kernel.
    /// </summary>
    public required IReadOnlyList<uint> Forbidden { get; init; }

    public static SyscallNumbers X64 { get; } = new()
    {
        Processor = 0xC000003E,
        Socket = 41,
        Bind = 49,
        Listen = 50,
        SetSocketOption = 54,
        SendTo = 44,
        SendMessage = 46,
        SendMessages = 307,
        CloneByFlags = 56,
        Seccomp = 317,
        Forbidden =
        [
            57, 58, 59, 322, // fork, vfork, execve, execveat
            101, 310, 311, 312, // ptrace, process_vm_readv, process_vm_writev, kcmp
            272, 308, 155, 161, 165, 166, // unshare, setns, pivot_root, chroot, mount, umount2
            321, 298, 323, 304, // bpf, perf_event_open, userfaultfd, open_by_handle_at
            175, 313, 176, // init_module, finit_module, delete_module
            246, 320, 169, // kexec_load, kexec_file_load, reboot
            248, 249, 250, // add_key, request_key, keyctl
            .. ForbiddenEverywhere,
        ],
    };

    public static SyscallNumbers Arm64 { get; } = new()
    {
        Processor = 0xC00000B7,
        Socket = 198,
        Bind = 200,
        Listen = 201,
        SetSocketOption = 208,
        SendTo = 206,
        SendMessage = 211,
        SendMessages = 269,
        CloneByFlags = 220,
        Seccomp = 277,
        Forbidden =
        [
            221, 281, // execve, execveat; fork and vfork are not there
            117, 270, 271, 272, // ptrace, process_vm_readv, process_vm_writev, kcmp
            97, 268, 41, 51, 40, 39, // unshare, setns, pivot_root, chroot, mount, umount2
            280, 241, 282, 265, // bpf, perf_event_open, userfaultfd, open_by_handle_at
            105, 273, 106, // init_module, finit_module, delete_module
            104, 294, 142, // kexec_load, kexec_file_load, reboot
            217, 218, 219, // add_key, request_key, keyctl
            .. ForbiddenEverywhere,
        ],
    };

    /// <summary>Of this program; null on a processor that Sluice is not shipped for.</summary>
    public static SyscallNumbers? Here => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => X64,
        Architecture.Arm64 => Arm64,
        _ => null,
    };
}
