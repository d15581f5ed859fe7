using Sluice.Agent.Configuration;
using Sluice.Agent.Health;
using Sluice.Hal.Gpio.CharacterDevice;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Doctor;

/// <summary>
/// All that was looked at on this machine, once. Values only: the checks decide from this and look at nothing
/// themselves. What could not be looked at is null, with its reason beside it.
/// </summary>
internal sealed record CheckupFacts
{
    /// <summary>The configuration file, as the person named it.</summary>
    public required string File { get; init; }

    public bool FileIsThere { get; init; } = true;

    public required IReadOnlyList<ConfigurationProblem> Problems { get; init; }

    /// <summary>Null where the file cannot run.</summary>
    public GatewayConfiguration? Configuration { get; init; }

    /// <summary>Golden samples beside the lists, and those that today's lists read otherwise.</summary>
    public int GoldenSamples { get; init; }

    public IReadOnlyList<ConfigurationProblem> GoldenProblems { get; init; } = [];

    /// <summary>What the agent said of itself at its socket; null where it said nothing.</summary>
    public StatusReport? Running { get; init; }

    /// <summary>No agent runs, for certain. Without a report and without this, one may.</summary>
    public bool IsNobody { get; init; }

    /// <summary>Why there is no report.</summary>
    public string Silence { get; init; } = "";

    public UserFacts User { get; init; } = new("", IsAgent: true, IsRoot: false);

    public ServiceFacts? Service { get; init; }

    public required ValidityTime Time { get; init; }

    public IdentityFacts? Identity { get; init; }

    /// <summary>Cards of this machine, but for the host's own loopback.</summary>
    public IReadOnlyList<CardFacts> Cards { get; init; } = [];

    /// <summary>Where this machine's routes lead for each address that it has to reach.</summary>
    public IReadOnlyList<RouteFacts> Routes { get; init; } = [];

    /// <summary>The card by which alone the agent speaks to the broker; empty where routes decide.</summary>
    public string BrokerCard { get; init; } = "";

    /// <summary>Networks of two cards that are not apart.</summary>
    public IReadOnlyList<string> Overlaps { get; init; } = [];

    /// <summary>The steps of a connection to the broker; null where none was tried.</summary>
    public IReadOnlyList<VerbStep>? Trial { get; init; }

    /// <summary>Why none was tried.</summary>
    public string NoTrial { get; init; } = "";

    public IReadOnlyList<SourceFacts> Sources { get; init; } = [];

    public IReadOnlyList<FoundChip> Chips { get; init; } = [];

    public BufferFacts? Buffer { get; init; }

    public DiskFacts? Disk { get; init; }

    /// <summary>Landlock of this kernel; 0: none.</summary>
    public int Landlock { get; init; }

    public FirewallFacts Firewall { get; init; } = new(null, "nobody looked");

    /// <summary>The agent runs and told of itself, or certainly does not run: devices may be asked or are told of.
    /// </summary>
    public bool IsTold => Running is not null || IsNobody;
}

/// <param name="Name">Who runs the doctor.</param>
/// <param name="IsAgent">It is the user that the agent runs as, or nobody knows one.</param>
/// <param name="IsRoot">It may see everything, also what the agent may not.</param>
internal sealed record UserFacts(string Name, bool IsAgent, bool IsRoot)
{
    /// <summary>This machine has the agent's user.</summary>
    public bool HasAgent { get; init; } = true;
}

/// <summary>The agent's unit, as systemd has it.</summary>
/// <param name="Load">LoadState: loaded, not-found, masked.</param>
/// <param name="Active">ActiveState: active, inactive, failed, activating.</param>
/// <param name="Enabled">UnitFileState: enabled, disabled.</param>
/// <param name="Restarts">NRestarts.</param>
/// <param name="Watchdog">WatchdogUSec as systemd prints it: 1min, or 0.</param>
/// <param name="Result">What the last run ended with: success, exit-code, watchdog.</param>
internal sealed record ServiceFacts(
    string Load, string Active, string Enabled, long Restarts, string Watchdog, string Result);

