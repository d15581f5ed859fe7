namespace Sluice.Hal.Modbus;

/// <summary>What one link has seen since start. Written from its loops, read from any thread.</summary>
public sealed class ModbusCounters
{
    private readonly long[] counts = new long[Names.Length];

    private static readonly string[] Names =
    [
        "requests", "answers", "exceptions", "timeouts", "badAnswers", "lateAnswers", "strayAnswers", "brokenFrames",
        "connects", "connectFailures", "disconnects", "askedAgain", "writes",
        "callerFaults", "heldBack",
    ];

    public void Add(ModbusCount count) => Interlocked.Increment(ref counts[(int)count]);

    public long this[ModbusCount count] => Interlocked.Read(ref counts[(int)count]);

    public List<KeyValuePair<string, long>> Snapshot()
    {
        var all = new List<KeyValuePair<string, long>>(Names.Length);
        for (var index = 0; index < Names.Length; index++)
        {
            all.Add(KeyValuePair.Create(Names[index], Interlocked.Read(ref counts[index])));
        }

        return all;
    }
}

/// <summary>What is counted. The order is that of the names.</summary>
public enum ModbusCount
{
    /// <summary>Requests handed to the wire.</summary>
    Requests,

    /// <summary>Right answers with data.</summary>
    Answers,

    /// <summary>Right answers that say no.</summary>
    Exceptions,

    /// <summary>Requests whose deadline passed.</summary>
    Timeouts,

    /// <summary>Answers to a waiting request that cannot be its answer.</summary>
    BadAnswers,

    /// <summary>Answers to requests that had been given up.</summary>
    LateAnswers,

    /// <summary>Answers that nobody asked for, or that came twice.</summary>
    StrayAnswers,

    /// <summary>Bytes that are no frame; the connection was closed.</summary>
    BrokenFrames,

    Connects,

    ConnectFailures,

    /// <summary>Connections that ended, whoever ended them.</summary>
    Disconnects,

    /// <summary>Requests asked once more because the device had closed an idle connection.</summary>
    AskedAgain,

    /// <summary>System calls that carried requests: fewer than requests where several waited.</summary>
    Writes,

    /// <summary>Callers that threw where they were handed their answer: an error of ours.</summary>
    CallerFaults,

    /// <summary>Reads not asked because a late answer that is still owed could be taken for theirs.</summary>
    HeldBack,
}
