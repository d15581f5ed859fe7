namespace Sluice.Fast.Buffering.Crash;

/// <summary>How a store's life goes, in chances per step.</summary>
/// <param name="Name">For the report.</param>
/// <param name="Many">That an append has up to 900 readings, and not up to 15.</param>
/// <param name="Restart">That the agent is restarted, with what was not committed lost.</param>
/// <param name="Acknowledge">That a range is acknowledged.</param>
/// <param name="Commit">That a commit comes before it is due.</param>
/// <param name="Fault">That the disk begins to fail, one way or another.</param>
internal sealed record CrashShape(
    string Name, double Many, double Restart, double Acknowledge, double Commit, double Fault)
{
    /// <summary>A seed's shape is the one at its remainder.</summary>
    public static IReadOnlyList<CrashShape> All { get; } =
    [
        new("mixed", Many: 0.3, Restart: 0.1, Acknowledge: 0.3, Commit: 0.5, Fault: 0),
        new("small commits, then a flood", Many: 0.15, Restart: 0.02, Acknowledge: 0.1, Commit: 0.9, Fault: 0),
        new("restarted again and again", Many: 0.3, Restart: 0.4, Acknowledge: 0.2, Commit: 0.6, Fault: 0),
        new("commits only when due", Many: 0.3, Restart: 0.05, Acknowledge: 0.5, Commit: 0, Fault: 0),
        new("a disk that fails now and then", Many: 0.3, Restart: 0.05, Acknowledge: 0.2, Commit: 0.5, Fault: 0.1),
    ];

    public static CrashShape Of(int seed) => All[seed % All.Count];
}
