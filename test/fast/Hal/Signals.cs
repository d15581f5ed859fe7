using Sluice.Fast.Hal.Faults;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

/// <summary>Signals and reads in few words, for the tests of the sources.</summary>
internal static class Signals
{
    public static ModbusSignal Modbus(
        string name, string address, string type, ByteOrder order = ByteOrder.ABCD, double scale = 1, double offset = 0,
        byte unit = 1)
    {
        Assert.True(SignalType.TryParse(type, out var parsed), type);
        Assert.True(ModbusAddressNotation.TryParse(address, true, out var place, out var problem), problem);
        return new ModbusSignal
        {
            Signal = new Signal { Name = "plc/" + name, Source = "plc", Type = parsed },
            UnitId = unit,
            Address = place,
            Order = order,
            Scale = scale,
            Offset = offset,
        };
    }

    public static ModbusSignal Of(FaultSignal signal) =>
        Modbus(signal.Name, signal.Address, signal.Type, unit: signal.Unit);

    /// <summary>Reads once; the readings by the signal's name without its source.</summary>
    public static async Task<Dictionary<string, Reading>> ReadAsync(ISignalSource source, params string[] names)
    {
        var due = names.Length == 0
            ? Enumerable.Range(0, source.Signals.Count).ToArray()
            : [.. names.Select(name => IndexOf(source, name))];
        var batch = new ReadingBatch();
        await source.ReadAsync(due, batch, TestContext.Current.CancellationToken);
        return batch.Readings.ToArray().ToDictionary(each => Short(each.Signal), each => each);
    }

    /// <summary>Reads again until the condition holds, for at most five seconds.</summary>
    public static async Task<Dictionary<string, Reading>> ReadUntilAsync(
        ISignalSource source, Func<Dictionary<string, Reading>, bool> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var readings = await ReadAsync(source);
            if (holds(readings))
            {
                return readings;
            }

            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(5))
            {
                Assert.Fail("waited 5 s; last: " + string.Join(", ", readings.Values));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), TestContext.Current.CancellationToken);
        }
    }

    public static long Counter(ISignalSource source, string name) =>
        source.Health.Counters.Single(each => each.Key == name).Value;

    private static string Short(Signal signal) => signal.Name[(signal.Source.Length + 1)..];

    private static int IndexOf(ISignalSource source, string name) =>
        source.Signals.ToList().FindIndex(each => Short(each) == name);
}
