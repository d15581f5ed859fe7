using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Firewall;
using Sluice.Provisioning.Keys;

namespace Sluice.Agent.Egress.Jail;

/// <summary>What the agent may do below a folder.</summary>
internal enum FolderUse
{
    /// <summary>Read what lies there.</summary>
    Reads,

    /// <summary>Read and load program code.</summary>
    Loads,

    /// <summary>Read, write and control devices.</summary>
    Devices,

    /// <summary>Its own: read, write, make, rename, delete.</summary>
    Owns,
}

/// <summary>A folder or file, and what may be done there and below.</summary>
internal readonly record struct JailedFolder(string Path, FolderUse Use);

/// <summary>
/// Where the agent's own files lie, besides what the configuration says.
/// </summary>
/// <param name="ConfigurationFile">gateway.json.</param>
/// <param name="StateDirectory">What survives a restart.</param>
/// <param name="SocketPath">Where the status is asked.</param>
internal sealed record JailedPaths(string ConfigurationFile, string StateDirectory, string SocketPath)
{
    /// <summary>An identity that is kept has its key in the board's TPM, whatever the configuration wants by now.
    /// </summary>
    public bool HasKeysInTpm { get; init; }

    /// <summary>Its device is there by now. A driver that comes later makes it later, as a new file.</summary>
    public bool IsTpmThere { get; init; } = true;
}

/// <summary>
/// What the agent may touch, from the configuration: the ports it connects to and the folders. A core. Everything else
/// is refused by the kernel, for every thread, until the agent ends.
/// </summary>
internal sealed record JailPlan
{
    /// <summary>What any such program reads: its libraries, their settings, and what the machine tells.</summary>
    private static readonly JailedFolder[] Common =
    [
        new("/usr/lib", FolderUse.Loads),
        new("/lib", FolderUse.Loads),
        new("/lib64", FolderUse.Loads),
        new("/usr/share/zoneinfo", FolderUse.Reads),
        new("/etc/ssl", FolderUse.Reads),
        new("/etc/ld.so.cache", FolderUse.Reads),
        new("/etc/localtime", FolderUse.Reads),
        new("/etc/os-release", FolderUse.Reads),
        new("/etc/nsswitch.conf", FolderUse.Reads),
        new("/etc/passwd", FolderUse.Reads), // the name of its own user, for the audit
        new("/proc", FolderUse.Reads),
        new("/sys", FolderUse.Reads),
        new("/run/systemd/timesync", FolderUse.Reads),
        new("/dev/null", FolderUse.Devices),
        new("/dev/urandom", FolderUse.Reads),
        new("/dev/random", FolderUse.Reads),
    ];

    /// <summary>TCP ports of the broker and the devices, each once.</summary>
    public required IReadOnlyList<int> Ports { get; init; }

    /// <summary>Folders and files; one that is not there is left out when the jail is made.</summary>
    public required IReadOnlyList<JailedFolder> Folders { get; init; }

    /// <summary>Of the configuration that this is the plan of.</summary>
    public required string ConfigurationHash { get; init; }

    /// <summary>No start without every layer (<c>"jail": "required"</c>).</summary>
    public required bool IsRequired { get; init; }

    /// <param name="configuration">What is to run.</param>
    /// <param name="paths">Where the agent's own files lie.</param>
    /// <param name="programFolders">Where the program itself lies, and its runtime where that is apart.</param>
    public static JailPlan Of(
        GatewayConfiguration configuration, JailedPaths paths, IEnumerable<string> programFolders)
    {
        var folders = new List<JailedFolder>(Common);
        folders.AddRange(programFolders.Select(folder => new JailedFolder(folder, FolderUse.Loads)));
        folders.Add(new JailedFolder(Above(paths.ConfigurationFile), FolderUse.Reads));
        folders.Add(new JailedFolder(paths.StateDirectory, FolderUse.Owns));
        folders.Add(new JailedFolder(Above(paths.SocketPath), FolderUse.Owns));
        folders.Add(new JailedFolder(configuration.Identity.Directory, FolderUse.Owns));
        folders.Add(new JailedFolder(configuration.Buffer.Directory, FolderUse.Owns));
        if (configuration.Identity.IsKeyInTpm || paths.HasKeysInTpm)
        {
            folders.Add(new JailedFolder(paths.IsTpmThere ? BoardTpm.Device : "/dev", FolderUse.Devices));
        }

        if (configuration.Light is not null || configuration.Sources.Any(IsDevice))
        {
            // The folder and not the file: a port that is plugged in again comes back as another file.
            folders.Add(new JailedFolder("/dev", FolderUse.Devices));
        }

        return new JailPlan
        {
            Ports =
            [
                .. StatedFlow.Of(configuration)
                    .Where(flow => flow.Owner == FlowOwner.Agent).Select(flow => flow.Port).Distinct().Order(),
            ],
            Folders = [.. folders.Select(folder => folder with { Path = Path.GetFullPath(folder.Path) }).Distinct()],
            ConfigurationHash = configuration.Hash,
            IsRequired = configuration.IsJailRequired,
        };
    }

    private static bool IsDevice(SourceSettings source) =>
        source is GpioSettings or ModbusRtuSettings { Port: not null };

    private static string Above(string file) => Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
}
