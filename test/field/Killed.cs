using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Xunit;

namespace Sluice.Field;

/// <summary>
/// SIGKILL in a loop. What may be missing is what was served less than the stated loss window before a kill, and
/// nothing else; no position may carry two contents, and none may be missing between others.
/// </summary>
public sealed class Killed(ITestOutputHelper output)
{
    private const int KillsInATest = 15;
    private const int TellEvery = 25;
    private static readonly TimeSpan CommitEvery = TimeSpan.FromMilliseconds(200);

    // A commit that falls due takes as long as the disk takes, and two test programs share the disk.
    private static readonly TimeSpan CommitTakes = TimeSpan.FromMilliseconds(300);

    // A thousand kills leave a long record to look through.
    private static TimeSpan Patience => FieldPlant.Later + TimeSpan.FromMilliseconds(100 * Kills);

    /// <summary><c>make torture KILLS=n</c> does it as often as it is told.</summary>
    private static int Kills =>
        int.TryParse(Environment.GetEnvironmentVariable("SLUICE_KILLS"), CultureInfo.InvariantCulture, out var wish)
            ? wish : KillsInATest;

    [Fact]
    public async Task Again_and_again_and_only_what_was_younger_than_a_commit_is_missing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var plant = await FieldPlant.StartAsync();
        var kills = new List<long>();
        while (kills.Count < Kills)
        {
            plant.Gateway.Start();
            await plant.ServesAsync(random.Next(1, 30));
            kills.Add(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            await plant.Gateway.KillAsync();
            if (kills.Count % TellEvery == 0)
            {
                output.WriteLine($"{kills.Count} of {Kills} kills; {plant.Mes.Account()}");
            }
        }

        plant.Gateway.Start();
        await plant.ServesAsync(5);
        var record = plant.Machine.Record();

        // The one kill behind a value, if any, was less than the window later.
        bool Excused(Served served)
        {
            var next = kills.BinarySearch(served.AtMilliseconds - 50);
            next = next < 0 ? ~next : next;
            return next < kills.Count
                && kills[next] - served.AtMilliseconds < (CommitEvery + CommitTakes).TotalMilliseconds;
        }

        await plant.Mes.HasEverythingAsync(record, Patience, plant.Gateway, Excused);
        var arrived = plant.Mes.Counts();
        var lost = record.Where(served => !arrived.Contains(served.Count)).ToList();
        output.WriteLine(plant.Mes.Account());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}: {kills.Count} kills, {record.Count} values served, {arrived.Count} arrived, "
            + $"{lost.Count} younger than the window at a kill, "
            + $"lost beyond the window {lost.Count(served => !Excused(served))}, "
            + $"gaps {plant.Mes.Judge((_, stream) => stream.OpenGaps)}, "
            + $"positions with two contents {plant.Mes.Contradictions}"));
        Assert.True(lost.Count < record.Count / 2, "so much was excused that nothing was tested");
        Assert.Single(plant.Mes.Judge((_, stream) => stream.Stores.Keys.ToList()));

        // Each kill that cut a recording short stands in the ledger, with the loss window that was configured.
        var gaps = plant.Mes.Judge((_, stream) => stream.Ledger!.Gaps);
        gaps.Take(TellEvery).ToList().ForEach(gap => output.WriteLine(gap.ToString()));
        Assert.InRange(gaps.Count, 1, Kills);
        Assert.All(gaps, gap => Assert.Equal(
            ("NotClosed", (long)CommitEvery.TotalMilliseconds, false),
            (gap.Reason, gap.LossMilliseconds, gap.IsRebooted)));
    }

    [Fact]
    public async Task While_the_broker_is_away_and_nothing_that_was_committed_is_missing()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        await plant.Broker.StopAsync();
        await plant.ServesAsync(40);
        var durable = plant.Machine.Record();
        await Task.Delay(CommitEvery + CommitTakes);
        await plant.Gateway.KillAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(10);

        await plant.Broker.StartAsync();

        await plant.Mes.HasEverythingAsync(durable, FieldPlant.Later, plant.Gateway);
    }
}
