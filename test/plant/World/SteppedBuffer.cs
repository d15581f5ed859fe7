using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Agent.Buffering.Loop;
using Sluice.Hal;
using Sluice.Plant.Disk;

namespace Sluice.Plant.World;

/// <summary>
/// The buffer's loop, stepped: the same <see cref="BufferWork"/> as in the agent, one command of its inlet at a time.
/// The sealing of a full journal goes on beside it, a piece some time after the other.
/// </summary>
internal sealed class SteppedBuffer : IDisposable
{
    private readonly Queue<Action> inlet = new();
    private readonly StoreSwitch stores;
    private readonly BufferWork work;
    private readonly WorldClock clock;
    private readonly PlantBooks books;
    private readonly Seams seams;
    private readonly Random random;
    private SealStep? sealing;
    private TimeSpan sealedAt;
    private int sincePublished;

    public SteppedBuffer(WorldSettings settings, WorldClock clock, PlantBooks books, Func<IStorage> openDisk,
        Random random)
    {
        this.clock = clock;
        this.books = books;
        this.random = random;
        seams = settings.Seams;
        stores = new StoreSwitch(
            cut => DiskStore.Open(openDisk, new DiskStoreOptions
            {
                SizeBytesMax = settings.SizeBytesMax,
                NewStore = NewStore,
                DurableBelow = cut,
            }),
            NewStore,
            clock,
            seams.Host(clock),
            settings.CommitEvery,
            volatileBytesMax: settings.VolatileBytesMax);
        work = new BufferWork(stores, seams.CommitEvery(settings.CommitEvery), seams.Clock(clock));
        stores.Open();
        View = Look();

        StoreId NewStore()
        {
            Span<byte> id = stackalloc byte[16];
            random.NextBytes(id);
            return new StoreId(new Guid(id));
        }
    }

    /// <summary>What the loop has published last.</summary>
    public BufferView View { get; private set; }

    public int InletCount => inlet.Count;

    /// <summary>Called when <see cref="View"/> is another.</summary>
    public Action Changed { get; set; } = () => { };

    public TimeSpan DueAt => work.UntilDue is { } due ? clock.Now + due : TimeSpan.MaxValue;

    public TimeSpan SealDueAt => work.SealStep is not { IsDone: false } step ? TimeSpan.MaxValue
        : step == sealing ? sealedAt : clock.Now;

    public void Append(ReadOnlySpan<Reading> readings)
    {
        var copy = readings.ToArray();
        inlet.Enqueue(() =>
        {
            books.Appended(copy);
            work.Append(seams.Appended(copy));
        });
    }

    public void Acknowledge(StoreId store, PositionRange range) => inlet.Enqueue(() => work.Acknowledge(store, range));

    public void Peek(StoreId store, long from, int readingsMax, StoredBatch into, Action<StorageFault?> reply) =>
        inlet.Enqueue(() =>
        {
            books.AsksFor(store, from, readingsMax);
            var fault = work.Peek(store, from, readingsMax, into);
            ObserveIfNews(store, into.Count > 0 ? into.Readings[^1].Position : 0);
            seams.Peeked(store, into);
            books.HandedOut(store, into.Readings);
            reply(fault);
        });

    public void Present(Action<IReadOnlyList<PresentReading>> reply) => inlet.Enqueue(() =>
    {
        books.AsksForPresent();
        var present = work.Present();
        foreach (var last in present)
        {
            ObserveIfNews(last.Store, last.Reading.Position);
            books.HandedOut(last.Store, [last.Reading]);
        }

        reply(present);
    });

    /// <summary>Does one command, or what is due. False where there is nothing to do.</summary>
    public bool Step()
    {
        if (!inlet.TryDequeue(out var command))
        {
            if (DueAt > clock.Now)
            {
                return false;
            }
        }
        else
        {
            command();
        }

        work.DoWhatIsDue();
        if (inlet.Count == 0 || ++sincePublished >= 64)
        {
            sincePublished = 0;
            if (work.TakeChanged())
            {
                View = Look();
                Changed();
            }
        }

        return true;
    }

    /// <summary>What the thread pool does in the agent. False where nothing is to be sealed, or not yet.</summary>
    public bool Seal()
    {
        if (work.SealStep is not { IsDone: false } step)
        {
            return false;
        }

        if (step != sealing)
        {
            sealing = step;
            sealedAt = clock.Now + TimeSpan.FromMilliseconds(random.Next(200));
        }

        if (sealedAt > clock.Now)
        {
            return false;
        }

        step.Run();
        inlet.Enqueue(() => { });
        return true;
    }

    /// <summary>A clean stop: what is in the inlet is stored, committed and closed.</summary>
    public void Stop()
    {
        while (inlet.Count > 0)
        {
            Step();
        }

        stores.Close();
        View = Look();
    }

    public void Dispose() => stores.Dispose();

    /// <summary>A commit on the way to the link made more durable than the last view shows.</summary>
    private void ObserveIfNews(StoreId store, long position)
    {
        if (!books.Knows(store, position))
        {
            books.Observe(work.View);
        }
    }

    private BufferView Look()
    {
        var view = work.View;
        books.Observe(view);
        return seams.View(view);
    }
}
