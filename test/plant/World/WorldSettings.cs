namespace Sluice.Plant.World;

/// <summary>What a world is made of; everything that is not said here comes from its seed.</summary>
internal sealed record WorldSettings
{
    public required int Seed { get; init; }

    /// <summary>How long it is unkind. After that it has <see cref="KindMax"/> to drain.</summary>
    public required double Days { get; init; }

    /// <summary>The stated loss window, as the configuration has it.</summary>
    public TimeSpan CommitEvery { get; init; } = TimeSpan.FromSeconds(1);

    public long SizeBytesMax { get; init; } = 8 << 20;

    /// <summary>
    /// The bound of liveness: from the moment in which everything works again until nothing waits any more. Made of the
    /// longest pauses that the agent may take (reconnect 60 s, hold 30 s, probe of the disk 10 s, ledger 5 s) and the
    /// time that the backlog takes on the kind link.
    /// </summary>
    public TimeSpan KindMax { get; init; } = TimeSpan.FromMinutes(10);

    public Seams Seams { get; init; } = new();

    /// <summary>Prints what happens; null: silent.</summary>
    public Action<string>? Tell { get; init; }
}
