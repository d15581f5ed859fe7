using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Contract;

/// <summary>What every buffer must do. One suite, run against each implementation.</summary>
public abstract class BufferContract
{
    [Fact]
    public void Positions_start_at_one_and_grow_by_one()
    {
        using var buffer = Open();
        Assert.Equal(1, buffer.Next);
        buffer.Append(NumberedReadings.Some(1, 3));
        Assert.Equal(4, buffer.Next);
        Assert.Equal(1, buffer.Durable);
        Assert.Null(buffer.Commit());
        Assert.Equal(4, buffer.Durable);
        Assert.Equal([1L, 2L, 3L], Peek(buffer, 1, 10).Select(r => r.Position));
    }

    [Fact]
    public void Nothing_is_handed_out_before_it_is_durable()
    {
        using var buffer = Open();
        buffer.Append(NumberedReadings.Some(1, 3));
        Assert.Empty(Peek(buffer, 1, 10));
        buffer.Commit();
        buffer.Append(NumberedReadings.Some(4, 3));
        Assert.Equal(3, Peek(buffer, 1, 10).Count);
    }

    [Fact]
    public void What_is_read_is_what_was_appended_digit_for_digit()
    {
        using var buffer = Open();
        var readings = NumberedReadings.Some(1, 5000);
        foreach (var part in readings.Chunk(700))
        {
            buffer.Append(part);
            buffer.Commit();
        }

        var read = Peek(buffer, 1, 10_000);

        Assert.Equal(readings.Length, read.Count);
        for (var i = 0; i < readings.Length; i++)
        {
            Assert.Equal(NumberedReadings.Stored(i + 1), read[i]);
        }
    }

    [Fact]
    public void Acknowledged_readings_stay_readable_and_wait_no_more()
    {
        using var buffer = Open();
        buffer.Append(NumberedReadings.Some(1, 100));
        buffer.Commit();
        buffer.Acknowledge(new PositionRange(11, 20));
        buffer.Acknowledge(new PositionRange(21, 30));
        buffer.Commit();
        Assert.Equal([new PositionRange(11, 30)], buffer.View.Acknowledged);
        Assert.Equal(80, buffer.View.Waiting);
        Assert.Equal(100, Peek(buffer, 1, 1000).Count);
    }

    [Fact]
    public void Acknowledging_what_was_never_handed_out_is_our_own_mistake()
    {
        using var buffer = Open();
        buffer.Append(NumberedReadings.Some(1, 3));
        buffer.Commit();
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Acknowledge(new PositionRange(3, 4)));
    }

    [Fact]
    public void A_full_buffer_drops_its_oldest_readings_and_names_them()
    {
        using var buffer = Open();
        var number = 1L;
        while (buffer.View.DroppedCount == 0 && number < 200_000)
        {
            buffer.Append(NumberedReadings.SomeHeavy(number, 200));
            Assert.Null(buffer.Commit());
            number += 200;
        }

        var view = buffer.View;
        Assert.True(view.First > 1);
        Assert.Equal(view.First - 1, view.Drops.Sum(drop => drop.Count));
        Assert.Equal(view.First - 1, view.DroppedCount);
        Assert.Equal(number - view.First, view.Waiting);
        Assert.Equal(NumberedReadings.HeavyStored(view.First), Peek(buffer, 1, 1)[0]);
    }

    protected abstract IReadingBuffer Open();

    protected static IReadOnlyList<StoredReading> Peek(IReadingBuffer buffer, long from, int readingsMax)
    {
        var batch = new StoredBatch();
        Assert.Null(buffer.Peek(from, readingsMax, batch));
        return batch.Readings;
    }
}

public sealed class MemoryBufferContract : BufferContract
{
    protected override IReadingBuffer Open() => new MemoryBuffer(NumberedReadings.Store, 2 << 20);
}

public sealed class DiskStoreContract : BufferContract
{
    protected override IReadingBuffer Open()
    {
        var opening = DiskStore.Open(new SimulatedDisk(record: false).Open, SomeStores.Options());
        Assert.Null(opening.Fault);
        return opening.Store!;
    }
}
