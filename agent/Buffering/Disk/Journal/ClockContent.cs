using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Time;

namespace Sluice.Agent.Buffering.Disk.Journal;

/// <summary>The sections Clock and Book of a frame (FORMAT.md, Frame).</summary>
internal static class ClockContent
{
    private static readonly long MillisecondsMax = ReadingClock.Milliseconds(DateTime.MaxValue);

    public static void Write(ByteWriter into, StoreId store, ClockRecord record)
    {
        into.Guid(store.Value);
        into.Varint((ulong)record.Stretches.Count);
        foreach (var stretch in record.Stretches)
        {
            Write(into, stretch.Range);
            into.Guid(stretch.Clock.Boot);
            into.Zigzag(stretch.Clock.OffsetMilliseconds);
        }

        into.Byte(record.IsOpen ? (byte)1 : (byte)0);
        FrameContent.WriteRanges(into, record.Released);
        into.Varint((ulong)record.Corrections.Count);
        foreach (var rule in record.Corrections)
        {
            into.Guid(rule.Boot);
            Write(into, rule.Range);
            into.Zigzag(rule.OffsetMilliseconds);
        }
    }

    public static ClockRecord ReadRecord(ref ByteReader reader)
    {
        var stretches = new ClockStretch[reader.Bounded(StoreClock.StretchesMax)];
        for (var i = 0; i < stretches.Length; i++)
        {
            var range = Range(ref reader);
            stretches[i] = new ClockStretch(range, new ReadingClock(reader.Guid(), false, reader.Zigzag()));
        }

        var isOpen = reader.Byte() != 0;
        var released = FrameContent.ReadRanges(ref reader);
        var corrections = new ClockCorrection[reader.Bounded(StoreClock.CorrectionsMax)];
        for (var i = 0; i < corrections.Length; i++)
        {
            corrections[i] = new ClockCorrection(reader.Guid(), Range(ref reader), reader.Zigzag());
        }

        return new ClockRecord(stretches, isOpen, released, corrections);
    }

    public static void Write(ByteWriter into, BookRecord record)
    {
        into.Varint(record.ClosedAt is { } closed ? (ulong)ReadingClock.Milliseconds(closed) : 0);
        into.Byte(record.View.Clock.IsSet ? (byte)1 : (byte)0);
        into.Guid(record.View.Clock.Boot);
        into.Zigzag(record.View.Clock.OffsetMilliseconds);
        into.Varint((ulong)record.View.StepsTotal);
        into.Varint((ulong)record.View.Steps.Count);
        foreach (var step in record.View.Steps)
        {
            into.Varint((ulong)ReadingClock.Milliseconds(step.At));
            into.Guid(step.Boot);
            into.Zigzag(step.OffsetMilliseconds);
            into.Byte(step.IsSet ? (byte)1 : (byte)0);
        }

        into.Varint((ulong)record.View.GapsTotal);
        into.Varint((ulong)record.View.Gaps.Count);
        foreach (var gap in record.View.Gaps)
        {
            into.Varint((ulong)ReadingClock.Milliseconds(gap.From));
            into.Varint((ulong)ReadingClock.Milliseconds(gap.To));
            into.Byte((byte)gap.Reason);
            into.Byte((byte)((gap.IsRebooted ? 1 : 0) | (gap.IsClockNotSet ? 2 : 0)));
            into.Varint((ulong)gap.LossMilliseconds);
        }
    }

    public static BookRecord ReadBook(ref ByteReader reader)
    {
        var closed = ReadTime(ref reader);
        var isSet = reader.Byte() != 0;
        var clock = new ReadingClock(reader.Guid(), isSet, reader.Zigzag());
        var stepsTotal = reader.Position();
        var steps = new ClockStep[reader.Bounded(RecordBook.StepsMax)];
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = new ClockStep(ReadTime(ref reader), reader.Guid(), reader.Zigzag(), reader.Byte() != 0);
        }

        var gapsTotal = reader.Position();
        var gaps = new RecordingGap[reader.Bounded(RecordBook.GapsMax)];
        for (var i = 0; i < gaps.Length; i++)
        {
            var (from, to) = (ReadTime(ref reader), ReadTime(ref reader));
            var reason = (GapReason)reader.Byte();
            var bits = reader.Byte();
            gaps[i] = new RecordingGap(from, to, reason, (bits & 1) != 0, (bits & 2) != 0, reader.Position());
        }

        return new BookRecord(
            closed == default ? null : closed, new RecordView(clock, steps, stepsTotal, gaps, gapsTotal));
    }

    private static void Write(ByteWriter into, PositionRange range)
    {
        into.Varint((ulong)range.From);
        into.Varint((ulong)range.Count);
    }

    private static PositionRange Range(ref ByteReader reader) =>
        FrameContent.Checked(reader.Position(), reader.Position());

    public static DateTime ReadTime(ref ByteReader reader)
    {
        var milliseconds = reader.Position();
        return milliseconds <= MillisecondsMax
            ? new DateTime(milliseconds * TimeSpan.TicksPerMillisecond, DateTimeKind.Utc)
            : throw new DamagedException("A time is impossible.");
    }
}
