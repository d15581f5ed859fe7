using System.Runtime.InteropServices;
using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Disk.Blocks;

/// <summary>Readings to bytes. Keeps its tables between blocks, so that it allocates nothing once it is warm.</summary>
internal sealed class BlockEncoder
{
    private readonly Dictionary<string, int> indexes = new(StringComparer.Ordinal);
    private readonly List<SignalState> states = [];
    private readonly List<ReadingClock> clocks = [];
    private readonly ByteWriter names = new();
    private readonly ByteWriter rows = new();

    /// <summary>
    /// Encodes readings whose positions ascend by one, 1 to <see cref="BlockFormat.ReadingsMax"/> of them.
    /// </summary>
    public void Encode(ReadOnlySpan<StoredReading> readings, ByteWriter into)
    {
        ArgumentOutOfRangeException.ThrowIfZero(readings.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(readings.Length, BlockFormat.ReadingsMax);
        indexes.Clear();
        states.Clear();
        clocks.Clear();
        names.Clear();
        rows.Clear();
        var previous = -1;
        var time = 0L;
        var clock = 0;
        foreach (ref readonly var reading in readings)
        {
            clock = TellClock(reading.Clock, clock);
            var index = IndexOf(reading.Signal);
            var known = CollectionsMarshal.AsSpan(states);
            var milliseconds = reading.SourceTimestamp.Ticks / TimeSpan.TicksPerMillisecond;
            var expected = previous >= 0 ? known[previous].Follower : 0;
            Row(reading, index, index != expected, milliseconds - time, ref known[index]);
            if (previous >= 0)
            {
                known[previous].Follower = index;
            }

            previous = index;
            time = milliseconds;
        }

        into.Byte(BlockFormat.Version);
        into.Varint((ulong)readings[0].Position);
        into.Varint((ulong)readings.Length);
        WriteClocks(into);
        into.Varint((ulong)states.Count);
        into.Append(names.Written);
        into.Append(rows.Written);
    }

    /// <summary>Nothing is told while the clock stays the same: that is every reading but those after a step.</summary>
    private int TellClock(ReadingClock clock, int told)
    {
        if (clocks.Count > 0 && clocks[told] == clock)
        {
            return told;
        }

        var index = clocks.IndexOf(clock);
        if (index < 0)
        {
            index = clocks.Count;
            clocks.Add(clock);
        }

        if (index != told)
        {
            rows.Byte(BlockFormat.ClockTold);
            rows.Varint((ulong)index);
        }

        return index;
    }

    private void WriteClocks(ByteWriter into)
    {
        into.Varint((ulong)clocks.Count);
        foreach (var clock in clocks)
        {
            if (clock == ReadingClock.Unknown)
            {
                into.Byte(BlockFormat.ClockUnknown);
                continue;
            }

            into.Byte(clock.IsSet ? BlockFormat.ClockSet : BlockFormat.ClockNotSet);
            into.Guid(clock.Boot);
            into.Zigzag(clock.OffsetMilliseconds);
        }
    }

    private int IndexOf(string signal)
    {
        if (!indexes.TryGetValue(signal, out var index))
        {
            index = states.Count;
            indexes.Add(signal, index);
            states.Add(new SignalState { Name = signal });
            names.Text(signal);
        }

        return index;
    }

    private void Row(in StoredReading reading, int index, bool told, long elapsed, ref SignalState state)
    {
        var same = reading.Value == state.Value;
        var scaled = 0L;
        var scale = same ? -1 : BlockFormat.ScaleOf(reading.Value, state.Scale, out scaled);
        var head = (int)reading.Value.Kind;
        head |= told ? BlockFormat.SignalTold : 0;
        head |= reading.Quality != state.Quality ? BlockFormat.QualityTold : 0;
        head |= elapsed == 0 ? BlockFormat.SameTime : 0;
        head |= same ? BlockFormat.SameValue : 0;
        head |= scale >= 0 ? BlockFormat.Decimal : 0;
        rows.Byte((byte)head);
        if (told)
        {
            rows.Varint((ulong)index);
        }

        if (elapsed != 0)
        {
            rows.Zigzag(elapsed);
        }

        if (reading.Quality != state.Quality)
        {
            rows.Byte((byte)reading.Quality.Level);
            rows.Byte((byte)reading.Quality.Reason);
            state.Quality = reading.Quality;
        }

        if (scale >= 0)
        {
            WriteDecimal(scaled, scale, ref state);
        }
        else if (!same)
        {
            Write(reading.Value, state.Value.Bits);
        }

        state.Value = reading.Value;
    }

    private void WriteDecimal(long scaled, int scale, ref SignalState state)
    {
        var difference = scaled - state.Scaled;
        rows.Zigzag((difference << 1) | (scale != state.Scale ? 1L : 0L));
        if (scale != state.Scale)
        {
            rows.Byte((byte)scale);
        }

        state.Scaled = scaled;
        state.Scale = scale;
    }

    private void Write(SignalValue value, long previousBits)
    {
        switch (value.Kind)
        {
            case ValueKind.Boolean or ValueKind.Signed or ValueKind.Unsigned:
                rows.Zigzag(unchecked(value.Bits - previousBits));
                break;
            case ValueKind.Single or ValueKind.Double:
                rows.Xor(unchecked((ulong)(value.Bits ^ previousBits)));
                break;
            case ValueKind.Text:
                rows.Text(value.AsText);
                break;
        }
    }
}
