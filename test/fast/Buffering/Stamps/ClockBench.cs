using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Fast.Buffering.Contract;
using Sluice.Hal;
using Sluice.Plant.Clock;
using Sluice.Plant.Disk;

namespace Sluice.Fast.Buffering.Stamps;

/// <summary>
/// The stores of an agent on a simulated disk and a simulated clock, and somebody who hands their readings to a link:
/// he remembers what he sent, and whatever he is given under the same key later must be the same.
/// </summary>
internal sealed class ClockBench
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private readonly Dictionary<(StoreId Store, long Position), StoredReading> sent = [];
    private readonly Dictionary<(StoreId Store, long Position), DateTime> right = [];
    private readonly List<(StoreId Store, long Position)> order = [];
    private long number;
    private int stores;

    public ClockBench(DateTimeOffset? wall = null, bool isSynchronised = false)
    {
        Machine = new SimulatedMachine(wall ?? Start, isSynchronised);
        Stores = Open();
    }

    public SimulatedMachine Machine { get; }

    public SimulatedDisk Disk { get; private set; } = new();

    public StoreSwitch Stores { get; private set; }

    public IReadOnlyList<(StoreId Store, long Position)> Sent => order;

    public StoreView View => Stores.View.Stores[^1];

    /// <summary>The true time when the machine began, whatever its wall clock said.</summary>
    public DateTimeOffset Truth { get; private set; } = Start;

    public void Advance(TimeSpan by)
    {
        Machine.Advance(by);
        Truth += by;
    }

    public void Append(int count)
    {
        var readings = new Reading[count];
        for (var i = 0; i < count; i++)
        {
            Advance(TimeSpan.FromMilliseconds(7));
            readings[i] = NumberedReadings.At(++number) with
            {
                SourceTimestamp = Reading.Stamp(Machine),
                MonotonicMilliseconds = Reading.Monotonic(Machine),
            };
            var writing = View;
            right[(writing.Store, writing.Next + Stores.Uncommitted + i)] = Truth.UtcDateTime;
        }

        Stores.Append(readings);
    }

    /// <summary>The link gets what the stores give from a position on. Fails where a key has other bytes.</summary>
    public int Send(StoreId store, long from, int count)
    {
        var batch = new StoredBatch();
        if (Stores.Peek(store, from, count, batch) is not null)
        {
            return 0;
        }

        foreach (var reading in batch.Readings)
        {
            Require(!reading.IsProvisional, $"{reading.Position} was handed out although its time may change");
            Hand(store, reading);
        }

        return batch.Count;
    }

    public void SendBirth()
    {
        foreach (var present in Stores.Present())
        {
            Hand(present.Store, present.Reading);
        }
    }

    /// <summary>The clock of the machine is set to the truth by its time service.</summary>
    public void Synchronise()
    {
        Machine.Step(Truth - Machine.GetUtcNow());
        Machine.Synchronised = true;
    }

    /// <summary>The process dies; what it wrote is in the page cache.</summary>
    public void Kill()
    {
        Disk.ReleaseLock();
        Disk.FailsAfter = null;
        Disk.Mood = DiskMood.Works;
        Stores = Open();
    }

    /// <summary>A kill in the same boot: the agent is started on what it had written so far.</summary>
    public void KillOver(SimulatedDisk left)
    {
        Disk = left;
        Stores = Open();
    }

    public void CutPower(SimulatedDisk after, TimeSpan off, TimeSpan wallBehind, bool isSynchronised)
    {
        Disk = after;
        Truth += off;
        Machine.Reboot(Truth - wallBehind, isSynchronised);
        Stores = Open();
    }

    public void Stop()
    {
        Stores.Close();
        Stores.Dispose();
    }

    public void StartAgain() => Stores = Open();

    /// <summary>Everything that was sent of what is still held is sent again: a replay.</summary>
    public void Replay()
    {
        foreach (var store in Stores.View.Stores)
        {
            Send(store.Store, store.First, int.MaxValue);
        }
    }

    /// <summary>What comes out with a good time has the right one.</summary>
    public void CheckTimes(Func<(StoreId Store, long Position), bool>? but = null)
    {
        foreach (var (key, reading) in sent)
        {
            if (reading.Clock.IsSet && but?.Invoke(key) != true && right.TryGetValue(key, out var time))
            {
                var off = (reading.SourceTimestamp - time).Duration();
                Require(off < TimeSpan.FromMilliseconds(500), $"{key.Position} is off by {off}");
            }
        }
    }

    public StoredReading this[long position] => sent[(View.Store, position)];

    /// <summary>The same somebody as he was when he had sent so much, before a new machine.</summary>
    public ClockBench Copy(int sentCount)
    {
        var copy = new ClockBench { Truth = Truth, number = number, stores = stores };
        foreach (var key in order.Take(sentCount))
        {
            copy.sent.Add(key, sent[key]);
            copy.order.Add(key);
        }

        return copy;
    }

    private void Hand(StoreId store, in StoredReading reading)
    {
        if (sent.TryAdd((store, reading.Position), reading))
        {
            order.Add((store, reading.Position));
            return;
        }

        var before = sent[(store, reading.Position)];
        Require(
            before.Signal == reading.Signal && before.Value == reading.Value && before.Quality == reading.Quality
            && before.SourceTimestamp == reading.SourceTimestamp,
            $"position {reading.Position} came first as {before} and now as {reading}");
    }

    private StoreSwitch Open()
    {
        var opened = new StoreSwitch(
            cut => DiskStore.Open(Disk.Open, SomeStores.Options() with { NewStore = NewId, DurableBelow = cut }), NewId,
            Machine, Machine, TimeSpan.FromSeconds(1));
        opened.Open();
        return opened;
    }

    private StoreId NewId() => SomeStores.Id(++stores);

    private static void Require(bool right, string sentence)
    {
        if (!right)
        {
            throw new InvalidOperationException(sentence);
        }
    }
}
