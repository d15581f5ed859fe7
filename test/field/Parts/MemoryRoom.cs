using System.Globalization;

namespace Sluice.Field.Parts;

/// <summary>
/// What a unit's MemoryMax is: a group of processes that the kernel gives no more memory than so much, and ends where
/// they need it. In the kernel's first or second form of groups; where a machine has neither for us, the limit is only
/// measured.
/// </summary>
internal sealed class MemoryRoom : IAsyncDisposable
{
    private const string First = "/sys/fs/cgroup/memory";
    private const string Second = "/sys/fs/cgroup";

    private readonly string? group;

    private MemoryRoom(string? group, string limitFile, int megabytes)
    {
        this.group = group;
        Inside = group is null ? [] : ["/bin/sh", "-c", $"echo $$ > {group}/cgroup.procs && exec \"$@\"", "sh"];
        if (group is not null)
        {
            File.WriteAllText(
                Path.Combine(group, limitFile), (megabytes * 1024L * 1024).ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Put in front of a program.</summary>
    public string[] Inside { get; }

    public string Said => group is null ? "the kernel did not hold it to that" : "the kernel held it to that";

    public static MemoryRoom Make(int megabytes)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"sluice-test-{Environment.ProcessId}");
        var (parent, limit) = Directory.Exists(First) ? (First, "memory.limit_in_bytes") : (Second, "memory.max");
        try
        {
            var made = Directory.CreateDirectory(Path.Combine(parent, name)).FullName;
            return new MemoryRoom(File.Exists(Path.Combine(made, limit)) ? made : null, limit, megabytes);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new MemoryRoom(null, limit, megabytes);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (group is not null)
        {
            await ChildProcess.RunAsync("/usr/bin/rmdir", group);
        }
    }
}
