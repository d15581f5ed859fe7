using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Plant.Disk;

namespace Sluice.Fast.Buffering.Contract;

/// <summary>
/// A buffer re-implemented as plainly as possible, and the real one beside it: after every action both must say the
/// same. Positions are looked up in a list of what was appended; where the real store had to skip some (a torn commit)
/// it has to name them.
/// </summary>
internal sealed class BufferModel : IDisposable
{
    private readonly SimulatedDisk? recorded;
    private readonly Dictionary<(StoreId Store, long Position), long> durable = [];
    private readonly Dictionary<StoreId, HashSet<long>> acknowledged = [];
    private readonly List<long> pending = [];
    private readonly HashSet<StoreId> ended = [];
    private SimulatedDisk disk = new();
    private IReadingBuffer buffer;
    private ModelClock clock = new();
    private SimulatedDisk? backup;
    private ModelClock backupClock = new();
    private StoreId backupStore;
    private long backupNext;
    private long number = 1;
    private int stores = 1;

    private BufferModel(bool onDisk)
    {
        recorded = onDisk ? disk : null;
        buffer = onDisk ? OpenDisk() : new MemoryBuffer(SomeStores.Id(0), 1 << 20);
    }

    public static BufferModel OnDisk() => new(true);

    public static BufferModel InMemory() => new(false);

    private bool IsOnDisk => recorded is not null;

    private HashSet<long> Acknowledged =>
        acknowledged.TryGetValue(buffer.Store, out var set) ? set : acknowledged[buffer.Store] = [];

    public void Do(int action, int amount, int where)
    {
        switch (action)
        {
            case 0 or 1:
                Append(amount, late: where % 4 == 0);
                break;
            case 2 or 3:
                Commit();
                break;
            case 4:
                Acknowledge(amount, where);
                break;
            case 5 when IsOnDisk:
                Reopen();
                break;
            case 6 when IsOnDisk:
                Kill();
                break;
            case 7 when IsOnDisk:
                TearWrite(amount, where);
                break;
            case 8 when IsOnDisk:
                FillDisk(amount);
                break;
            case 9 when IsOnDisk:
                BackUpOrCopyBack();
                break;
            case 10 when buffer is DiskStore store:
                store.SealStep?.Run();
                store.Proceed();
                break;
            case 11:
                StepClock(amount, where);
                break;
            case 12:
                HandOut(amount, where);
                break;
        }

        Compare(where);
    }

    public void Dispose() => buffer.Dispose();

    /// <param name="amount">How many.</param>
    /// <param name="late">The first half was read before the clock was last set.</param>
    private void Append(int amount, bool late = false)
    {
        var before = late && clock.Before.Boot == clock.Clock.Boot ? amount / 2 : 0;
        foreach (var (count, by) in new[] { (before, clock.Before), (amount - before, clock.Clock) })
        {
            for (var i = 0; i < count; i++)
            {
                clock.Append(buffer.Next + i, by);
                pending.Add(number + i);
            }

            buffer.Append(NumberedReadings.SomeHeavy(number, count), by);
            number += count;
        }

        Observe();
    }

    /// <summary>Somebody sets the clock, or the time service does; the buffer hears of it at once.</summary>
    private void StepClock(int amount, int where)
    {
        if (where % 3 == 0)
        {
            clock.SetByHand(1 + (amount % 50));
        }
        else
        {
            clock.Synchronise();
        }

        Observe();
    }

    private void Observe()
    {
        clock.Observe();
        if (buffer.AwaitsClock)
        {
            buffer.Observe(clock.Clock);
        }
    }

    /// <summary>These go to the link: from then on they stay as they are.</summary>
    private void HandOut(int amount, int where)
    {
        if (buffer.Durable > 1)
        {
            var from = 1 + (where % (buffer.Durable - 1));
            var range = new PositionRange(from, Math.Min(buffer.Durable - 1, from + amount));
            buffer.Release(range);
            clock.HandOut(range);
            Commit();
        }
    }

    private void Commit()
    {
        var from = buffer.Durable;
        Require(buffer.Commit() is null, "a commit failed on a disk that works");
        Require(buffer.Durable == from + pending.Count, "a commit did not make everything durable");
        BecomeDurable(from, pending.Count);
        clock.Commit();
    }

