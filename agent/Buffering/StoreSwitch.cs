using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Configuration;
using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering;

/// <summary>
/// Which store takes new readings, and every store that still holds some. Owned by one loop (BufferLoop).
/// <para>
/// Invariants: there is always a store that takes readings; a reading that was appended ends in exactly one of them;
/// the one being written is last in the view. A storage fault never stops the plant's data: what the disk did not take
/// goes on in memory under a store id of its own, the disk stays readable where it can, is asked again every
/// <see cref="ProbeEvery"/>, and takes over when it can. The memory is kept as long as the process lives and used again
/// when the disk fails again: every ledger names it, and what of it the broker takes and loses can be replayed.
/// </para>
/// </summary>
public sealed class StoreSwitch : IDisposable
{
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(10);

    /// <summary>How far back the last reading of each signal is looked for when the buffer is opened.</summary>
    private const int PresentReadingsMax = 50_000;

    /// <summary>Memory that readings may take while the disk does not take them.</summary>
    public const long VolatileBytesMax = 16 << 20;

    private readonly Func<(StoreId Store, long Position)?, DiskOpening>? openDisk;
    private readonly Func<StoreId> newStore;
    private readonly TimeProvider clock;
    private readonly BufferClock? eye;
    private readonly TimeSpan lossMax;
    private readonly StorageMeter meter;
    private readonly long volatileBytesMax;
    private readonly UncommittedReadings uncommitted = new();
    private readonly PresentReadings present = new();

    private DiskStore? disk;
    private MemoryBuffer? memory;
    private bool writesMemory;
    private StorageFault? fault;
    private long probedAt;

    // Handing out looks at the clock, commits and finds losses: nobody else would tell of it on an idle plant.
    private bool changed;
    private long droppedCount;
    private StorageFault? seenFault;

    private readonly ClosedDisk closed = new();

    /// <param name="openDisk">Opens the disk store; null for memory only. Gets what was durable before a fault.</param>
    /// <param name="newStore">Makes the id of a store in memory.</param>
    /// <param name="clock">Monotonic for the probes; both clocks are looked at where <paramref name="host"/> is
    /// given.</param>
    /// <param name="host">Says whether the clock is set; null where readings' times are taken as they are.</param>
    /// <param name="lossMax">How young a reading may be that is not durable: <c>commitEvery</c>.</param>
    /// <param name="meter">What <paramref name="openDisk"/> counts in, where it counts.</param>
    /// <param name="volatileBytesMax">Memory that readings may take while the disk does not take them.</param>
    public StoreSwitch(
        Func<(StoreId Store, long Position)?, DiskOpening>? openDisk,
        Func<StoreId> newStore,
        TimeProvider clock,
        IHostClock? host = null,
        TimeSpan lossMax = default,
        StorageMeter? meter = null,
        long volatileBytesMax = VolatileBytesMax)
    {
        eye = host is null ? null : new BufferClock(host, clock);
        this.lossMax = lossMax;
        this.volatileBytesMax = volatileBytesMax;
        this.openDisk = openDisk;
        this.newStore = newStore;
        this.clock = clock;
        this.meter = meter ?? new StorageMeter();
    }

    public BufferView View => new(Stores().Select(store => store.View).ToArray(), fault ?? disk?.Fault)
    {
        Record = eye?.Book.View,
        BytesWritten = meter.BytesWritten,
        Syncs = meter.Syncs,
    };

    /// <summary>Readings that were appended and are not durable yet.</summary>
    public int Uncommitted => uncommitted.Count;

    /// <summary>How long until the clock is looked at without any other need; null where nobody watches it.</summary>
    public TimeSpan? UntilLook => eye?.UntilLook;

    /// <summary>The clock is another one than at the last commit: steps and corrections wait to be written.</summary>
    public bool HasClockMoved { get; private set; }

    /// <summary>How long until the disk is asked again; null while it works.</summary>
    public TimeSpan? UntilProbe => fault is null ? null : ProbeEvery - clock.GetElapsedTime(probedAt);

    /// <summary>A piece of the sealing that is to be run, on whatever thread; null where there is none.</summary>
    public SealStep? SealStep => disk?.SealStep;

