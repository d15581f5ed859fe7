using System.Globalization;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Plant.Demo;

/// <summary>
/// Compares what the plant gave away with what the MES got, value by value and not by anybody's positions. The plant
/// answers each reading of the record with the next number; a number that is missing was answered and lost. An answer
/// that came too late for the agent is stored as a Bad reading instead: each of those may stand for one number.
/// </summary>
public sealed class RecordCheck
{
    private readonly PositionSet values = new();

    public long Arrived => values.Count;

    public long NotGood { get; private set; }

    /// <summary>Numbers that came under two positions: stored twice, or answered to two readings.</summary>
    public long Twice { get; private set; }

    public long Last => values.Ranges.Count == 0 ? 0 : values.Ranges[^1].To;

    /// <summary>Numbers below the last that never came and that no Bad reading stands for.</summary>
    public long Missing => Math.Max(0, Last - Arrived - NotGood);

    public void Take(in MesReading reading)
    {
        if (reading.Quality != "Good")
        {
            NotGood++;
            return;
        }

        if (long.TryParse(reading.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            Twice += values.Add(value) ? 0 : 1;
        }
        else
        {
            NotGood++;
        }
    }
}
