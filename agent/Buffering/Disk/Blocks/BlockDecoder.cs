using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Disk.Blocks;

/// <summary>
/// Bytes to readings. Throws <see cref="DamagedException"/>, and nothing else, whatever the bytes are.
/// </summary>
internal sealed class BlockDecoder
{
    private static readonly long MillisecondsMax = DateTime.MaxValue.Ticks / TimeSpan.TicksPerMillisecond;

    private readonly SignalNames names = new();
    private SignalState[] known = [];

    /// <summary>The positions of a block, without its readings.</summary>
    public static PositionRange RangeOf(ReadOnlySpan<byte> block)
    {
        var reader = new ByteReader(block);
        return Head(ref reader, out _);
    }

    public StoredReading[] Decode(ReadOnlySpan<byte> block)
    {
        StoredReading[] readings = [];
        var count = Decode(block, ref readings);
        return count == readings.Length ? readings : readings[..count];
    }

    /// <summary>
    /// The same into an array that is made larger where it has to be, so that who drains makes no new one for each
    /// block. Returns how many readings there are.
    /// </summary>
    public int Decode(ReadOnlySpan<byte> block, ref StoredReading[] into)
    {
        var reader = new ByteReader(block);
        var range = Head(ref reader, out var version);
        var clocks = version == BlockFormat.VersionWithoutClocks ? [ReadingClock.Unknown] : Clocks(ref reader);
        var signals = reader.Bounded(BlockFormat.ReadingsMax);
        if (known.Length < signals)
        {
            known = new SignalState[signals];
        }

        var states = known.AsSpan(0, signals);
        states.Clear();
        for (var i = 0; i < states.Length; i++)
        {
            var name = reader.Take(reader.Bounded(BlockFormat.TextBytesMax));
            states[i].Name = names.Get(name);
        }

        var count = (int)range.Count;
        if (into.Length < count)
        {
            into = new StoredReading[count];
        }

        var readings = into.AsSpan(0, count);
        var previous = -1;
        var time = 0L;
        var clock = clocks[0];
        for (var i = 0; i < readings.Length; i++)
        {
            int head = reader.Byte();
            if (head == BlockFormat.ClockTold && version > BlockFormat.VersionWithoutClocks)
            {
                clock = clocks[reader.Bounded(clocks.Length - 1)];
                head = reader.Byte();
            }

            readings[i] = Row(ref reader, head, states, range.From + i, ref previous, ref time) with { Clock = clock };
        }

        return reader.AtEnd ? count : throw new DamagedException("Bytes are left over.");
    }

    private static PositionRange Head(ref ByteReader reader, out byte version)
    {
        version = reader.Byte();
        if (version is not (BlockFormat.Version or BlockFormat.VersionWithoutClocks))
        {
            throw new DamagedException("The block's version is unknown.");
        }

        var first = reader.Position();
        var count = reader.Bounded(BlockFormat.ReadingsMax);
        return first > 0 && count > 0 && first <= long.MaxValue - count
            ? new PositionRange(first, first + count - 1)
            : throw new DamagedException("The block's positions are impossible.");
    }

    /// <summary>One at least. Times that no date can have make the whole block damaged, not a wrong date.</summary>
    private static ReadingClock[] Clocks(ref ByteReader reader)
    {
        var clocks = new ReadingClock[reader.Bounded(BlockFormat.ReadingsMax)];
        for (var i = 0; i < clocks.Length; i++)
        {
            var told = reader.Byte();
            clocks[i] = told switch
            {
                BlockFormat.ClockUnknown => ReadingClock.Unknown,
                BlockFormat.ClockSet or BlockFormat.ClockNotSet => new ReadingClock(
                    reader.Guid(), told == BlockFormat.ClockSet, reader.Zigzag()),
                _ => throw new DamagedException("What is known of a clock is unknown."),
            };
        }

        return clocks.Length > 0 ? clocks : throw new DamagedException("A block has no clock.");
    }

    private static StoredReading Row(
        ref ByteReader reader, int head, Span<SignalState> states, long position, ref int previous, ref long time)
    {
        var index = (head & BlockFormat.SignalTold) != 0
            ? reader.Bounded(states.Length - 1)
            : previous >= 0 ? states[previous].Follower : 0;
        if ((uint)index >= (uint)states.Length)
        {
            throw new DamagedException("A signal is not in the block's table.");
        }

        if ((head & BlockFormat.SameTime) == 0)
        {
            time = unchecked(time + reader.Zigzag());
        }

        if (time < 0 || time > MillisecondsMax)
        {
            throw new DamagedException("A time is impossible.");
        }

        ref var state = ref states[index];
        if ((head & BlockFormat.QualityTold) != 0)
        {
            state.Quality = new Quality((QualityLevel)reader.Byte(), (QualityReason)reader.Byte());
        }

        if ((head & BlockFormat.SameValue) == 0)
        {
            state.Value = Value(ref reader, head, ref state);
        }

        if (previous >= 0)
        {
            states[previous].Follower = index;
        }

        previous = index;
        return new StoredReading(
            position, state.Name, state.Value, state.Quality,
            new DateTime(time * TimeSpan.TicksPerMillisecond, DateTimeKind.Utc));
    }

    private static SignalValue Value(ref ByteReader reader, int head, ref SignalState state)
    {
        var kind = (ValueKind)(head & BlockFormat.KindMask);
        if ((head & BlockFormat.Decimal) != 0)
        {
            return Decimal(ref reader, kind, ref state);
        }

        switch (kind)
        {
            case ValueKind.None:
                return SignalValue.None;
            case ValueKind.Boolean or ValueKind.Signed or ValueKind.Unsigned:
                return SignalValue.FromBits(kind, unchecked(state.Value.Bits + reader.Zigzag()));
            case ValueKind.Single or ValueKind.Double:
                return SignalValue.FromBits(kind, state.Value.Bits ^ unchecked((long)reader.Xor()));
            case ValueKind.Text:
                return SignalValue.From(reader.Text(BlockFormat.TextBytesMax));
            default:
                throw new DamagedException("A value's kind is unknown.");
        }
    }

    private static SignalValue Decimal(ref ByteReader reader, ValueKind kind, ref SignalState state)
    {
        var difference = reader.Zigzag();
        state.Scaled = unchecked(state.Scaled + (difference >> 1));
        if ((difference & 1) != 0)
        {
            state.Scale = reader.Bounded(BlockFormat.ScaleMax);
        }

        return kind is ValueKind.Single or ValueKind.Double
            ? BlockFormat.FromDecimal(kind, state.Scaled, state.Scale)
            : throw new DamagedException("A decimal that is no number.");
    }
}