    private IReadingBuffer Writing => writesMemory ? memory! : disk!;

    /// <summary>The store as the configuration wants it.</summary>
    /// <param name="settings">Where and how large.</param>
    /// <param name="clock">Both clocks.</param>
    /// <param name="host">Says whether the clock is set.</param>
    /// <param name="place">The card or disk under it, asked at each opening: a copied one begins a store of its own.
    /// </param>
    public static StoreSwitch OnDisk(
        BufferSettings settings, TimeProvider clock, IHostClock host, Func<string?>? place = null)
    {
        StoreId NewStore() => new(Guid.CreateVersion7(clock.GetUtcNow()));
        var options = new DiskStoreOptions { SizeBytesMax = settings.SizeBytesMax, NewStore = NewStore };
        var meter = new StorageMeter();
        return new StoreSwitch(
            cut => DiskStore.Open(
                () => new CountedStorage(DirectoryStorage.Open(settings.Directory, place?.Invoke()), meter),
                options with { DurableBelow = cut }),
            NewStore, clock, host, settings.CommitEvery, meter);
    }

    /// <summary>Memory only: for tests, and for trying the agent without a disk.</summary>
    public static StoreSwitch InMemory(StoreId store, long sizeBytesMax) => new(null, () => store, TimeProvider.System)
    {
        memory = new MemoryBuffer(store, sizeBytesMax),
        writesMemory = true,
    };

    public void Open()
    {
        if (openDisk is not null)
        {
            OpenDisk(isFirst: true);
        }

        // What is allocated once is not what a day costs.
        meter.Restart();
        var batch = new StoredBatch();
        Writing.Peek(Math.Max(Writing.First, Writing.Durable - PresentReadingsMax), PresentReadingsMax, batch);
        foreach (var reading in batch.Readings)
        {
            present.Remember(new PresentReading(Writing.Store, reading));
        }

        if (eye is not null)
        {
            eye.Book.Begin(batch.Count > 0 ? batch.Readings[^1] : null, lossMax, isRead: !writesMemory);
            Look();
        }
    }

    /// <summary>Looks at the clock: once it is set, readings that waited for it get the right time.</summary>
    public void Look()
    {
        if (eye is not null && eye.Look())
        {
            changed = HasClockMoved = true;
        }

        foreach (var store in Stores())
        {
            if (eye is not null && store.AwaitsClock)
            {
                store.Observe(eye.Now);
            }
        }
    }

    /// <summary>
    /// Whether <see cref="View"/> may be another than when this was asked before, by what was looked at, handed out or
    /// committed: a step of the clock, a correction, a loss, a fault.
    /// </summary>
    public bool TakeChanged()
    {
        var dropped = Stores().Sum(store => store.DroppedCount);
        var now = fault ?? disk?.Fault;
        var was = changed || dropped != droppedCount || now != seenFault;
        (changed, droppedCount, seenFault) = (false, dropped, now);
        return was;
    }

    public void Append(ReadOnlySpan<Reading> readings)
    {
        Look();
        var from = uncommitted.Count;
        foreach (ref readonly var reading in readings)
        {
            var by = eye?.Of(reading) ?? ReadingClock.Unknown;
            eye?.Book.Recorded(reading.SourceTimestamp, by);
            uncommitted.Add(reading, by);
        }

        AppendUncommitted(from);
    }

    /// <summary>Makes everything appended durable: on disk, or where that fails, as durable as memory is.</summary>
    public void Commit()
    {
        HasClockMoved = false;
        CommitWriting();
        if (fault is not null && !writesMemory)
        {
            GoToMemory();
            AppendUncommitted(0);
            CommitWriting();
        }
    }

    /// <summary>A stop on purpose: everything durable, and the word that it was closed.</summary>
    public void Close()
    {
        Commit();
        if (eye is not null && !writesMemory)
        {
            eye.Close();
            Commit();
        }
    }

    /// <summary>Asks a failed disk again, when it is time. True where something changed.</summary>
    public bool Probe()
    {
        if (UntilProbe is null || UntilProbe > TimeSpan.Zero)
        {
            return false;
        }

        probedAt = clock.GetTimestamp();
        if (disk?.Probe() is { } still)
        {
            fault = still;
            return true;
        }

        // Nothing may be left behind in memory's pending readings.
        CommitWriting();
        CloseDisk();
        OpenDisk(isFirst: false);
        return true;
    }

