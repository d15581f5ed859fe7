namespace Sluice.Agent.Egress.Jail;

/// <summary>
/// Landlock's rights by the version of its interface that a kernel speaks (linux/landlock.h, and the kernel's own
/// documentation of its userspace API): 1 since Linux 5.13, 2 with renames from folder to folder (5.19), 3 with
/// truncation (6.2), 4 with TCP ports (6.7), 5 with controls of devices (6.10), 6 with abstract unix sockets and
/// signals (6.12). A core.
/// </summary>
internal readonly record struct LandlockRights(int Version)
{
    public const int FirstUsable = 2;

    private const int WithTruncation = 3;
    private const int WithPorts = 4;
    private const int WithDeviceControl = 5;
    private const int WithScopes = 6;

    public const ulong Execute = 1UL << 0;
    public const ulong WriteFile = 1UL << 1;
    public const ulong ReadFile = 1UL << 2;
    public const ulong ReadFolder = 1UL << 3;
    public const ulong RemoveFolder = 1UL << 4;
    public const ulong RemoveFile = 1UL << 5;
    public const ulong MakeFolder = 1UL << 7;
    public const ulong MakeFile = 1UL << 8;
    public const ulong MakeSocket = 1UL << 9;
    public const ulong MakeLink = 1UL << 12;
    public const ulong Refer = 1UL << 13;
    public const ulong Truncate = 1UL << 14;
    public const ulong ControlDevice = 1UL << 15;

    private const ulong AllOfVersion2 = (1UL << 14) - 1;

    /// <summary>What can be asked of a file; the rest can only be asked of a folder.</summary>
    private const ulong OfFiles = Execute | WriteFile | ReadFile | Truncate | ControlDevice;

    private const ulong BindTcp = 1;
    public const ulong ConnectTcp = 2;
    private const ulong AbstractSockets = 1;
    private const ulong Signals = 2;

    /// <summary>Without renames from one folder to another (5.13 to 5.18) the agent could not keep its files.</summary>
    public bool IsUsable => Version >= FirstUsable;

    /// <summary>TCP ports are fenced: Linux 6.7.</summary>
    public bool HasPorts => Version >= WithPorts;

    /// <summary>Everything about files that this kernel can refuse is refused unless a rule allows it.</summary>
    public ulong Files => AllOfVersion2
        | (Version >= WithTruncation ? Truncate : 0)
        | (Version >= WithDeviceControl ? ControlDevice : 0);

    /// <summary>Binding and connecting.</summary>
    public ulong Network => HasPorts ? BindTcp | ConnectTcp : 0;

    /// <summary>Nothing is signalled, and no abstract socket is reached, outside.</summary>
    public ulong Scopes => Version >= WithScopes ? AbstractSockets | Signals : 0;

    /// <summary>What a rule for this use gives.</summary>
    public ulong Of(FolderUse use, bool isFolder)
    {
        var rights = use switch
        {
            FolderUse.Reads => ReadFile | ReadFolder,
            FolderUse.Loads => ReadFile | ReadFolder | Execute,
            FolderUse.Devices => ReadFile | ReadFolder | WriteFile | ControlDevice,
            _ => ReadFile | ReadFolder | WriteFile | Truncate | RemoveFile | RemoveFolder | MakeFile | MakeFolder
                | MakeSocket | MakeLink | Refer,
        };
        return rights & Files & (isFolder ? ~0UL : OfFiles);
    }
}
