using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Field.Parts.Peers;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Field.Parts;

/// <summary>One reading as it arrived, with the words it came in.</summary>
internal sealed record MesReadingText(string Store, long Position, string Signal, bool Historical, string Text)
{
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Text);
            return document.RootElement.Clone();
        }
    }
}

/// <summary>
/// What the MES has: mosquitto_sub's arrivals, the reference receiver's judgement of them, and beside it every
/// reading's own words by its key, so that the judgement itself is checked by something simpler.
/// </summary>
internal sealed class FieldMes : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly StreamLedger ledger = new("plant1");
    private readonly Dictionary<(string Store, long Position), MesReadingText> readings = [];
    private readonly List<string> contradictions = [];
    private MosquittoSubscriber? subscriber;

    public IReadOnlyList<Arrival> Arrivals => subscriber?.Arrivals ?? [];

    public static async Task<FieldMes> StartAsync(
        (string Certificate, string Key) identity, MosquittoBroker broker, string[]? inside = null)
    {
        var mes = new FieldMes();
        mes.subscriber = await MosquittoSubscriber.StartAsync(identity, broker, mes.Hear, inside);
        return mes;
    }

    public IReadOnlyList<MesReadingText> Readings
    {
        get
        {
            lock (gate)
            {
                return [.. readings.Values];
            }
        }
    }

    /// <summary>The values of the plant's counter that arrived Good.</summary>
    public IReadOnlySet<long> Counts()
    {
        lock (gate)
        {
            return readings.Values
                .Where(reading => reading.Signal == "plc/count")
                .Select(reading => reading.Json)
                .Where(json => !json.TryGetProperty("q", out _))
                .Select(json => json.GetProperty("v").GetInt64())
                .ToHashSet();
        }
    }

    /// <summary>Positions that came twice, with other words the second time.</summary>
    public int Contradictions
    {
        get
        {
            lock (gate)
            {
                return contradictions.Count;
            }
        }
    }

    public T Judge<T>(Func<StreamLedger, GatewayStream, T> judgement)
    {
        lock (gate)
        {
            return judgement(ledger, ledger.Gateway(FieldGateway.Id));
        }
    }

    /// <summary>
    /// Waits until the MES has every value that the plant served up to now (but those excused), and the ledger says
    /// that nothing waits; then the whole stream must be without contradiction, open gap or violation of the contract.
    /// </summary>
    public async Task HasEverythingAsync(
        IReadOnlyList<Served> record, TimeSpan within, FieldGateway gateway, Func<Served, bool>? excused = null)
    {
        List<long> missing = [];
        await Eventually.HoldsAsync(
            () =>
            {
                var arrived = Counts();
                missing = [.. record.Where(served => !arrived.Contains(served.Count) && excused?.Invoke(served) != true)
                    .Select(served => served.Count)];
                return missing.Count == 0;
            },
            within,
            () => $"{missing.Count} of {record.Count} values never arrived: {Some(missing)}\n{Account()}\n"
                + $"The agent's log:\n{gateway.Process.Tail()}");
        await HasNoGapAsync(within, gateway);
    }

    public async Task HasNoGapAsync(TimeSpan within, FieldGateway gateway)
    {
        await Eventually.HoldsAsync(
            () => Judge((_, stream) => stream.OpenGaps == 0 && Holes() == 0), within,
            () => $"positions are missing. {Account()}\nThe agent's log:\n{gateway.Process.Tail()}");
        lock (gate)
        {
            if (contradictions.Count > 0 || ledger.ViolationCount > 0)
            {
                throw new InvalidOperationException(
                    $"{string.Join('\n', contradictions)}\n{string.Join('\n', ledger.Violations)}");
            }
        }
    }

    public string Account() => Judge((_, stream) =>
        $"readings {stream.Readings}, twice {stream.Duplicates}, historical {stream.Historical}, "
        + $"open {stream.OpenGaps}, explained {stream.Explained}, births {stream.Births}; stores "
        + string.Join("; ", stream.Stores.Values.Select(store =>
            $"{store.Store} to {store.Last}, next {store.Account?.Next}, dropped {store.Account?.Dropped}")));

    public async ValueTask DisposeAsync()
    {
        if (subscriber is not null)
        {
            await subscriber.DisposeAsync();
        }
    }

    /// <summary>
    /// Positions below the highest of each store that never arrived, dropped ones aside: counted by hand.
    /// </summary>
    private long Holes()
    {
        var holes = 0L;
        foreach (var store in readings.Keys.GroupBy(key => key.Store, key => key.Position))
        {
            holes += store.Max() - store.Count();
        }

        return holes - ledger.Gateway(FieldGateway.Id).Explained;
    }

    private void Hear(Arrival arrival)
    {
        lock (gate)
        {
            var topic = $"sluice/v1/plant1/{FieldGateway.Id}/{arrival.Topic}";
            var bytes = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(arrival.Payload));
            ledger.Receive(
                new MesMessage(topic, bytes)
                {
                    Retained = arrival.Retained, ContentType = arrival.ContentType, Contract = arrival.Contract,
                    WireBytes = arrival.WireBytes,
                },
                TimeProvider.System.GetUtcNow());
            if (arrival.Topic == "data")
            {
                Keep(arrival.Payload);
            }
        }
    }

    private void Keep(string payload)
    {
        using var json = JsonDocument.Parse(payload);
        var store = json.RootElement.GetProperty("store").GetString()!;
        var historical = json.RootElement.GetProperty("historical").GetBoolean();
        foreach (var item in json.RootElement.GetProperty("readings").EnumerateArray())
        {
            var reading = new MesReadingText(
                store, item.GetProperty("p").GetInt64(), item.GetProperty("s").GetString()!, historical,
                item.GetRawText());
            if (!readings.TryAdd((store, reading.Position), reading)
                && readings[(store, reading.Position)].Text != reading.Text)
            {
                contradictions.Add(string.Create(CultureInfo.InvariantCulture,
                    $"position {reading.Position}: {readings[(store, reading.Position)].Text}, then {reading.Text}"));
            }
        }
    }

    private static string Some(List<long> values) =>
        string.Join(", ", values.Take(20)) + (values.Count > 20 ? " ..." : "");
}