    private void BecomeDurable(long from, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Require(durable.TryAdd((buffer.Store, from + i), pending[i]), $"position {from + i} was given twice");
        }

        pending.RemoveRange(0, count);
    }

    private void Acknowledge(int amount, int where)
    {
        if (buffer.Durable > 1)
        {
            var from = 1 + (where % (buffer.Durable - 1));
            var to = Math.Min(buffer.Durable - 1, from + amount);
            buffer.Acknowledge(new PositionRange(from, to));
            for (var position = Math.Max(from, buffer.First); position <= to; position++)
            {
                Acknowledged.Add(position);
            }
        }
    }

    /// <summary>A clean stop: acknowledgements are committed.</summary>
    private void Reopen()
    {
        Commit();
        buffer.Dispose();
        buffer = OpenDisk();
        Observe();
    }

    /// <summary>kill -9: what was not committed is gone, and so may acknowledgements be.</summary>
    private void Kill()
    {
        pending.Clear();
        disk.ReleaseLock();
        buffer = OpenDisk();
        clock.Reopen(Read);
        Observe();
        ForgetUnwritten();
    }

    /// <summary>The disk dies in the middle of a commit, and the power goes.</summary>
    private void TearWrite(int operations, int seed)
    {
        var from = buffer.Durable;
        var store = buffer.Store;
        disk.FailsAfter = operations % 4;
        if (buffer.Commit() is null)
        {
            clock.Commit();
        }

        BecomeDurable(from, (int)(buffer.Durable - from));
        var (after, _) = new PowerCut(disk.Operations).Before(disk.Operations.Count, new Random(seed));
        Replace(after.Resume());
        var known = from + durable.Keys.Count(key => key.Store == store && key.Position >= from);
        if (buffer.Store != store)
        {
            Require(durable.Keys.All(key => key.Store != store), "a store with durable readings got a new id");
        }

        // What was being written may have arrived; nobody was told that it had.
        var more = buffer.Store == store ? buffer.Durable - known : 0;
        var batch = new StoredBatch();
        buffer.Peek(known, int.MaxValue, batch);
        foreach (var arrived in more > 0 ? batch.Readings : [])
        {
            durable.Add((store, arrived.Position), pending[(int)(arrived.Position - known)]);
        }

        pending.Clear();
        clock.Reopen(position => buffer.Store == store ? Read(position) : null);
        clock.Reboot(hours: 1 + (seed % 100));
        Observe();
        ForgetUnwritten();
    }

    /// <summary>
    /// Somebody else fills the disk for a while: what is allocated still takes readings, or says that it does not.
    /// </summary>
    private void FillDisk(int amount)
    {
        disk.Mood = DiskMood.Full;
        Append(amount);
        var from = buffer.Durable;
        var fault = buffer.Commit();
        BecomeDurable(from, (int)(buffer.Durable - from));
        Require(fault is not null || pending.Count == 0, "a commit said that it worked and did not");
        disk.Mood = DiskMood.Works;
        if (fault is null)
        {
            clock.Commit();
        }
        else
        {
            var store = buffer.Store;
            var cut = (store, buffer.Durable);
            pending.Clear();
            buffer.Dispose();
            buffer = OpenDisk(cut);
            Require(buffer.Store == store && buffer.Durable == cut.Durable, "a full disk cost more than new readings");
            clock.Reopen(Read);
            Observe();
            ForgetUnwritten();
        }
    }

    /// <summary>The directory is copied away; some time later the copy is put back.</summary>
    private void BackUpOrCopyBack()
    {
        if (backup is null)
        {
            Commit();
            (backup, backupStore, backupNext) = (disk.CopyOfEverything(), buffer.Store, buffer.Durable);
            backupClock = clock.Copied();
            return;
        }

        var before = buffer.Store;
        pending.Clear();
        Replace(backup.Resume());
        backup = null;
        clock.Forget();
        Require(buffer.Store != before && buffer.Store != backupStore, "a copied-back directory kept its store id");
        ended.Add(before);
        ended.Add(backupStore);
        if (durable.Keys.Any(key => key.Store == backupStore && key.Position < backupNext))
        {
            var older = ((DiskStore)buffer).Older.FirstOrDefault(life => life.Store == backupStore);
            Require(older is not null, "what the copy holds is not served");
            Require(older!.Durable == backupNext, "the copy's life has another end");
            CompareReadings(older, older.First, 200, backupClock);
        }
    }

    private void Replace(SimulatedDisk by)
    {
        disk = by;
        buffer = OpenDisk();
    }

    private DiskStore OpenDisk((StoreId Store, long Position)? cut = null)
    {
        var options = SomeStores.Options() with { NewStore = () => SomeStores.Id(stores++), DurableBelow = cut };
        var opening = DiskStore.Open(disk.Open, options);
        Require(opening.Store is not null, "it did not open: " + opening.Fault?.Sentence);
        return opening.Store!;
    }

    /// <summary>After a crash an acknowledgement may be gone (a second delivery), but none may have appeared.</summary>
    private void ForgetUnwritten()
    {
        var kept = new PositionRanges(int.MaxValue);
        buffer.View.Acknowledged.ToList().ForEach(range => kept.Add(range));
        Require(
            buffer.View.Acknowledged.All(range => Positions(range).All(Acknowledged.Contains)),
            "something is acknowledged that nobody acknowledged");
        Acknowledged.RemoveWhere(position => !kept.Contains(position));
    }

    private void Compare(int where)
    {
        var view = buffer.View;
        Require(!ended.Contains(buffer.Store), "a store that ended came back");
        Require(buffer.Next == buffer.Durable + pending.Count, "next is not behind what is pending");
        Acknowledged.RemoveWhere(position => position < view.First);
        Require(
            view.Acknowledged.Sum(range => range.Count) == Acknowledged.Count
            && view.Acknowledged.All(range => Positions(range).All(Acknowledged.Contains)),
            "other positions are acknowledged");
        var held = durable.Keys.Count(key => key.Store == buffer.Store && key.Position >= view.First);
        Require(view.Waiting == held - Acknowledged.Count(p => durable.ContainsKey((buffer.Store, p))),
            "waiting is wrong");
        foreach (var drop in view.Drops)
        {
            // What nobody had been told of: a torn commit, or its first frames where a later one is whole.
            Require(
                drop.Range.To < view.First || drop.Reason is DropReason.Torn or DropReason.Corrupt
                    && !Positions(drop.Range).Any(position => durable.ContainsKey((buffer.Store, position))),
                $"dropped without need: {drop}");
        }

        Require(view.Corrections.All(clock.Corrects), "a correction that nobody made stands in the ledger");
        CompareReadings(buffer, view.First, 20, clock);
        CompareReadings(buffer, Math.Max(1, view.Next - 30), 100, clock);
        CompareReadings(buffer, 1 + (where % view.Next), 40, clock);
    }

    private StoredReading? Read(long position)
    {
        var batch = new StoredBatch();
        Require(buffer.Peek(position, 1, batch) is null, "it cannot be read");
        return batch.Count > 0 && batch.Readings[0].Position == position ? batch.Readings[0] : null;
    }

    private void CompareReadings(IReadingBuffer from, long position, int readingsMax, ModelClock stamped)
    {
        var batch = new StoredBatch();
        Require(from.Peek(position, readingsMax, batch) is null, "it cannot be read");
        var expected = Math.Max(position, from.First);
        foreach (var reading in batch.Readings)
        {
            for (; expected < reading.Position; expected++)
            {
                Require(!durable.ContainsKey((from.Store, expected)), $"position {expected} is missing");
            }

            Require(durable.TryGetValue((from.Store, reading.Position), out var known),
                $"{reading.Position} was never durable");
            Require(
                stamped.Allows(reading, NumberedReadings.HeavyStored(known) with { Position = reading.Position }),
                $"position {reading.Position} is wrong: {reading with { Value = default }}");
            expected++;
        }

        if (batch.Count < readingsMax)
        {
            for (; expected < from.Durable; expected++)
            {
                Require(!durable.ContainsKey((from.Store, expected)), $"position {expected} is missing at the end");
            }
        }
    }

    private static IEnumerable<long> Positions(PositionRange range)
    {
        for (var position = range.From; position <= range.To; position++)
        {
            yield return position;
        }
    }

    private static void Require(bool right, string sentence)
    {
        if (!right)
        {
            throw new InvalidOperationException(sentence);
        }
    }
}
