using System.Diagnostics;
using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Plant.Day;
using Xunit;

namespace Sluice.Field.Day;

/// <summary>
/// Everything that the other field tests try one by one, at once and in an order that nobody thought of:
/// <c>make day MINUTES=3 SEED=n</c>. Behind it every value that a device gave away must be in the MES's database, right
/// and once, or in the gateway's ledger with a reason.
/// </summary>
public sealed class A_day_of_faults(ITestOutputHelper output)
{
    private static readonly TimeSpan DrainsWithin = TimeSpan.FromSeconds(60);

    // A fault that takes longer than planned, on a busy machine, holds up the next one of its parts. Always taken in
    // the same order, so that no two wait for each other.
    private readonly SortedDictionary<DayParts, SemaphoreSlim> parts = new(
        Enum.GetValues<DayParts>().Where(part => part != DayParts.None)
            .ToDictionary(part => part, _ => new SemaphoreSlim(1)));

    private readonly Stopwatch watch = new();

    private static int Seed => Number("SLUICE_DAY_SEED") ?? Environment.TickCount;

    private static TimeSpan Length => TimeSpan.FromMinutes(Number("SLUICE_DAY_MINUTES") ?? 3);

    [Fact]
    public async Task Leaves_every_value_at_the_MES_or_in_the_ledger_with_a_reason()
    {
        var (seed, length) = (Seed, Length);
        output.WriteLine($"make day SEED={seed} MINUTES={length.TotalMinutes}");
        var day = DaySchedule.Of(seed, length);
        await using var plant = await DayPlant.StartAsync();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        var faults = new DayFaults(plant);
        watch.Start();
        try
        {
            await Task.WhenAll(day.Select(fault => LiveAsync(fault, faults)));
            await UntilAsync(length);
            var end = new DayEnd(plant, Tell);
            await end.IsWholeAsync(DrainsWithin);
            await end.OnlyAReplayMakesItWholeAsync(DrainsWithin);
            await end.IsRightAsync(await plant.CloseAsync(), faults);
        }
        catch
        {
            output.WriteLine($"make day SEED={seed} MINUTES={length.TotalMinutes} brings this day back.");
            output.WriteLine($"The agent's log:\n{plant.Gateway.Process.Tail(200)}");
            throw;
        }
    }

    private async Task LiveAsync(DayFault fault, DayFaults faults)
    {
        await UntilAsync(fault.At);
        var mine = parts.Where(part => fault.Parts.HasFlag(part.Key)).Select(part => part.Value).ToList();
        foreach (var part in mine)
        {
            await part.WaitAsync();
        }

        try
        {
            Tell($"{fault.Kind} for {Seconds(fault.Lasts)} s", await faults.BeginAsync(fault));
            var began = watch.Elapsed;
            await UntilAsync(began + fault.Lasts);
            Tell($"{fault.Kind} is over", await faults.EndAsync(fault));
        }
        finally
        {
            mine.ForEach(part => part.Release());
        }
    }

    private async Task UntilAsync(TimeSpan moment)
    {
        var wait = moment - watch.Elapsed;
        await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    private void Tell(string sentence, string more = "") => output.WriteLine(
        $"{Seconds(watch.Elapsed),6} s  {sentence}{(more.Length > 0 ? $": {more}" : "")}");

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number : null;
}
