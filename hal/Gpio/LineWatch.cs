using Sluice.Hal.Gpio.Counting;

namespace Sluice.Hal.Gpio;

/// <summary>
/// Everything that is derived from one line: gaps first, then debounce where the kernel does not do it, then the
/// quantities of the signals on it. A core: no lock, no clock; whoever owns it brings both.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Every edge goes to every quantity, in the order in which it was told, and after the gap before it.</item>
/// <item>What is reported of a signal never goes back in time: an edge that came late is told at the time of the last
/// report. Run times and cycle times are still taken from its own stamp.</item>
/// <item>A level that contradicts the last edge for two reads in a row, with no edge in between, is a lost edge.
/// </item>
/// </list>
/// </summary>
internal sealed class LineWatch
{
    private readonly EdgeGaps gaps;
    private readonly Debounce? debounce;
    private readonly LineQuantity[] quantities;
    private readonly long[] told;
    private long edges;
    private long edgesAtContradiction = -1;

    /// <param name="watched">What the driver was asked to watch.</param>
    /// <param name="debouncePeriod">Zero where the driver debounces, or nobody asked for it.</param>
    /// <param name="quantities">One for each signal of the line.</param>
    public LineWatch(EdgeKinds watched, TimeSpan debouncePeriod, LineQuantity[] quantities)
    {
        gaps = new EdgeGaps(watched);
        debounce = debouncePeriod > TimeSpan.Zero ? new Debounce(debouncePeriod) : null;
        this.quantities = quantities;
        told = new long[quantities.Length];
        Array.Fill(told, long.MinValue);
    }

    /// <summary>Edges told since the start.</summary>
    public long Edges => edges;

    /// <summary>Edges known to be lost since the start.</summary>
    public long Lost { get; private set; }

    /// <summary>Times that edges were lost which nobody can count.</summary>
    public long Uncounted { get; private set; }

    /// <summary>Values dropped because too many came between two reads.</summary>
    public long Dropped
    {
        get
        {
            long sum = 0;
            foreach (var quantity in quantities)
            {
                sum += quantity.Dropped;
            }

            return sum;
        }
    }

    /// <summary>The line is watched (again) from now on.</summary>
    /// <param name="level">The level it was found at, or null where it could not be read.</param>
    /// <param name="wasAway">It had been watched before, in this run or an earlier one.</param>
    /// <param name="now">Monotonic, nanoseconds.</param>
    public void Begin(bool? level, bool wasAway, long now)
    {
        gaps.Restart();
        edgesAtContradiction = -1;
        if (level is { } found)
        {
            debounce?.Start(found);
        }

        if (!wasAway)
        {
            return;
        }

        foreach (var quantity in quantities)
        {
            quantity.Away(now);
        }
    }

    public void Observe(in LineEdge edge)
    {
        edges++;
        var gap = gaps.Observe(edge);
        if (debounce is null)
        {
            Lose(gap);
            Tell(edge);
            return;
        }

        // Between bounces nobody can say which missing edge was real, and two alike in a row are just a bounce too
        // short to see: the level decides, and only numbers that are missing make the result uncertain.
        if (gap.Unknown || (edge.Number is not null && gap.Any))
        {
            Lose(EdgeGap.Uncounted);
        }

        if (debounce.Observe(edge, out var settled))
        {
            Tell(settled);
        }
    }

    /// <summary>
    /// Reports one signal of the line. <paramref name="level"/> as for <see cref="ObserveLevel"/>, which is called once
    /// before the signals of a read are reported.
    /// </summary>
    public void Report(int quantity, bool? level, long now, List<TimedValue> into)
    {
        var first = into.Count;
        quantities[quantity].Report(level, now, into);
        for (var index = first; index < into.Count; index++)
        {
            told[quantity] = Math.Max(told[quantity], into[index].AtNanoseconds);
            into[index] = into[index] with { AtNanoseconds = told[quantity] };
        }
    }

    /// <summary>The level as read now; answers the level that counts, debounced.</summary>
    public bool? ObserveLevel(bool? level, long now)
    {
        if (debounce is not null)
        {
            if (debounce.Settle(now, out var settled))
            {
                Tell(settled);
            }

            return level is null ? null : debounce.Level ?? level;
        }

        if (level is not { } read || gaps.LevelByEdges is not { } known || known == read)
        {
            edgesAtContradiction = -1;
        }
        else if (edgesAtContradiction == edges)
        {
            // An edge on its way would have arrived since the last read.
            Lose(gaps.ObserveLevel(read));
            edgesAtContradiction = -1;
        }
        else
        {
            edgesAtContradiction = edges;
        }

        return level;
    }

    private void Lose(in EdgeGap gap)
    {
        if (!gap.Any)
        {
            return;
        }

        Lost += gap.Of(EdgeKinds.Both);
        Uncounted += gap.Unknown ? 1 : 0;
        foreach (var quantity in quantities)
        {
            quantity.Lose(gap);
        }
    }

    private void Tell(in LineEdge edge)
    {
        foreach (var quantity in quantities)
        {
            quantity.Observe(edge);
        }
    }
}
