using System.Globalization;
using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Hal;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using static Sluice.Plant.World.WorldFaultException;

namespace Sluice.Plant.World;

/// <summary>
/// The world's own account of every reading, kept outside of the product: what the devices gave, under which position
/// it became durable, what the broker took, what reached the MES. What can be judged at once is
/// judged at once; <see cref="Settle"/> judges the end.
/// </summary>
internal sealed class PlantBooks(WorldClock clock, ClockBook clocks, PacingBook pacing, TimeSpan lossWindow)
{
    private readonly Dictionary<StoreId, StoreBook> stores = [];
    private readonly Queue<GivenReading> pending = new();
    private readonly List<GivenReading> moved = [];
    private readonly HashSet<StoreId> seenThisRun = [];
    private StoreId writing;

    public IEnumerable<StoreBook> Stores => stores.Values;

    public long Given { get; private set; }

    public long Arrived { get; private set; }

    /// <summary>Readings younger than the loss window when the power went.</summary>
    public long LostInWindow { get; private set; }

    /// <summary>Readings that memory had no room for while the disk failed.</summary>
    public long DroppedFromMemory { get; private set; }

    /// <summary>Readings that were in memory, because the disk failed, when the process ended.</summary>
    public long LostWithMemory { get; private set; }

    public void Appended(ReadOnlySpan<Reading> readings)
    {
        foreach (ref readonly var reading in readings)
        {
            pending.Enqueue(new GivenReading(reading, clock.Now, clocks.ReadAt(reading)));
            Given++;
        }
    }

    /// <summary>What the buffer is now; the first one after a start may show what a power cut left of a commit.
    /// </summary>
    public void Observe(BufferView view)
    {
        foreach (var store in view.Stores)
        {
            if (!stores.ContainsKey(store.Store))
            {
                stores.Add(store.Store, new StoreBook(store.Store, store.IsVolatile));
            }

            Observe(store);
        }

        var current = view.Stores[^1];
        if (current.IsVolatile && stores.TryGetValue(writing, out var before) && !before.IsVolatile)
        {
            (before.Ghosts, before.GhostsMoved) = ([.. moved], true);
        }
        else if (!current.IsVolatile)
        {
            stores[current.Store].Ghosts = [];
        }

        moved.Clear();
        writing = current.Store;
    }

    /// <summary>The power could go now: nothing that waits is older than the loss window.</summary>
    public void CheckWindow()
    {
        if (pending.TryPeek(out var oldest))
        {
            var age = clock.Now - oldest.At;
            Require(age <= lossWindow, Checker.NothingLost,
                () => $"a reading was not durable {age.TotalSeconds:0.000} s after it was taken");
        }
    }

    /// <summary>The process is gone: by its own will, killed, or with the power.</summary>
    public void Ended(bool cleanly)
    {
        CheckWindow();
        Require(!cleanly || pending.Count == 0, Checker.NothingLost,
            () => $"{pending.Count} readings were not durable at a clean stop");

        foreach (var book in stores.Values.Where(book => book.IsVolatile && !book.Died))
        {
            book.Died = true;
            LostWithMemory += Missing(book);
        }

        if (stores.TryGetValue(writing, out var disk) && !disk.IsVolatile)
        {
            (disk.Ghosts, disk.GhostsMoved) = ([.. pending], false);
        }

        LostInWindow += pending.Count;
        pending.Clear();
        seenThisRun.Clear();
        clocks.Ended();
        writing = default;
    }

    /// <summary>The publisher asks for these: what of them has no set clock may have to stay as it is.</summary>
    public void AsksFor(StoreId store, long from, int count)
    {
        if (stores.TryGetValue(store, out var book))
        {
            var first = Math.Max(from, book.First);
            for (var position = first; book.HasNotSet && position < first + count && position < book.Next; position++)
            {
                book.FateOf(position)?.Asked(clock.Now);
            }
        }
    }

    public bool Knows(StoreId store, long position) =>
        position == 0 || (stores.TryGetValue(store, out var book) && position < book.Next);

    /// <summary>A birth asks for the last reading of each signal.</summary>
    public void AsksForPresent()
    {
        foreach (var book in stores.Values.Where(book => !book.Died))
        {
            foreach (var position in book.Newest)
            {
                book.FateOf(position)?.Asked(clock.Now);
            }
        }
    }

    /// <summary>The buffer handed this out to be published.</summary>
    public void HandedOut(StoreId store, IEnumerable<StoredReading> readings)
    {
        foreach (var reading in readings)
        {
            var known = stores.TryGetValue(store, out var book) && book[reading.Position] is not null;
            Require(known, Checker.Positions,
                () => $"position {reading.Position} was handed out and is not durable");
            book!.FateOf(reading.Position)?.Handed(clock.Now);
        }
    }

    /// <summary>The broker answered with success.</summary>
    public void TakenByBroker(StoreId store, PositionRange range) =>
        stores[store].Taken.Add(new Positions(range.From, range.To));

    public void LostByBroker(StoreId store, PositionRange range) =>
        stores[store].LostByBroker.Add(new Positions(range.From, range.To));

    /// <summary>The gateway says that these may be forgotten.</summary>
    public void Acknowledged(StoreId store, PositionRange range)
    {
        var asked = new Positions(range.From, range.To);
        Require(stores.TryGetValue(store, out var book) && !book.Taken.Missing(asked).Any(), Checker.NothingLost,
            () => $"{range} was acknowledged and the broker never took all of it");
    }

    /// <summary>The MES heard a ledger.</summary>
    public void Hears(LedgerMessage ledger)
    {
        clocks.Hears(ledger);
        pacing.Hears(ledger);
    }