/// <summary>What lies in the identity directory.</summary>
/// <param name="Problems">All that is wrong with it, and whether no connection can be made because of that.</param>
internal sealed record IdentityFacts(IReadOnlyList<(string File, string Sentence, bool Blocks)> Problems)
{
    /// <summary>Empty where there is no identity.</summary>
    public string Version { get; init; } = "";

    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Of the key's file; null where there is none, or none that this user may see.</summary>
    public UnixFileMode? KeyMode { get; init; }

    public string KeyFile { get; init; } = "";

    public IReadOnlyList<(string Issuer, DateTimeOffset? NextUpdate)> RevocationLists { get; init; } = [];

    /// <summary>Why the identity may not be used on this machine, or null.</summary>
    public string? Elsewhere { get; init; }

    /// <summary>This user may not look into the directory, and knows nothing.</summary>
    public bool IsHidden { get; init; }
}

/// <param name="Name">Of the card, such as eth1.</param>
/// <param name="State">The kernel's word: up, down, unknown.</param>
/// <param name="HasCarrier">A cable with somebody at its other end; null where the kernel does not say.</param>
/// <param name="Addresses">With the length of the network.</param>
internal sealed record CardFacts(string Name, string State, bool? HasCarrier, IReadOnlyList<string> Addresses);

/// <param name="To">Whom: a source's name, or <c>broker</c>.</param>
/// <param name="Address">Its address.</param>
/// <param name="Card">The card that the routes lead to; empty where there is no route.</param>
internal sealed record RouteFacts(string To, string Address, string Card);

/// <summary>What a source was found to be: told by the agent that runs, or asked politely where none does.</summary>
/// <param name="Name">As the configuration names it.</param>
/// <param name="Device">Address, port or chip.</param>
internal sealed record SourceFacts(string Name, string Device)
{
    /// <summary>Null where nobody asked.</summary>
    public bool? IsReached { get; init; }

    /// <summary>What is wrong, or why nobody asked.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>Something listened there and refused, or nothing did: the machine is there, its server is not.
    /// </summary>
    public bool IsRefused { get; init; }

    public bool IsWeintek { get; init; }

    public IReadOnlyList<UnitFacts> Units { get; init; } = [];

    /// <summary>Signals Good, and all; null where nobody read them.</summary>
    public (int Good, int All, string Reason)? Signals { get; init; }

    /// <summary>Why the serial port cannot be opened; empty where nothing is in the way, null where it has none.
    /// </summary>
    public string? PortProblem { get; init; }
}

/// <param name="UnitId">Its number.</param>
/// <param name="Answers">Null where nobody asked.</param>
/// <param name="Said">What came of it, in words.</param>
internal sealed record UnitFacts(int UnitId, bool? Answers, string Said);

/// <summary>The buffer's place, where no agent holds it.</summary>
/// <param name="Folder">The nearest folder that is there.</param>
/// <param name="Problem">Why it cannot be written; empty where it can, or the agent does.</param>
/// <param name="FreeBytes">Room on the disk; null where nobody can say.</param>
/// <param name="UsedBytes">What the buffer takes already.</param>
internal sealed record BufferFacts(string Folder, string Problem, long? FreeBytes, long UsedBytes);

/// <summary>The disk under the buffer, as the kernel has it.</summary>
/// <param name="MountPoint">Where it hangs in the tree.</param>
/// <param name="Device">Its device.</param>
/// <param name="FileSystem">ext4, overlay ...</param>
/// <param name="IsReadOnly">Nothing can be written.</param>
internal sealed record DiskFacts(string MountPoint, string Device, string FileSystem, bool IsReadOnly)
{
    /// <summary>Faults that ext4 has counted since it was made; null where nobody counts.</summary>
    public long? Errors { get; init; }

    /// <summary>eMMC (JEDEC 5.0): tenths of its life that are used, 1 to 11; null where it is none.</summary>
    public int? LifeTenthsUsed { get; init; }

    /// <summary>eMMC: 1 normal, 2 warning, 3 urgent.</summary>
    public int? SpareState { get; init; }
}

/// <summary>The host's rules.</summary>
/// <param name="Differences">What the kernel does not enforce as it should; null where nobody could look.</param>
/// <param name="Problem">Why nobody could.</param>
internal sealed record FirewallFacts(IReadOnlyList<string>? Differences, string Problem);
