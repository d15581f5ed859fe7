using Sluice.Agent.Buffering;
using Xunit;

namespace Sluice.Fast.Buffering.Contract;

public sealed class MemoryBufferTests
{
    [Fact]
    public void A_mebibyte_holds_a_hundred_thousand_readings_and_gives_them_back_digit_for_digit()
    {
        const int count = 100_000;
        using var buffer = new MemoryBuffer(NumberedReadings.Store, 1 << 20);
        for (var number = 1; number <= count; number += 500)
        {
            buffer.Append(NumberedReadings.Some(number, 500));
            buffer.Commit();
        }

        Assert.Equal(count, buffer.View.Waiting);
        Assert.InRange(buffer.View.SizeBytes, count, 1 << 20);
        var batch = new StoredBatch();
        buffer.Peek(1, count, batch);
        Assert.Equal(count, batch.Count);
        Assert.All(batch.Readings, reading => Assert.Equal(NumberedReadings.Stored(reading.Position), reading));
    }

    [Fact]
    public void A_reading_is_handed_out_the_same_before_and_after_its_block_was_encoded()
    {
        using var buffer = new MemoryBuffer(NumberedReadings.Store, 1 << 20);
        buffer.Append([NumberedReadings.At(1) with { SourceTimestamp = NumberedReadings.Noon.AddTicks(12_345) }]);
        buffer.Commit();
        var before = new StoredBatch();
        buffer.Peek(1, 1, before);

        buffer.Append(NumberedReadings.Some(2, 2_000));
        buffer.Commit();

        var after = new StoredBatch();
        buffer.Peek(1, 1, after);
        Assert.Equal(before.Readings[0], after.Readings[0]);
    }
}