    /// <summary>A reading reached the MES for the first time, as its message has it.</summary>
    public void Arrives(DataMessage message, MesReading reading)
    {
        Arrived++;
        var known = stores.TryGetValue(StoreId.Parse(message.Store), out var book);
        Require(known && book![reading.Position] is not null, Checker.Positions,
            () => $"position {reading.Position} of {message.Store} arrived and was never durable");
        var whole = book![reading.Position]!.Value;
        var given = whole.Reading;
        Require(given.Signal.Name == reading.Signal && IsSameValue(given.Value, reading), Checker.Values,
            () => $"position {reading.Position} is {given.Signal.Name} {given.Value} {given.Quality} of "
                + $"{given.SourceTimestamp:O} and arrived as {reading}");
        pacing.Arrives(message.Historical, whole.At);
        clocks.Judge(whole, book.FateOf(reading.Position), message.Store, reading);
        book.Arrived.Add(reading.Position);
    }

    /// <summary>
    /// Readings that nothing explains yet: neither arrived, nor dropped by the ledger, nor lost by somebody else.
    /// </summary>
    public long Outstanding => pending.Count + stores.Values.Where(book => !book.Died).Sum(Missing);

    /// <summary>The end: whatever is missing has a reason that the MES was told.</summary>
    public void Settle(GatewayStream stream)
    {
        clocks.Settle(stream.Ledger);
        Require(pending.Count == 0, Checker.Liveness, () => $"{pending.Count} readings never became durable");
        foreach (var book in stores.Values.Where(book => !book.Died))
        {
            var missing = Holes(book).FirstOrDefault();
            Require(missing.From == 0, Checker.NothingLost, () => $"{missing} of {book.Store} never arrived");
            if (!stream.Stores.TryGetValue(book.Store.ToString(), out var store) || store.Account is null)
            {
                Require(book.Next == 1 || stream.StoresForgotten > 0, Checker.Ledger,
                    () => $"no ledger ever named {book.Store}, which had {book.Next - 1} positions, of which "
                        + $"{book.Arrived.Count} arrived ({stream.Stores.Count} stores are known)");
                continue;
            }

            var silent = book.Arrived.Missing(new Positions(store.Account.Next, book.Next - 1))
                .SelectMany(book.LostByBroker.Missing).FirstOrDefault();
            Require(silent.From == 0, Checker.Ledger, () => $"no ledger got as far as {silent} of {book.Store}");
            var gap = store.OpenGaps().SelectMany(book.LostByBroker.Missing).FirstOrDefault();
            Require(gap.From == 0, Checker.Ledger, () => $"no ledger explains {gap} of {book.Store}");
        }
    }

    private static long Missing(StoreBook book) => Holes(book).Sum(hole => hole.Count);

    private static IEnumerable<Positions> Holes(StoreBook book) =>
        from hole in book.Arrived.Missing(new Positions(1, book.Next - 1))
        from kept in book.LostByBroker.Missing(hole)
        from left in book.Dropped.Missing(kept)
        select left;

    private void Observe(StoreView view)
    {
        var book = stores[view.Store];
        Require(view.Next >= book.Next, Checker.Positions,
            () => $"next of {view.Store} went back from {book.Next} to {view.Next}: positions are given again");
        if (view.IsVolatile)
        {
            DroppedFromMemory += Math.Max(0, view.DroppedCount - book.DroppedCount);
            book.DroppedCount = view.DroppedCount;
        }

        foreach (var drop in view.Drops)
        {
            book.Dropped.Add(new Positions(drop.Range.From, drop.Range.To));
        }

        book.First = view.First;

        // What a store has when it is first seen in a run was left behind by the run before. Memory leaves nothing.
        var found = seenThisRun.Add(view.Store) && !view.IsVolatile;
        while (book.Next < view.Next)
        {
            if (found)
            {
                Find(book);
            }
            else
            {
                Become(book);
            }
        }
    }

    /// <summary>One more position is durable: the next reading that waits.</summary>
    private void Become(StoreBook book)
    {
        Require(pending.Count > 0, Checker.Positions, () => $"position {book.Next} is durable and was never given");
        var reading = pending.Dequeue();
        book.Give(reading, clocks.IsNotSet(reading.ReadAt));
        if (book.IsVolatile)
        {
            moved.Add(reading);
        }
    }

    /// <summary>A position that a power cut left behind: of a commit that nobody was told of, or skipped.</summary>
    private void Find(StoreBook book)
    {
        if (book.Dropped.Contains(book.Next))
        {
            book.Skip();
            return;
        }

        Require(book.Ghosts.Count > 0, Checker.Positions,
            () => $"position {book.Next} is durable and was never given");
        book.Give(book.Ghosts[0], clocks.IsNotSet(book.Ghosts[0].ReadAt));
        book.Ghosts.RemoveAt(0);
        LostInWindow -= book.GhostsMoved ? 0 : 1;
    }

    private static bool IsSameValue(SignalValue value, in MesReading arrived) => value.Kind switch
    {
        ValueKind.None => arrived.ValueKind == JsonValueKind.Null,
        ValueKind.Boolean => arrived.ValueKind == (value.AsBoolean ? JsonValueKind.True : JsonValueKind.False),
        ValueKind.Signed => arrived.Value == value.AsSigned.ToString(CultureInfo.InvariantCulture),
        ValueKind.Unsigned => arrived.Value == value.AsUnsigned.ToString(CultureInfo.InvariantCulture),
        ValueKind.Text => arrived.ValueKind == JsonValueKind.String && arrived.Value == value.AsText,
        ValueKind.Single => float.Parse(arrived.Value, CultureInfo.InvariantCulture) == value.AsSingle,
        _ => double.Parse(arrived.Value, CultureInfo.InvariantCulture) == value.AsDouble,
    };
}
