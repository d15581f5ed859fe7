using System.Diagnostics;
using Sluice.Plant.World;
using Xunit;

namespace Sluice.Fast.World;

public sealed class WorldTests
{
    [Fact]
    public void Nothing_is_lost_in_twenty_days_of_faults()
    {
        var watch = Stopwatch.StartNew();
        var days = 0.0;
        for (var seed = 1; days < 20; seed++)
        {
            using var world = new PlantWorld(new WorldSettings { Seed = seed, Days = 2 });
            var report = world.Run();
            Assert.True(report.Fault is null, report.ToString());
            days += report.Lived.TotalDays;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{days / watch.Elapsed.TotalSeconds:0.0} days a second");
    }
}
