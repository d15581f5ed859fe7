using System.Globalization;

namespace Sluice.Agent.Configuration;

/// <summary>What RTU sources must keep to between them, and how fast a serial line usually is.</summary>
internal static class BusChecks
{
    private static readonly int[] UsualBauds =
    [
        1_200, 1_800, 2_400, 4_800, 7_200, 9_600, 14_400, 19_200, 28_800, 38_400, 56_000, 57_600, 76_800, 115_200,
        128_000, 153_600, 187_500, 230_400, 250_000, 256_000, 375_000, 460_800, 500_000, 576_000, 921_600,
    ];

    public static void Check(GatewayDraft draft, FileNode root, ProblemList problems)
    {
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, source) in draft.Sources ?? [])
        {
            if (Bus(source) is { } bus && !first.TryAdd(bus, name))
            {
                problems.Error(
                    root.At("sources", name, "port"),
                    $"sources.{name}.port",
                    $"{bus} is the bus of source {first[bus]} too, and one bus takes one client: put the units of both "
                        + "into one signal list, each with its unitId.");
            }

            CheckBaud(name, source, root, problems);
            CheckPort(name, source, root, problems);
        }
    }

    /// <summary>Where the bus is, as the file says it; null where its keys were refused, or there is none.</summary>
    private static string? Bus(SourceDraft source) => source switch
    {
        { Kind: "modbus-rtu", Port.Serial: { } path } => path,
        { Kind: "modbus-rtu-over-tcp", Address: { } address, Port: { } port } =>
            string.Create(CultureInfo.InvariantCulture, $"{address} port {port.Tcp}"),
        _ => null,
    };

    private static void CheckBaud(string name, SourceDraft source, FileNode root, ProblemList problems)
    {
        if (source.Baud is { } baud && !UsualBauds.Contains(baud))
        {
            var near = UsualBauds.MinBy(usual => Math.Abs(usual - baud));
            problems.Warning(
                root.At("sources", name, "baud"),
                $"sources.{name}.baud",
                string.Create(CultureInfo.InvariantCulture, $"{baud} is no usual speed: is {near} meant?"));
        }
    }

    private static void CheckPort(string name, SourceDraft source, FileNode root, ProblemList problems)
    {
        if (source is { Kind: "modbus-rtu-over-tcp", Port.Tcp: 502 })
        {
            problems.Warning(
                root.At("sources", name, "port"),
                $"sources.{name}.port",
                "502 is the port of Modbus TCP: a converter that listens there usually translates. If it does, write "
                    + "the kind modbus-tcp.");
        }
    }
}
