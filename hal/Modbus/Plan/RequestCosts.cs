using System.Numerics;

namespace Sluice.Hal.Modbus;

/// <summary>
/// What a request costs on this device, and what each register in it: as many registers between two signals are worth
/// reading along as take the time of one more request.
/// <para>
/// Invariants: it is told answered requests only; requests are sorted by size into buckets that double, and each bucket
/// counts by the median of its latest, so that no single slow answer moves anything; there is no estimate before two
/// buckets are full, the larger at least four times the smaller; the gap moves only when the estimate has moved by more
/// than a quarter of it, so that plans do not flutter. Bounded, and allocates nothing. Owned by the source's loop.
/// </para>
/// </summary>
/// <param name="gapFirst">Registers to read along until it was measured: what the line's arithmetic says.</param>
public sealed class RequestCosts(int gapFirst)
{
    private const int Buckets = 7;
    private const int SamplesKept = 15;
    private const int JudgeEvery = 32;
    private const int SizeRatioMin = 4;
    private const int GapMax = ReadRequest.RegistersMax - 1;
    private const int GapStepMin = 2;

    private readonly long[] samples = new long[Buckets * SamplesKept];
    private readonly long[] sorted = new long[SamplesKept];
    private readonly int[] counts = new int[Buckets];
    private readonly double[] sizes = new double[Buckets];
    private int sinceJudged;

    /// <summary>Registers between two signals that are worth reading along.</summary>
    public int GapRegisters { get; private set; } = gapFirst;

    /// <summary>What a request costs besides its registers; null until measured.</summary>
    public TimeSpan? PerRequest { get; private set; }

    /// <summary>What each register costs; null until measured.</summary>
    public TimeSpan? PerRegister { get; private set; }

    /// <summary>A request was answered with data. Sixteen bits count as a register.</summary>
    public void Observe(in ReadRequest request, TimeSpan took)
    {
        var registers = (request.DataBytes + 1) / 2;
        var bucket = Math.Min(BitOperations.Log2((uint)registers), Buckets - 1);
        samples[(bucket * SamplesKept) + (counts[bucket] % SamplesKept)] = took.Ticks;

        // Kept between one and two rounds, so that it never overflows and still says whether the bucket is full.
        counts[bucket] = counts[bucket] + 1 == SamplesKept * 2 ? SamplesKept : counts[bucket] + 1;
        sizes[bucket] += (registers - sizes[bucket]) / Math.Min(counts[bucket], SamplesKept);
        if (++sinceJudged >= JudgeEvery)
        {
            sinceJudged = 0;
            Judge();
        }
    }

    /// <summary>A line through the buckets' medians: where it begins, and how it climbs.</summary>
    private void Judge()
    {
        var (n, meanSize, meanTime, smallest, largest) = (0, 0.0, 0.0, double.MaxValue, 0.0);
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (counts[bucket] >= SamplesKept)
            {
                n++;
                meanSize += sizes[bucket];
                meanTime += Median(bucket);
                smallest = Math.Min(smallest, sizes[bucket]);
                largest = Math.Max(largest, sizes[bucket]);
            }
        }

        if (n < 2 || largest < smallest * SizeRatioMin)
        {
            return;
        }

        (meanSize, meanTime) = (meanSize / n, meanTime / n);
        var (together, spread) = (0.0, 0.0);
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (counts[bucket] >= SamplesKept)
            {
                together += (sizes[bucket] - meanSize) * (Median(bucket) - meanTime);
                spread += (sizes[bucket] - meanSize) * (sizes[bucket] - meanSize);
            }
        }

        // Noise may make the larger request the faster one: a register then costs nothing that can be seen.
        var perRegister = Math.Max(together / spread, 0);
        var perRequest = Math.Max(meanTime - (perRegister * meanSize), 0);
        var isFirst = PerRegister is null;
        PerRegister = TimeSpan.FromTicks((long)perRegister);
        PerRequest = TimeSpan.FromTicks((long)perRequest);
        Move(perRegister * GapMax <= perRequest ? GapMax : (int)(perRequest / perRegister), isFirst);
    }

    private void Move(int gap, bool isFirst)
    {
        if (isFirst || Math.Abs(gap - GapRegisters) > Math.Max(GapStepMin, GapRegisters / 4))
        {
            GapRegisters = gap;
        }
    }

    private double Median(int bucket)
    {
        samples.AsSpan(bucket * SamplesKept, SamplesKept).CopyTo(sorted);
        sorted.AsSpan().Sort();
        return sorted[SamplesKept / 2];
    }
}
