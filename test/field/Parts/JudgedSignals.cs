using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Field.Parts;

/// <summary>Signals and reads in few words, for the tests that hold our client to a foreign server.</summary>
internal static class JudgedSignals
{
    public static ModbusSignal At(
        string name, string address, string type, ByteOrder order = ByteOrder.ABCD, byte unit = 1)
    {
        if (!SignalType.TryParse(type, out var parsed)
            || !ModbusAddressNotation.TryParse(address, false, out var place, out _))
        {
            throw new ArgumentException($"{name}: there is no {type} at {address}");
        }

        return new ModbusSignal
        {
            Signal = new Signal { Name = name, Source = "judge", Type = parsed },
            UnitId = unit,
            Address = place,
            Order = order,
        };
    }

    /// <summary>Reads these signals once, or all where none is named.</summary>
    public static async Task<Dictionary<string, Reading>> ReadAsync(ISignalSource source, params string[] names)
    {
        var due = Enumerable.Range(0, source.Signals.Count)
            .Where(index => names.Length == 0 || names.Contains(source.Signals[index].Name));
        var batch = new ReadingBatch();
        await source.ReadAsync(due.ToArray(), batch, CancellationToken.None);
        return batch.Readings.ToArray().ToDictionary(each => each.Signal.Name);
    }

    /// <summary>Reads this one signal again until the condition holds, and returns all that was read.</summary>
    public static async Task<List<Reading>> ReadUntilAsync(
        ISignalSource source, string name, Func<Reading, bool> holds)
    {
        var all = new List<Reading>();
        await Eventually.HoldsAsync(
            async () =>
            {
                all.Add((await ReadAsync(source, name))[name]);
                return holds(all[^1]);
            },
            TimeSpan.FromSeconds(10),
            () => $"the last reading is {all[^1]}; the source says {source.Health.Sentence}");
        return all;
    }

    public static long Counter(ISignalSource source, string name) =>
        source.Health.Counters.Single(each => each.Key == name).Value;
}
