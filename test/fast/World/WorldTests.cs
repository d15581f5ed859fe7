using System.Diagnostics;
using System.Globalization;
using Sluice.Plant.World;
using Xunit;

namespace Sluice.Fast.World;

/// <summary>
/// Plants from seeds, with everything that goes wrong in one: power, disk, line, broker, MES, devices. A failure prints
/// its seed; <c>make sim SEED=n</c> tells that world's story; it then goes into seeds.txt.
/// </summary>
public sealed class WorldTests
{
    /// <summary>Two hundred days of them: where all that can go wrong has gone wrong.</summary>
    private const int WorldsForEverything = 50;
    private const double DaysEach = 4;

    /// <summary>Twelve days in `make fast`, whose minute two hundred would fill; those live in `make test`.</summary>
    private static readonly int Worlds =
        int.TryParse(Environment.GetEnvironmentVariable("SLUICE_WORLDS"), out var worlds) ? worlds : 3;

    [Fact]
    public void What_once_went_wrong_does_not_again()
    {
        foreach (var (seed, days) in Kept())
        {
            Lives(seed, days);
        }
    }

    [Fact]
    public void Nothing_is_lost_in_months_of_faults()
    {
        var watch = Stopwatch.StartNew();
        var reports = Enumerable.Range(1, Worlds)
            .AsParallel()
            .WithDegreeOfParallelism(2)
            .Select(seed => Lives(seed, DaysEach))
            .ToList();

        var days = reports.Sum(report => report.Lived.TotalDays);
        Assert.True(days >= Worlds * DaysEach, $"{days} days are not {Worlds * DaysEach}.");
        Assert.True(reports.Sum(report => report.Corrected) > 2 * days, "hardly a reading got the right time later");
        Assert.True(reports.Sum(report => report.ClockNotSet) > 5 * days, "hardly a time stayed that is not right");
        if (Worlds >= WorldsForEverything)
        {
            Assert.Equal(
                [], Troubles.Where(trouble => !reports.Exists(report => report.Counts.ContainsKey(trouble))));
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{days:0} days, {days / watch.Elapsed.TotalSeconds:0.0} a second");
    }

    [Fact]
    public void The_same_seed_is_the_same_life()
    {
        var (first, second) = (Lives(7, 0.5), Lives(7, 0.5));
        Assert.Equal(first.LastEvents, second.LastEvents);
        Assert.Equal(first with { LastEvents = [], Counts = Empty }, second with { LastEvents = [], Counts = Empty });
    }

    [Fact]
    [Trait("suite", "world")]
    public void What_a_disk_cannot_hold_is_dropped_oldest_first_and_named()
    {
        using var world = new PlantWorld(WorldSettings.Of(1, days: 1).Overflowing());
        var report = world.Run();
        Assert.True(report.Fault is null, report.ToString());
        Assert.True(report.Dropped > 1000, $"only {report.Dropped} readings were dropped");
    }

    [Fact]
    public void What_memory_cannot_hold_while_the_disk_fails_is_dropped_oldest_first_and_named()
    {
        using var world = new PlantWorld(WorldSettings.Of(1, days: 1).Forgetful());
        var report = world.Run();
        Assert.True(report.Fault is null, report.ToString());
        Assert.True(report.DroppedFromMemory > 1000, $"only {report.DroppedFromMemory} readings were dropped");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Live_readings_and_history_share_a_thin_line_and_the_ledger_says_for_how_long(int seed)
    {
        using var world = new PlantWorld(WorldSettings.Of(seed, days: 3).Thin());
        var report = world.Run();
        Assert.True(report.Fault is null, report.ToString());
    }

    /// <summary>
    /// That no stretch of time carries more than it may is held in every world; here a whole day waits, and the least
    /// rate that can be set is what holds it up.
    /// </summary>
    [Fact]
    public void A_day_of_backlog_goes_out_no_faster_than_the_configuration_allows()
    {
        var settings = WorldSettings.Of(1, days: 1).Budgeted();
        using var world = new PlantWorld(settings);
        var report = world.Run();
        Assert.True(report.Fault is null, report.ToString());
        var rate = settings.RateBytesPerSecondMax;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.SentBytes} bytes sent, at most {report.BusiestBytesPerSecond:0} a second over ten seconds; "
            + $"publish.rateMax {rate}"));
        Assert.True(report.SentBytes > 60 * rate, "the backlog was too small to be held up");

        // In ten seconds: a second saved up and a message of 64 KiB more, which is four seconds of this rate.
        Assert.InRange(report.BusiestBytesPerSecond, 0.9 * rate, 1.5 * rate);
    }

    private static readonly IReadOnlyDictionary<string, int> Empty = new Dictionary<string, int>();

    private static readonly string[] Troubles =
    [
        "cable cuts", "silences", "thin lines", "slow lines", "slow brokers", "refusals", "MES away",
        "MES unsubscribed", "broker restarts",
        "power cuts", "kills", "restarts", "full disks", "read-only disks", "failing disks", "silent devices",
        "busy hours", "takeovers", "the clock is set", "the clock is put by hand", "the time service is wrong",
    ];

    private static WorldReport Lives(int seed, double days)
    {
        using var world = new PlantWorld(WorldSettings.Of(seed, days));
        var report = world.Run();
        Assert.True(report.Fault is null, report.ToString());
        return report;
    }

    private static IEnumerable<(int Seed, double Days)> Kept()
    {
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "World", "seeds.txt")))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                var words = line.Split(' ');
                yield return (int.Parse(words[0], CultureInfo.InvariantCulture),
                    double.Parse(words[1], CultureInfo.InvariantCulture));
            }
        }
    }
}
