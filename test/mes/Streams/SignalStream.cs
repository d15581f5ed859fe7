using System.Text.Json;
using Sluice.Mes.Schemas;

namespace Sluice.Mes.Streams;

/// <summary>
/// One signal as the receiver sees it: what it is now, how often it comes, and whether it comes in order. History never
/// touches the current value.
/// </summary>
public sealed class SignalStream(string name)
{
    private const int RateSeconds = 10;

    private readonly long[] perSecond = new long[RateSeconds];
    private readonly long[] secondOf = new long[RateSeconds];
    private string liveStore = "";
    private long livePosition;
    private string historyStore = "";
    private long historyPosition;
    private DateTimeOffset? firstArrival;

    public string Name { get; } = name;

    public string Type { get; private set; } = "";

    public string Unit { get; private set; } = "";

    public string Description { get; private set; } = "";

    /// <summary>The newest live reading, or the birth's last one; null before either.</summary>
    public MesReading? Current { get; private set; }

    public long Live { get; private set; }

    public long Historical { get; private set; }

    public long NotGood { get; private set; }

    /// <summary>Live readings whose quality level differs from the one before.</summary>
    public long QualityChanges { get; private set; }

    /// <summary>Live readings a second over the last ten seconds.</summary>
    public double Rate(DateTimeOffset now)
    {
        if (firstArrival is not { } first)
        {
            return 0;
        }

        var second = now.ToUnixTimeSeconds();
        var count = 0L;
        for (var slot = 0; slot < RateSeconds; slot++)
        {
            count += secondOf[slot] > second - RateSeconds && secondOf[slot] <= second ? perSecond[slot] : 0;
        }

        return count / Math.Clamp((now - first).TotalSeconds, 1, RateSeconds);
    }

    /// <summary>How old the current value is by the gateway's clock; null before there is one.</summary>
    public TimeSpan? Age(DateTimeOffset now) =>
        Current is { } reading ? now.UtcDateTime - reading.SourceTimestamp : null;

    internal void Describe(BirthSignal born)
    {
        (Type, Unit, Description) = (born.Type, born.Unit, born.Description);
        if (born.Last is { } last && (Current is null || (liveStore == born.LastStore && last.Position > livePosition)))
        {
            Current = last with { Signal = Name };
        }
    }

    /// <summary>Takes a reading that had not arrived before; false where it came out of order.</summary>
    internal bool Receive(in MesReading reading, string store, bool historical, DateTimeOffset now)
    {
        NotGood += reading.Quality == "Good" ? 0 : 1;
        if (historical)
        {
            Historical++;
            var follows = historyStore != store || reading.Position > historyPosition;
            (historyStore, historyPosition) = (store, reading.Position);
            return follows;
        }

        Live++;
        Count(now);
        if (liveStore == store && reading.Position <= livePosition)
        {
            return false;
        }

        QualityChanges += Current is { } before && before.Quality != reading.Quality ? 1 : 0;
        (liveStore, livePosition) = (store, reading.Position);
        Current = reading;
        return true;
    }

    /// <summary>
    /// What is wrong with the value's JSON type, by the type that the birth named; empty where nothing is.
    /// </summary>
    internal string TypeFault(in MesReading reading)
    {
        if (Type.Length == 0 || reading.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        var fits = Type switch
        {
            "bool" => reading.ValueKind is JsonValueKind.True or JsonValueKind.False,
            _ when Type.StartsWith("string:", StringComparison.Ordinal) => reading.ValueKind == JsonValueKind.String,
            _ => reading.ValueKind == JsonValueKind.Number,
        };
        return fits ? "" : $"'{Name}' is {Type} by the birth and came as {reading.ValueKind}";
    }

    private void Count(DateTimeOffset now)
    {
        firstArrival ??= now;
        var second = now.ToUnixTimeSeconds();
        var slot = (int)(second % RateSeconds);
        if (secondOf[slot] != second)
        {
            (secondOf[slot], perSecond[slot]) = (second, 0);
        }

        perSecond[slot]++;
    }
}
