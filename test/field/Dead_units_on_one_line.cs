using Sluice.Field.Parts;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Field;

/// <summary>The breaker of each unit on a real terminal, in real time; by the hour it is stepped in fast.</summary>
public sealed class Dead_units_on_one_line
{
    private const int Good = 31;

    private static readonly TimeSpan Cycle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(80);

    [Fact]
    public async Task One_good_unit_beside_thirty_dead_ones_keeps_its_cycle()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bus = new SerialBus(1, unit => unit == Good);
        await using var source = ModbusSource.OverRtu(
            "drives",
            [.. Enumerable.Range(1, Good).Select(unit => JudgedSignals.At($"u{unit}", "holding:0", "uint16") with
            {
                UnitId = (byte)unit,
            })],
            new SerialPortOptions { Path = bus.Path(0), Baud = 115_200 }, null,
            new ModbusRtuOptions { Timeout = Timeout, ListenFirst = TimeSpan.Zero }, TimeProvider.System);
        var all = Enumerable.Range(0, Good).ToArray();
        var batch = new ReadingBatch();

        // Each that does not answer is met once, four in a call, until the good one is.
        for (var call = 0; !batch.Readings.ToArray().Any(reading => reading.Quality.IsGood); call++)
        {
            Assert.InRange(call, 0, 8);
            batch.Clear();
            await source.ReadAsync(all, batch, stop);
        }

        var began = TimeProvider.System.GetTimestamp();
        for (var turn = 0; turn < 8; turn++)
        {
            batch.Clear();
            await source.ReadAsync(all, batch, stop);
            var left = (Cycle * (turn + 1)) - TimeProvider.System.GetElapsedTime(began);
            Assert.True(left > TimeSpan.Zero, $"turn {turn} ended {-left} late");
            Assert.Equal(1, batch.Readings.ToArray().Count(reading => reading.Quality.IsGood));
            await Task.Delay(left, stop);
        }

        Assert.Equal(30, source.Health.Counters.Single(each => each.Key == "unitsBroken").Value);
        Assert.InRange(source.Health.Counters.Single(each => each.Key == "failedProbes").Value, 1, 5);
    }
}
