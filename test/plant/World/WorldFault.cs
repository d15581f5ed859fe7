namespace Sluice.Plant.World;

/// <summary>The checkers, by what they hold.</summary>
public enum Checker
{
    /// <summary>What was acknowledged was taken by the broker; what was durable arrives, or the ledger says why not.
    /// </summary>
    NothingLost,

    /// <summary>Positions are never given twice, and nothing is handed out before it is durable.</summary>
    Positions,

    /// <summary>Every gap at the MES is in the ledger, with a reason.</summary>
    Ledger,

    /// <summary>Per signal ascending, live and history each for itself.</summary>
    Order,

    /// <summary>What arrives is what the device gave.</summary>
    Values,

    /// <summary>Times are what the clocks of the gateway allow them to be, and the ledger tells of both.</summary>
    Clock,

    /// <summary>The contract: every message is as WIRE.md says, what comes twice is the same bytes.</summary>
    Contract,

    /// <summary>Disk, memory, windows and lists stay within their bounds.</summary>
    Bounds,

    /// <summary>Live readings and history share a thin line, and the ledger says for how long.</summary>
    Pacing,

    /// <summary>The gateway's line carries no more of it than the configuration allows.</summary>
    Traffic,

    /// <summary>Once the world is kind, everything drains in time.</summary>
    Liveness,

    /// <summary>Nobody throws, nobody spins.</summary>
    Sanity,
}

/// <summary>What must never happen did: the world ends here, and its seed brings it back.</summary>
public sealed class WorldFaultException(Checker checker, string sentence) : Exception($"{checker}: {sentence}")
{
    public Checker Checker { get; } = checker;

    internal static void Require(bool holds, Checker checker, Func<string> sentence)
    {
        if (!holds)
        {
            throw new WorldFaultException(checker, sentence());
        }
    }
}
