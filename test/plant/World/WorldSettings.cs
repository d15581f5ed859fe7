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

    /// <summary>Memory for readings while the disk fails.</summary>
    public long VolatileBytesMax { get; init; } = 16 << 20;

    /// <summary>Length of the texts that the machine gives. Long ones fill the disk, and are torn by power cuts.
    /// </summary>
    public int TextBytes { get; init; } = 20;

    /// <summary>Every turn has something to report, and the line is out for days: the disk does not hold it all.
    /// </summary>
    public bool Overflows { get; init; }

    /// <summary>Devices that take seconds: a reading may be stored after the clock that stamped it was put.</summary>
    public bool HasSlowTurns { get; init; } = true;

    /// <summary>What the broker announces.</summary>
    public int ReceiveMaximum { get; init; } = 1000;

    public int PacketBytesMax { get; init; } = int.MaxValue;

    /// <summary>What the broker does not announce: a larger packet ends the connection.</summary>
    public int HiddenPacketBytesMax { get; init; } = int.MaxValue;

    /// <summary>
    /// The bound of liveness: from the moment in which everything works again until nothing waits any more. Made of the
    /// longest pauses that the agent may take (power that is still away 10 min, what was set aside 10 min, reconnect
    /// 60 s, hold 30 s, probe of the disk 10 s, ledger 5 s) and the time that the backlog takes on the kind link.
    /// </summary>
    public TimeSpan KindMax { get; init; } = TimeSpan.FromMinutes(30);

    public Seams Seams { get; init; } = new();

    /// <summary>Prints what happens; null: silent.</summary>
    public Action<string>? Tell { get; init; }

    /// <summary>Nothing goes wrong by itself: only what the settings say.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>The disk takes nothing from the second hour on, until the world is kind.</summary>
    public bool DiskIsGone { get; init; }

    /// <summary>What the line carries when it is mended; null: more than is needed.</summary>
    public double? ThinBytesPerSecond { get; init; }

    /// <summary>What the gateway may put on the line.</summary>
    public long RateBytesPerSecondMax { get; init; } = 2 << 20;

    /// <summary>The line is out for a day, and what waited may go out at the least rate that can be set.</summary>
    public WorldSettings Budgeted() => Plain() with
    {
        Days = 1 + (1.0 / 24), Overflows = true, TextBytes = 60, RateBytesPerSecondMax = 16 << 10,
    };

    /// <summary>The line is out for days and then thin and steady: history and live readings share it.</summary>
    public WorldSettings Thin() => Plain() with { Overflows = true, TextBytes = 60, ThinBytesPerSecond = 10_000 };

    /// <summary>Line and disk are gone together for most of a day, and memory is small.</summary>
    public WorldSettings Forgetful() => Plain() with
    {
        Overflows = true, TextBytes = 60, DiskIsGone = true, VolatileBytesMax = 40_000,
    };

    private WorldSettings Plain() => this with
    {
        IsQuiet = true, CommitEvery = TimeSpan.FromSeconds(1), SizeBytesMax = 16 << 20, ReceiveMaximum = 1000,
        PacketBytesMax = int.MaxValue, HiddenPacketBytesMax = int.MaxValue,
    };

    /// <summary>The same plant, with more to say than its disk holds while the line is out.</summary>
    public WorldSettings Overflowing() => this with
    {
        Overflows = true, TextBytes = 2000, SizeBytesMax = 8 << 20, HiddenPacketBytesMax = int.MaxValue,
    };

    /// <summary>A plant as the seed has it: settings differ from site to site as well.</summary>
    public static WorldSettings Of(int seed, double days)
    {
        var random = new Random(seed ^ 0x5E77);
        var settings = new WorldSettings
        {
            Seed = seed,
            Days = days,
            CommitEvery = TimeSpan.FromSeconds(random.Next(3) switch { 0 => 0.25, 1 => 1, _ => 5 }),
            SizeBytesMax = (random.Next(2) == 0 ? 8 : 16) << 20,
            TextBytes = random.Next(3) == 0 ? 240 : 20,
            ReceiveMaximum = random.Next(3) switch { 0 => 1, 1 => random.Next(2, 20), _ => 1000 },
            PacketBytesMax = random.Next(4) == 0 ? random.Next(4_000, 20_000) : int.MaxValue,
            HiddenPacketBytesMax = random.Next(6) == 0 ? random.Next(8_000, 20_000) : int.MaxValue,
        };
        var scarce = new Random(seed ^ 0x3E3).Next(3) == 0;
        settings = settings with { VolatileBytesMax = scarce ? 2_000 : settings.VolatileBytesMax };
        return random.Next(40) == 0 ? settings.Overflowing() : settings;
    }
}