    /// <summary>
    /// Takes over what <see cref="SealStep"/> found out, where it was run. True where something changed.
    /// </summary>
    public bool Proceed() => disk?.Proceed() ?? false;

    /// <summary>
    /// Readings for the link. What was read before the clock was set may still get another time: it is handed out only
    /// once it is durable that it does not. Where that cannot be made durable, nothing is handed out.
    /// </summary>
    public StorageFault? Peek(StoreId store, long from, int readingsMax, StoredBatch into)
    {
        Look();
        var start = into.Count;
        if (Find(store)?.Peek(from, readingsMax, into) is { } failed)
        {
            return failed;
        }

        if (into.FirstProvisional(start) is not { } first)
        {
            return null;
        }

        Find(store)!.Release(new PositionRange(first, into.Readings[^1].Position));
        CommitWith(store);
        into.CutTo(start);
        var again = Find(store)?.Peek(from, readingsMax, into);
        if (into.FirstProvisional(start) is not null)
        {
            // They are safe where they are, and wait until the disk takes the word for them, or the clock is set.
            into.CutTo(start);
        }

        return again;
    }

    public void Acknowledge(StoreId store, PositionRange range) => Find(store)?.Acknowledge(range);

    /// <summary>For the birth, which goes to the link: as <see cref="Peek"/>.</summary>
    public IReadOnlyList<PresentReading> Present()
    {
        Look();
        return present.Take(Find, CommitWith);
    }

    public void Dispose() => disk?.Dispose();

    private IEnumerable<IReadingBuffer> Stores()
    {
        foreach (var older in disk?.Older ?? [])
        {
            yield return older;
        }

        IReadingBuffer? first = writesMemory ? disk : memory;
        if (first is not null)
        {
            yield return first;
        }

        yield return Writing;
    }

    private IReadingBuffer? Find(StoreId store) => Stores().FirstOrDefault(held => held.Store == store);

    /// <summary>Makes durable what a store knows, wherever it lies.</summary>
    private void CommitWith(StoreId store)
    {
        if (Find(store) is { } held && held.IsVolatile != writesMemory)
        {
            // A store that cannot write is as it was: who waits for another view must not be woken to ask again.
            changed |= held.Commit() is null;
        }
        else
        {
            Commit();
        }
    }

    private void AppendUncommitted(int from)
    {
        uncommitted.AppendTo(Writing, from);
        if (eye is not null && writesMemory)
        {
            uncommitted.NoteInMemory(eye.Book, from);
        }

        // Late ones, read before the clock was set and stored after it.
        if (eye is not null && Writing.AwaitsClock)
        {
            Writing.Observe(eye.Now);
        }
    }

    private void CommitWriting()
    {
        var from = Writing.Durable;
        var failed = Writing.Commit();
        if (!writesMemory)
        {
            fault = failed;
        }

        uncommitted.BecameDurable(Writing, from, present);
        changed = true;
    }

    private void OpenDisk(bool isFirst)
    {
        var opening = openDisk!(closed.DurableBelow);
        disk = opening.Store;
        fault = opening.Fault;
        if (disk is null)
        {
            GoToMemory();
            return;
        }

        disk.Book = eye?.Open(disk.Book, isFirst, () => Last(disk), lossMax) ?? disk.Book;
        writesMemory = false;
        closed.TellAgain(Find);
        if (memory is { Next: 1 })
        {
            memory = null;
        }
    }

    private static StoredReading? Last(DiskStore store)
    {
        var batch = new StoredBatch();
        store.Peek(Math.Max(store.First, store.Durable - 1), 1, batch);
        return batch.Count > 0 ? batch.Readings[^1] : null;
    }

    private void GoToMemory()
    {
        memory ??= new MemoryBuffer(newStore(), volatileBytesMax);
        writesMemory = true;
        probedAt = clock.GetTimestamp();
    }

    private void CloseDisk()
    {
        if (disk is not null)
        {
            closed.Remember(disk);
            disk.Dispose();
            disk = null;
        }
    }
}
