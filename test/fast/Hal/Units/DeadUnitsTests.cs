using Sluice.Fast.Hal.Lines;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Units;

/// <summary>A whole source on a line that is stepped: what dead units cost the living.</summary>
public sealed class DeadUnitsTests
{
    private static readonly TimeSpan Cycle = TimeSpan.FromSeconds(1);

    /// <summary>
    /// An hour from the start on. Where the good unit stands first, it keeps its cycle from its first turn; where it
    /// stands last, it must first be found behind thirty that do not answer.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    public async Task One_good_unit_beside_thirty_dead_ones_on_one_line_keeps_its_cycle(int good)
    {
        var bus = new SteppedBus(unit => unit == good);
        await using var source = Source(bus, 31);
        while (!(await TurnAsync(bus, source))[$"u{good}"].Quality.IsGood)
        {
            // As many deadlines as there are dead units before it, and no turn longer than four of them.
            Assert.InRange(bus.Now, TimeSpan.Zero, SteppedBus.Deadline * 34);
        }

        var dead = new HashSet<string>();
        for (var turn = 0; turn < 3600; turn++)
        {
            var due = bus.Now;
            var readings = await TurnAsync(bus, source);
            Assert.True(readings[$"u{good}"].Quality.IsGood);
            Assert.InRange(bus.AskedAt[(byte)good] - due, TimeSpan.Zero, SteppedBus.Deadline);
            Assert.Equal(due + Cycle, bus.Now);
            foreach (var (name, reading) in readings.Where(each => each.Key != $"u{good}"))
            {
                Assert.True(reading.Quality.Reason is QualityReason.Timeout or QualityReason.NotRead);
                Assert.Equal(QualityLevel.Bad, reading.Quality.Level);
                dead.Add(reading.Quality.Reason == QualityReason.Timeout ? name : "");
            }
        }

        Assert.Equal(30, dead.Count(name => name.Length > 0));
        var metThem = SteppedBus.Deadline * 30;
        Assert.InRange(bus.Lost - metThem, TimeSpan.Zero, bus.Now * 0.05);
        Assert.Equal(30, Signals.Counter(source, "unitsBroken"));
        Assert.InRange(Signals.Counter(source, "failedProbes"), 300, 370);
        Assert.True(Signals.Counter(source, "turnsNotAsked") > 100_000);
        Assert.Contains("30 of its units do not answer", source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thirty_units_that_come_back_are_all_read_within_ten_minutes()
    {
        var power = false;
        var bus = new SteppedBus(unit => unit == 1 || power);
        await using var source = Source(bus, 31);
        for (var turn = 0; turn < 100; turn++)
        {
            await TurnAsync(bus, source);
        }

        power = true;
        var back = bus.Now;
        while ((await TurnAsync(bus, source)).Values.Any(reading => !reading.Quality.IsGood))
        {
            Assert.InRange(bus.Now - back, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        }

        Assert.Equal(0, Signals.Counter(source, "unitsBroken"));
        Assert.Equal("connected", source.Health.State);
    }

    [Fact]
    public async Task A_unit_that_was_never_asked_is_never_good()
    {
        var bus = new SteppedBus(unit => unit == 1);
        await using var source = Source(bus, 4);
        var readings = await TurnAsync(bus, source);
        Assert.Equal(
            [Quality.Good, Quality.Bad(QualityReason.Timeout), NotRead, NotRead],
            readings.OrderBy(each => each.Key).Select(each => each.Value.Quality));
    }

    private static Quality NotRead => Quality.Bad(QualityReason.NotRead);

    private static async Task<Dictionary<string, Reading>> TurnAsync(SteppedBus bus, ModbusSource source)
    {
        var due = bus.Now;
        var readings = await Signals.ReadAsync(source);
        bus.WaitUntil(due + Cycle);
        return readings;
    }

    private static ModbusSource Source(SteppedBus bus, int units) => new(
        "drives",
        [.. Enumerable.Range(1, units).Select(unit =>
            Signals.Modbus($"u{unit}", "holding:0", "uint16", unit: (byte)unit))],
        bus, new ModbusSourceOptions(), bus);
}
