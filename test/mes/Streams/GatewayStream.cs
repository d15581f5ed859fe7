using Sluice.Mes.Schemas;

namespace Sluice.Mes.Streams;

/// <summary>Everything that one gateway sent: its stores, its signals, its own word about itself.</summary>
public sealed class GatewayStream(string name)
{
    private const int StoresMax = 64;
    private const int SignalsMax = 20_000;

    private readonly Dictionary<string, StoreStream> stores = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SignalStream> signals = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    public StatusMessage? Status { get; private set; }

    public BirthMessage? Birth { get; private set; }

    public LedgerMessage? Ledger { get; private set; }

    public PostureMessage? Posture { get; private set; }

    public long Births { get; private set; }

    public long Messages { get; private set; }

    /// <summary>Stores that were complete and had to make room for younger ones.</summary>
    public long StoresForgotten { get; private set; }

    /// <summary>Readings that had not arrived before.</summary>
    public long Readings { get; private set; }

    public long Historical { get; private set; }

    /// <summary>Readings that had arrived before.</summary>
    public long Duplicates { get; private set; }

    /// <summary>
    /// Pieces of history behind younger history: allowed where a broker refused a message and took it later.
    /// </summary>
    public long HistoryOutOfOrder { get; private set; }

    public IReadOnlyDictionary<string, StoreStream> Stores => stores;

    public IReadOnlyDictionary<string, SignalStream> Signals => signals;

    public long Explained => stores.Values.Sum(store => store.Explained);

    /// <summary>Positions that are on their way, or lost.</summary>
    public long OpenGaps => stores.Values.Sum(store => store.OpenGaps().Sum(gap => gap.Count));

    /// <summary>Positions that will not come any more although nothing explains it. Anything but 0 is a bug.</summary>
    public long Lost => stores.Values.Sum(store => store.Lost().Sum(gap => gap.Count));

    internal void Receive(StatusMessage status) => Status = status;

    internal void Receive(PostureMessage posture)
    {
        if (Posture is null || posture.IsNotOlderThan(Posture.Run, Posture.Sent))
        {
            Posture = posture;
        }
    }

    internal void Receive(BirthMessage birth, List<string> faults)
    {
        Birth = birth;
        Births++;
        foreach (var signal in birth.Signals)
        {
            Signal(signal.Name, faults)?.Describe(signal);
        }
    }

    internal void Receive(LedgerMessage ledger, List<string> faults)
    {
        // A ledger that was sent again after a lost connection may come behind a younger one: the younger says all.
        if (Ledger is { } before && before.Run == ledger.Run && ledger.Number <= before.Number)
        {
            return;
        }

        foreach (var account in ledger.Stores)
        {
            if (Store(account.Store, faults) is not { } store)
            {
                continue;
            }

            if (store.Account is { } earlier && account.Next < earlier.Next)
            {
                faults.Add($"ledger: store {account.Store} went back from next {earlier.Next} to {account.Next}");
            }

            store.Judge(account, faults);
        }

        Ledger = ledger;
    }

    internal void Receive(
        DataMessage data, DateTimeOffset now, List<string> faults, Action<DataMessage, MesReading>? arrived)
    {
        Messages++;
        if (Store(data.Store, faults) is not { } store)
        {
            return;
        }

        foreach (var reading in data.Readings)
        {
            if (store.Receive(reading, out var same))
            {
                Readings++;
                Historical += data.Historical ? 1 : 0;
                Take(reading, data, now, faults);
                arrived?.Invoke(data, reading);
                continue;
            }

            Duplicates++;
            if (same is false)
            {
                faults.Add($"data: position {reading.Position} of store {data.Store} came twice with different "
                    + "content");
            }
        }
    }

    private void Take(in MesReading reading, DataMessage data, DateTimeOffset now, List<string> faults)
    {
        if (!data.Historical && Birth is { } birth && !signals.ContainsKey(reading.Signal) && birth.Signals.Count > 0)
        {
            faults.Add($"data: live reading of '{reading.Signal}', which no birth announced");
        }

        if (Signal(reading.Signal, faults) is not { } signal)
        {
            return;
        }

        if (!data.Historical && signal.TypeFault(reading) is { Length: > 0 } fault)
        {
            faults.Add($"data: {fault}");
        }

        if (signal.Receive(reading, data.Store, data.Historical, now))
        {
            return;
        }

        if (data.Historical)
        {
            HistoryOutOfOrder++;
        }
        else
        {
            faults.Add($"data: live position {reading.Position} of '{reading.Signal}' came out of order");
        }
    }

    /// <summary>
    /// Each time a gateway's disk fails there is one more store in memory. One that is complete, and that the gateway
    /// does not speak of any more, is forgotten when its place is needed.
    /// </summary>
    private void ForgetOneComplete()
    {
        var spoken = Ledger?.Stores.Select(account => account.Store).ToHashSet() ?? [];
        if (stores.Values.FirstOrDefault(s => !spoken.Contains(s.Store) && !s.OpenGaps().Any()) is { } complete)
        {
            stores.Remove(complete.Store);
            StoresForgotten++;
        }
    }

    private StoreStream? Store(string id, List<string> faults)
    {
        if (stores.Count >= StoresMax && !stores.ContainsKey(id))
        {
            ForgetOneComplete();
        }

        return KnownStore(id, faults);
    }

    private StoreStream? KnownStore(string id, List<string> faults) =>
        Known(stores, id, static key => new StoreStream(key), StoresMax, "stores", faults);

    private SignalStream? Signal(string signal, List<string> faults) =>
        Known(signals, signal, static key => new SignalStream(key), SignalsMax, "signals", faults);

    private T? Known<T>(
        Dictionary<string, T> known, string key, Func<string, T> make, int most, string what, List<string> faults)
        where T : class
    {
        if (known.TryGetValue(key, out var found))
        {
            return found;
        }

        if (known.Count >= most)
        {
            faults.Add($"gateway '{Name}' has more than {most} {what}");
            return null;
        }

        return known[key] = make(key);
    }
}
