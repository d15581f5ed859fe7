using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Agent.Egress.Jail;

/// <summary>How the agent is locked in: the seam by which a test plays a kernel that lacks something.</summary>
internal interface IJail
{
    /// <summary>Which walls stand; the process is another one afterwards where Landlock was missing.</summary>
    /// <exception cref="JailOutdatedException">The walls cannot be those that are wanted in this process.</exception>
    JailStanding Enter(JailPlan plan);

    /// <summary>Everything has started: nobody can call any more, and no service of the host can be called.</summary>
    /// <returns>Empty, or what went wrong.</returns>
    string ShutDoor(JailStanding standing);
}

/// <summary>
/// The agent locks itself in before anything else starts, and never comes out: first Landlock, then the program anew,
/// because Landlock holds only for the thread that asked and its children; then the filter of system calls, which
/// holds for all. Called by <c>run</c>, once, before the host is built.
/// <para>
/// What the new program is told in <see cref="Mark"/> is a claim and no proof: whoever sets it by hand has no fence,
/// and the agent's own attempts to get out say so.
/// </para>
/// </summary>
internal sealed class SelfJail : IJail
{
    private const string Mark = "SLUICE_JAIL";

    private readonly SyscallNumbers? numbers = SyscallNumbers.Here;

    public JailStanding Enter(JailPlan plan)
    {
        if (!OperatingSystem.IsLinux() || numbers is null)
        {
            return JailStanding.None with
            {
                Trouble = $"nothing of it exists for {RuntimeInformation.RuntimeIdentifier}",
            };
        }

        var (version, trouble) = Claimed(plan);
        var filtered = JailKernel.Filter(SyscallFilter.Walls(numbers), numbers);
        return new JailStanding(version, filtered.Length == 0, Both(trouble, filtered));
    }

    public string ShutDoor(JailStanding standing) =>
        standing.Filters ? JailKernel.Filter(SyscallFilter.Door(numbers!), numbers!) : "";

    /// <summary>Where this program lies, and the runtime of one that brings none.</summary>
    public static IEnumerable<string> ProgramFolders()
    {
        if (Path.GetDirectoryName(Environment.ProcessPath) is { } folder)
        {
            yield return folder;
        }

        var runtime = RuntimeEnvironment.GetRuntimeDirectory();
        if (runtime != AppContext.BaseDirectory)
        {
            // A debug build: shared/Microsoft.NETCore.App/VERSION below the folder of the runtimes.
            yield return AppContext.BaseDirectory;
            yield return Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
            yield return "/etc/dotnet";
        }
    }

    private static (int Version, string Trouble) Claimed(JailPlan plan)
    {
        var rights = new LandlockRights(JailKernel.LandlockVersion());
        if (Environment.GetEnvironmentVariable(Mark)?.Split(' ') is [var version, var hash])
        {
            JailKernel.NameItself("sluice-agent\0"u8);

            // The rules were made for the configuration that was read then.
            return hash == plan.ConfigurationHash
                && int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var claimed)
                ? (claimed, "")
                : throw new JailOutdatedException();
        }

        if (!rights.IsUsable)
        {
            return (0, rights.Version == 0 ? "this kernel has no Landlock, or it must not be used here"
                : "this kernel's Landlock is too old (Linux 5.19 is needed)");
        }

        var fault = JailKernel.Fence(plan, rights);
        return fault.Length > 0
            ? (0, fault)
            : throw new JailOutdatedException(JailKernel.StartAgain(Mark, string.Create(
                CultureInfo.InvariantCulture, $"{rights.Version} {plan.ConfigurationHash}")));
    }

    private static string Both(string one, string other) =>
        string.Join("; ", new[] { one, other }.Where(text => text.Length > 0));
}

/// <summary>The fence stands and is not the one that is wanted: only a new start helps.</summary>
internal sealed class JailOutdatedException(string fault = "the configuration changed while the agent started")
    : Exception($"The agent locked itself in and cannot go on: {fault}. It ends, to be started again.");
