using System.Diagnostics;
using System.Globalization;

namespace Sluice.Plant.World;

/// <summary><c>sluice-plant sim</c>: one world told as a story, or many of them counted.</summary>
internal static class SimCommand
{
    public const string Usage = "sluice-plant sim [--seed N] [--days N] [--worlds N]";

    public static int Run(IReadOnlyList<string> arguments)
    {
        var (seed, days, worlds) = (1, 2.0, 1);
        for (var i = 0; i + 1 < arguments.Count; i += 2)
        {
            var number = double.Parse(arguments[i + 1], CultureInfo.InvariantCulture);
            switch (arguments[i])
            {
                case "--seed":
                    seed = (int)number;
                    break;
                case "--days":
                    days = number;
                    break;
                case "--worlds":
                    worlds = (int)number;
                    break;
            }
        }

        var watch = Stopwatch.StartNew();
        var reports = new List<WorldReport>();
        for (var i = 0; i < worlds; i++)
        {
            var settings = WorldSettings.Of(seed + i, days) with { Tell = worlds == 1 ? Console.WriteLine : null };
            using var world = new PlantWorld(settings);
            var report = world.Run();
            reports.Add(report);
            if (report.Fault is not null)
            {
                Console.WriteLine(report);
            }
        }

        Tell(reports, watch.Elapsed);
        return reports.Exists(report => report.Fault is not null) ? 1 : 0;
    }

    private static void Tell(List<WorldReport> reports, TimeSpan took)
    {
        var days = reports.Sum(report => report.Lived.TotalDays);
        Console.WriteLine($"{reports.Count} worlds, {days:0} days in {took.TotalSeconds:0.0} s: "
            + $"{days / took.TotalSeconds:0.0} days a second");
        Console.WriteLine($"readings: {reports.Sum(r => r.Given)} given, {reports.Sum(r => r.Arrived)} arrived, "
            + $"{reports.Sum(r => r.Duplicates)} came twice in {reports.Sum(r => r.Messages)} messages; "
            + $"{reports.Sum(r => r.LostInWindow)} younger than the loss window at a power cut, "
            + $"{reports.Sum(r => r.LostWithMemory)} in memory when the agent ended, "
            + $"{reports.Sum(r => r.LostByBroker)} lost by the broker, "
            + $"{reports.Sum(r => r.Dropped)} positions dropped with a reason "
            + $"({reports.Sum(r => r.DroppedFromMemory)} from memory); "
            + $"{reports.Sum(r => r.ClockNotSet)} arrived with a clock that was not set, "
            + $"{reports.Sum(r => r.Corrected)} with a time that was corrected before they were sent");
        foreach (var what in reports.SelectMany(r => r.Counts).GroupBy(c => c.Key).OrderBy(g => g.Key))
        {
            Console.WriteLine($"  {what.Sum(c => c.Value),6} {what.Key}");
        }

        Console.WriteLine($"{reports.Count(report => report.Fault is not null)} worlds with a fault");
    }
}
