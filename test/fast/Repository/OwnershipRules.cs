using System.Text.RegularExpressions;

namespace Sluice.Fast.Repository;

/// <summary>
/// Who may touch what. One folder knows LiteDB, one knows MQTTnet, few make sockets, one file wires: that is why
/// another store, another broker client or another source touches one folder.
/// </summary>
internal static partial class OwnershipRules
{
    private static readonly string[] StoreOwners =
        ["agent/Buffering", "test/fast/Buffering", "test/bench", "test/field"];

    private static readonly string[] BrokerOwners =
    [
        "agent/Uplink", "provisioning/tool",
        "test/plant", "test/mes", "test/fast/Uplink", "test/field", "test/bench",
    ];

    private static readonly string[] SocketOwners =
        ["hal/Modbus", "agent/Uplink", "agent/Egress", "agent/Health", "provisioning/tool/Registration"];

    /// <summary>Who may ask what time it is, and what for. Nobody orders, keeps, retries or waits by it.</summary>
    private static readonly string[] WallClockReaders =
    [
        "hal/Reading.cs", "hal/Gpio/GpioSource.cs", "hal/Modbus/ModbusSource.cs", "hal/Sensors/SensorSource.cs",
        "hal/Simulation/SimulatedSource.cs", // the stamp of a reading
        "agent/Buffering/Stamps/BufferClock.cs", // steps, and the moment of a stop
        "agent/Buffering/StoreSwitch.cs", // a part of a new store's id
        "agent/Buffering/Disk/Storage/DirectoryStorage.cs", // what the kernel stamps files with
        "agent/Publishing/PublishDesk.cs", // "sent" in a message
        "agent/Egress/Proof/ProofLoop.cs", // "proved" in the posture
        "agent/CommandLine/Egress/HostProofVerb.cs", // the same
        "agent/Publishing/UplinkJournal.cs", "agent/Health/StatusReporter.cs", // what status shows
        "agent/CommandLine/Finding/FindOrderVerb.cs", // when a golden sample was taken
        "agent/CommandLine/Updating/UpdateVerb.cs", // when an update was brought
        "agent/Enrolment/EnrolmentContext.cs", "agent/Auditing/AuditLoop.cs",
        "agent/Enrolment/Wiping/Wipe.cs", // when somebody did what
        "agent/Enrolment/Trial.cs", // "sent" in the message of a trial
        "agent/Time/ValidityClock.cs", // validity of certificates, and nobody else asks for that
        "agent/Renewal/RenewalWork.cs", // when something was proved or confirmed
    ];

    private static readonly string[] ForbiddenFolders =
        ["Services", "Models", "Interfaces", "Helpers", "Common", "Utils", "Utilities", "Misc", "Managers", "Shared"];

    public static IEnumerable<string> Store(RepositoryTree tree) =>
        Uses(tree.Files, LiteDb(), StoreOwners, "LiteDB is known to agent/Buffering alone");

    public static IEnumerable<string> Broker(RepositoryTree tree) =>
        Uses(tree.Files, MqttNet(), BrokerOwners,
            "of what ships, MQTTnet is known to agent/Uplink and provisioning/tool");

    public static IEnumerable<string> Sockets(RepositoryTree tree) =>
        Uses(tree.Files.Where(file => file.Ships), SystemSockets(), SocketOwners,
            "sockets are made in hal/Modbus, agent/Uplink, agent/Egress, (unix) agent/Health and "
            + "provisioning/tool/Registration only");

    public static IEnumerable<string> Gpio(RepositoryTree tree) =>
        Uses(tree.Files, DeviceGpio(), ["hal/Gpio", "test/plant/Gpio", "test/fast/Hal/Gpio"],
            "System.Device.Gpio is known to hal/Gpio alone");

    public static IEnumerable<string> DrivenLines(RepositoryTree tree) =>
        Uses(
            tree.Files.Where(file => file.Ships
                && file.Path is not ("hal/Gpio/Light/StatusLight.cs" or "hal/Gpio/CharacterDevice/GpioAbi.cs")),
            DrivenLine(), [], "no line is ever driven but that of the status light");

    public static IEnumerable<string> WallClock(RepositoryTree tree) =>
        Uses(
            tree.Files.Where(file => file.Ships && !WallClockReaders.Contains(file.Path)
                && !file.IsUnder(["provisioning"])),
            AskedForUtc(), [],
            "the wall clock only stamps: order, retention, back-off and waiting go by GetTimestamp and timers");

    public static IEnumerable<string> Wiring(RepositoryTree tree) =>
        Uses(tree.Files.Where(file => file.Ships && !WiringFile().IsMatch(file.Path)), Registration(), [],
            "wiring stands in agent/GatewayHost only");

    public static IEnumerable<string> Folders(RepositoryTree tree) =>
        from folder in tree.Files.Select(file => file.Folder).Distinct()
        where folder.Split('/').Any(ForbiddenFolders.Contains)
        select $"{folder}: a folder is named after what it does in the plant's language";

    private static IEnumerable<string> Uses(
        IEnumerable<TreeFile> files, Regex what, string[] owners, string sentence) =>
        from file in files
        where file.IsCSharp && !file.IsUnder(owners)
        where what.IsMatch(CSharpText.Mask(file.Text))
        select $"{file.Path}: {sentence}";

    [GeneratedRegex(@"\busing\s+(static\s+)?(\w+\s*=\s*)?LiteDB\b|\bLiteDB\.\w")]
    private static partial Regex LiteDb();

    [GeneratedRegex(@"\busing\s+(static\s+)?(\w+\s*=\s*)?MQTTnet\b|\bMQTTnet\.\w")]
    private static partial Regex MqttNet();

    [GeneratedRegex(@"\bSystem\.Net\.Sockets\b|\bSystem\.Net\.Security\.SslStream\b|\bnew\s+Socket\s*\(")]
    private static partial Regex SystemSockets();

    [GeneratedRegex(@"\bSystem\.Device\.Gpio\b")]
    private static partial Regex DeviceGpio();

    [GeneratedRegex(@"\bSetLineValues\b|\bLineFlags\.(Output|OpenDrain|OpenSource)\b|\bPinMode\.Output\b")]
    private static partial Regex DrivenLine();

    [GeneratedRegex(@"\.Get(UtcNow|LocalNow)\b|\bReading\.Stamp\b")]
    private static partial Regex AskedForUtc();

    [GeneratedRegex(@"\bMicrosoft\.Extensions\.DependencyInjection\b"
        + @"|\.Add(Singleton|HostedService|Transient|Scoped)\b")]
    private static partial Regex Registration();

    [GeneratedRegex(@"^agent/GatewayHost[^/]*\.cs$")]
    private static partial Regex WiringFile();
}
