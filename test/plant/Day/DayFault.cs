namespace Sluice.Plant.Day;

/// <summary>What goes wrong in a day of faults.</summary>
public enum DayFaultKind
{
    /// <summary>A maintenance window: it writes its state and comes back.</summary>
    BrokerRestart,

    /// <summary>The MES is away, the broker gives its word for what it queues, and its power goes: so does the queue.
    /// </summary>
    BrokerPowerCut,

    /// <summary>The MES is away for longer than the broker's queue holds.</summary>
    MesAway,

    /// <summary>The receiver is killed, in some turns its database with it.</summary>
    MesRestart,

    /// <summary>Packets to and from the broker vanish; nobody is told, no connection is reset.</summary>
    SilentLink,

    /// <summary>A few kilobytes a second to and from the broker.</summary>
    ThinLink,

    /// <summary>SIGKILL, and a start some seconds later.</summary>
    AgentKill,

    /// <summary>The gateway's wall clock is wrong by minutes, then right again.</summary>
    ClockStep,

    /// <summary>Somebody else's file fills the buffer's disk.</summary>
    DiskFull,

    /// <summary>The gateway's certificate stands on the broker's list; then it gets a new one.</summary>
    Revoked,
}

/// <summary>What a fault bends: two faults that bend the same part never overlap, any others may.</summary>
[Flags]
public enum DayParts
{
    None = 0,
    Broker = 1,
    Link = 2,
    Agent = 4,
    Mes = 8,
    Disk = 16,
    Clock = 32,
}

/// <summary>One fault of a day.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">From the day's beginning.</param>
/// <param name="Lasts">Until it is mended.</param>
/// <param name="Turn">0 to 999: how exactly, for whoever brings it about.</param>
public sealed record DayFault(DayFaultKind Kind, TimeSpan At, TimeSpan Lasts, int Turn)
{
    public TimeSpan Until => At + Lasts;

    public DayParts Parts => PartsOf(Kind);

    public static DayParts PartsOf(DayFaultKind kind) => kind switch
    {
        DayFaultKind.BrokerRestart => DayParts.Broker,

        // What they show needs a broker that takes messages from a gateway that sends them.
        DayFaultKind.BrokerPowerCut or DayFaultKind.MesAway => DayParts.Broker | DayParts.Mes | DayParts.Link,
        DayFaultKind.MesRestart => DayParts.Mes,
        DayFaultKind.SilentLink or DayFaultKind.ThinLink => DayParts.Link,
        DayFaultKind.AgentKill => DayParts.Agent,
        DayFaultKind.ClockStep => DayParts.Clock,
        DayFaultKind.DiskFull => DayParts.Disk,

        // The agent has to be there to say that it was refused, and has to come to the broker to hear it.
        DayFaultKind.Revoked => DayParts.Broker | DayParts.Link | DayParts.Agent,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The shortest and the longest that such a fault lasts.</summary>
    public static (TimeSpan Shortest, TimeSpan Longest) LengthOf(DayFaultKind kind)
    {
        var (shortest, longest) = kind switch
        {
            DayFaultKind.BrokerRestart => (1, 4),
            DayFaultKind.BrokerPowerCut => (6, 9),
            DayFaultKind.MesAway => (10, 15),
            DayFaultKind.MesRestart => (1, 5),
            DayFaultKind.SilentLink => (4, 13),
            DayFaultKind.ThinLink => (6, 14),
            DayFaultKind.AgentKill => (1, 4),
            DayFaultKind.ClockStep => (4, 14),

            // The journal has room of its own for some twenty seconds.
            DayFaultKind.DiskFull => (28, 36),
            DayFaultKind.Revoked => (6, 9),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        return (TimeSpan.FromSeconds(shortest), TimeSpan.FromSeconds(longest));
    }

    public bool Overlaps(DayFault other) => At < other.Until && other.At < Until;
}
