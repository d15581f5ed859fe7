using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Agent.Egress.Jail;

/// <summary>
/// The kernel's side of the jail: landlock_*(2), seccomp(2), execve(2). Called at start only, by one thread. Throws
/// nothing: each call says how it went.
/// </summary>
internal static unsafe partial class JailKernel
{
    // The same on every processor since Linux 5.13.
    private const nint CreateRuleset = 444;
    private const nint AddRule = 445;
    private const nint RestrictSelf = 446;

    private const uint AskVersion = 1;
    private const int PathBeneath = 1;
    private const int NetPort = 2;
    private const int NoNewPrivileges = 38;
    private const int SetName = 15;
    private const uint SetFilter = 1;
    private const uint AllThreads = 1;

    // fcntl.h, asm-generic: O_PATH and O_CLOEXEC.
    private const int PathOnly = 0x200000 | 0x80000;

    /// <summary>What Landlock this kernel speaks; 0 where it has none or must not.</summary>
    public static int LandlockVersion() => (int)Math.Max(0, Call(CreateRuleset, 0, 0, (nint)AskVersion, 0));

    /// <summary>Fences the calling thread, for good; empty, or what went wrong.</summary>
    public static string Fence(JailPlan plan, LandlockRights rights)
    {
        var wanted = new Ruleset { Files = rights.Files, Network = rights.Network, Scopes = rights.Scopes };
        var size = rights.Scopes != 0 ? 24 : rights.Network != 0 ? 16 : 8;
        var ruleset = (int)Call(CreateRuleset, (nint)(&wanted), size, 0, 0);
        if (ruleset < 0)
        {
            return Fault("landlock_create_ruleset");
        }

        try
        {
            foreach (var port in rights.HasPorts ? plan.Ports : [])
            {
                var rule = new PortRule { Access = LandlockRights.ConnectTcp, Port = (ulong)port };
                if (Call(AddRule, ruleset, NetPort, (nint)(&rule), 0) != 0)
                {
                    return Fault($"landlock_add_rule for port {port}");
                }
            }

            foreach (var folder in plan.Folders)
            {
                if (Allow(ruleset, folder, rights) is { Length: > 0 } fault)
                {
                    return fault;
                }
            }

            return Control(NoNewPrivileges, 1, 0, 0, 0) != 0 ? Fault("no_new_privs")
                : Call(RestrictSelf, ruleset, 0, 0, 0) != 0 ? Fault("landlock_restrict_self")
                : "";
        }
        finally
        {
            _ = Close(ruleset);
        }
    }

    /// <summary>Filters the system calls of every thread, for good; empty, or what went wrong.</summary>
    public static string Filter(IReadOnlyList<BpfInstruction> instructions, SyscallNumbers numbers)
    {
        if (Control(NoNewPrivileges, 1, 0, 0, 0) != 0)
        {
            return Fault("no_new_privs");
        }

        BpfInstruction[] program = [.. instructions];
        fixed (BpfInstruction* first = program)
        {
            var whole = new FilterProgram { Length = (ushort)program.Length, First = first };
            return Call((nint)numbers.Seccomp, (nint)SetFilter, (nint)AllThreads, (nint)(&whole), 0) switch
            {
                0 => "",
                > 0 and var thread => $"seccomp: thread {thread} has filters of its own",
                _ => Fault("seccomp"),
            };
        }
    }

    /// <summary>
    /// This program anew in the same process, with one more word in its surroundings: every thread of the new one is
    /// born inside the fence. Comes back only where that failed, with what went wrong.
    /// </summary>
    public static string StartAgain(string variable, string value)
    {
        string[] arguments;
        try
        {
            arguments = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).TrimEnd('\0').Split('\0');
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return $"/proc/self/cmdline: {unreadable.Message}";
        }

        var surroundings = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(entry => !variable.Equals(entry.Key))
            .Select(entry => $"{entry.Key}={entry.Value}")
            .Append($"{variable}={value}");
        fixed (byte* program = "/proc/self/exe\0"u8)
        {
            _ = Execute(program, Vector(arguments), Vector([.. surroundings]));
        }

        return Fault("execve");
    }

    /// <summary>Started as /proc/self/exe, every list of processes would call it "exe".</summary>
    public static void NameItself(ReadOnlySpan<byte> name)
    {
        fixed (byte* first = name)
        {
            _ = Control(SetName, (nuint)first, 0, 0, 0);
        }
    }

    /// <summary>
    /// A folder that is not there yet (a disk that is not mounted) is allowed by the nearest one above it, but never
    /// by the root of everything.
    /// </summary>
    private static string Allow(int ruleset, JailedFolder folder, LandlockRights rights)
    {
        var path = folder.Path;
        while (folder.Use == FolderUse.Owns && !Path.Exists(path) && Path.GetDirectoryName(path) is { } above)
        {
            path = above;
        }

        var handle = path == "/" ? -1 : Open(path, PathOnly);
        if (handle < 0)
        {
            return "";
        }

        var rule = new PathRule { Access = rights.Of(folder.Use, Directory.Exists(path)), Folder = handle };
        var failed = Call(AddRule, ruleset, PathBeneath, (nint)(&rule), 0) != 0;
        var fault = failed ? Fault($"landlock_add_rule for {path}") : "";
        _ = Close(handle);
        return fault;
    }

    /// <summary>For execve, which never gives it back: this memory ends with the program.</summary>
    private static byte** Vector(string[] words)
    {
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)words.Length + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < words.Length; i++)
        {
            vector[i] = (byte*)Marshal.StringToCoTaskMemUTF8(words[i]);
        }

        return vector;
    }

    private static string Fault(string what) => $"{what}: {Marshal.GetLastPInvokeErrorMessage()}";

    [StructLayout(LayoutKind.Sequential)]
    private struct Ruleset
    {
        public ulong Files;
        public ulong Network;
        public ulong Scopes;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct PathRule
    {
        public ulong Access;
        public int Folder;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PortRule
    {
        public ulong Access;
        public ulong Port;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public BpfInstruction* First;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true)]
    private static partial int Execute(byte* path, byte** arguments, byte** surroundings);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
