using CsCheck;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Fast.Buffering.Contract;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

public sealed class BlockTests
{
    private static readonly Gen<SignalValue> Values = Gen.OneOf(
        Gen.Const(SignalValue.None),
        Gen.Bool.Select(SignalValue.From),
        Gen.Long.Select(SignalValue.From),
        Gen.ULong.Select(SignalValue.From),
        Gen.Float.Select(SignalValue.FromSingle),
        Gen.Double.Select(SignalValue.FromDouble),
        Gen.Int[-100_000, 100_000].Select(v => SignalValue.FromDouble(v / 100.0)),
        Gen.Int[-10_000, 10_000].Select(v => SignalValue.FromSingle(v / 10f)),
        Gen.String[0, 20].Select(SignalValue.From));

    private static readonly Gen<Quality> Qualities = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 10])
        .Select(pair => pair.Item1 == 0
            ? Quality.Good : new Quality((QualityLevel)pair.Item1, (QualityReason)pair.Item2));

    private static readonly Gen<StoredReading[]> Blocks = Gen.Select(
        Gen.Long[1, 1L << 60],
        Gen.Select(Gen.Int[0, 6], Values, Qualities, Gen.Int[-5000, 100_000]).Array[1, 60]).Select((first, rows) =>
        {
            var time = NumberedReadings.Noon;
            return rows.Select((row, i) => new StoredReading(
                first + i, $"source/signal{row.Item1}", row.Item2, row.Item3,
                time = time.AddMilliseconds(row.Item4))).ToArray();
        });

    [Fact]
    public void What_is_decoded_is_what_was_encoded_bit_for_bit() => Blocks.Sample(readings =>
    {
        var decoded = new BlockDecoder().Decode(Encode(readings));
        Assert.Equal(readings, decoded);
        Assert.Equal(
            readings.Select(reading => reading.Value.Bits), decoded.Select(reading => reading.Value.Bits));
    });

    [Fact]
    public void Damaged_bytes_are_found_out_or_decoded_but_never_crash() =>
        Gen.Select(Blocks, Gen.Int, Gen.Byte).Sample(
        (readings, where, mask) =>
        {
            var bytes = Encode(readings);
            bytes[(int)((uint)where % bytes.Length)] ^= mask;
            Survives(bytes);
            Survives(bytes[..(int)((uint)where % bytes.Length)]);
        });

    [Fact]
    public void Garbage_is_found_out_and_never_crashes() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        Survives(bytes);
        Survives([1, .. bytes]);
    });

    [Fact]
    public void Negative_zero_and_the_ends_of_every_type_stay_what_they_are()
    {
        var values = new[]
        {
            SignalValue.FromDouble(-0.0), SignalValue.FromDouble(0.0), SignalValue.FromDouble(double.MaxValue),
            SignalValue.FromDouble(double.Epsilon), SignalValue.FromSingle(-0.0f),
                SignalValue.FromSingle(float.MinValue),
            SignalValue.From(long.MinValue), SignalValue.From(long.MaxValue), SignalValue.From(ulong.MaxValue),
            SignalValue.FromDouble(1L << 53), SignalValue.FromDouble(0.1 + 0.2), SignalValue.From(""),
        };
        var readings = values.Concat(values.Reverse()).Select((value, i) => new StoredReading(
            i + 1, "a/b", value, Quality.Good, NumberedReadings.Noon)).ToArray();

        var decoded = new BlockDecoder().Decode(Encode(readings));

        Assert.Equal(readings.Select(r => (r.Value.Kind, r.Value.Bits)),
            decoded.Select(r => (r.Value.Kind, r.Value.Bits)));
    }

    [Fact]
    public void A_steady_poll_takes_few_bytes()
    {
        var random = new Random(1);
        var values = Enumerable.Range(0, 50).Select(i => 20.0 + i).ToArray();
        var readings = Enumerable.Range(0, 1000).Select(i =>
        {
            values[i % 50] = Math.Round(values[i % 50] + (random.NextDouble() - 0.5), 2);
            return new StoredReading(
                i + 1, $"hmi1/oil/temperature{i % 50}", SignalValue.FromDouble(values[i % 50]), Quality.Good,
                NumberedReadings.Noon.AddSeconds(i / 50));
        }).ToArray();

        Assert.InRange(Encode(readings).Length, 1000, 4500);
    }

    private static byte[] Encode(StoredReading[] readings)
    {
        var bytes = new ByteWriter();
        new BlockEncoder().Encode(readings, bytes);
        return bytes.Written.ToArray();
    }

    private static void Survives(byte[] bytes)
    {
        try
        {
            new BlockDecoder().Decode(bytes);
        }
        catch (DamagedException)
        {
            // Found out.
        }
    }
}
