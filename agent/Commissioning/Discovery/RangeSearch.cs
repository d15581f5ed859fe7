using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>What is to be read next.</summary>
internal readonly record struct Probe(ModbusTable Table, int Address, int Count);

/// <summary>How a device took a probe.</summary>
internal enum ProbeOutcome
{
    Readable,

    /// <summary>Exception 2, or another that says that it is not to be had: there is a hole in it.</summary>
    Nothing,

    /// <summary>Exception 3: so many at once are not given.</summary>
    TooMany,

    /// <summary>Exception 1: the device does not have this table.</summary>
    NoFunction,

    /// <summary>No answer, or none that belongs to the question.</summary>
    Silent,
}

/// <summary>What a table came to.</summary>
internal enum TableVerdict
{
    Searched,

    /// <summary>The device does not know the function.</summary>
    NoFunction,

    /// <summary>The unit answers elsewhere, and not here.</summary>
    Silent,

    /// <summary>The bound on requests was reached: there may be more.</summary>
    Unfinished,
}

/// <param name="First">PDU address.</param>
/// <param name="Last">PDU address, included.</param>
/// <param name="Sampled">Long and even: not every address of it was read.</param>
internal readonly record struct FoundRange(int First, int Last, bool Sampled);

internal sealed record RangeSearchOptions
{
    public int First { get; init; }

    public int Last { get; init; } = 65535;

    /// <summary>Most values in one request; what the device refuses as too many makes it smaller.</summary>
    public required int BlockMax { get; init; }

    /// <summary>Bound of the whole search of one table. 1,000.</summary>
    public int RequestsMax { get; init; } = 1000;

    /// <summary>Read every address of a long range, where otherwise blocks are left out. false.</summary>
    public bool Thorough { get; init; }
}

/// <summary>
/// Finds the readable ranges of one table with few requests. A core: asks one probe after the other.
/// <para>
/// Invariants: ends after <see cref="RangeSearchOptions.RequestsMax"/> probes whatever the device answers; a range
/// holds only what was read, or, marked as sampled, what lies between two blocks that were; a device that gives fewer
/// at once, by whatever exception it says so, is asked for fewer from then on and loses no address by it. An island in
/// a hole is found where the gallop steps on it, and may be missed otherwise.
/// </para>
/// </summary>
internal sealed class RangeSearch
{
    /// <summary>So many addresses in a row are each read before blocks are left out.</summary>
    private const int BlocksReadEach = 16;

    private const int BlocksLeftOutMax = 16;
    private const int SilentInARowMax = 3;
    private const int CloseBy = 64;
    private const int HundredsUntil = 2000;

    private readonly ModbusTable table;
    private readonly RangeSearchOptions options;
    private readonly List<FoundRange> ranges = [];
    private readonly IEnumerator<Probe> steps;
    private ProbeOutcome outcome;
    private int silentInARow;
    private int blocksInARow;
    private int leftOut;

    public RangeSearch(ModbusTable table, RangeSearchOptions options)
    {
        this.table = table;
        this.options = options;
        BlockMax = options.BlockMax;
        steps = Search().GetEnumerator();
        Next = steps.MoveNext() ? steps.Current : null;
    }

    /// <summary>What to read now; null where the search has ended.</summary>
    public Probe? Next { get; private set; }

    public IReadOnlyList<FoundRange> Ranges => ranges;

    public TableVerdict Verdict { get; private set; }

    /// <summary>Most values at once that the device gave, as far as it was tried.</summary>
    public int BlockMax { get; private set; }

    public int Requests { get; private set; }

    public void Observe(ProbeOutcome seen)
    {
        Requests++;
        silentInARow = seen == ProbeOutcome.Silent ? silentInARow + 1 : 0;
        outcome = seen;
        if (seen == ProbeOutcome.NoFunction)
        {
            End(TableVerdict.NoFunction);
        }
        else if (silentInARow == SilentInARowMax)
        {
            End(TableVerdict.Silent);
        }
        else if (Requests >= options.RequestsMax)
        {
            End(TableVerdict.Unfinished);
        }
        else
        {
            Next = steps.MoveNext() ? steps.Current : null;
        }
    }

    private void End(TableVerdict verdict)
    {
        Verdict = verdict;
        Next = null;
    }

    private IEnumerable<Probe> Search()
    {
        for (var at = options.First; at <= options.Last;)
        {
            var skip = options.Thorough || blocksInARow < BlocksReadEach ? 0 : leftOut * BlockMax;
            skip = at + skip + BlockMax - 1 <= options.Last ? skip : 0;
            var count = Math.Min(BlockMax, options.Last - at + 1);
            yield return new Probe(table, at + skip, count);
            if (outcome == ProbeOutcome.Readable)
            {
                Add(at, skip + count, skip > 0);
                at += skip + count;
                blocksInARow++;
                leftOut = Math.Min(BlocksLeftOutMax, Math.Max(1, leftOut * 2));
            }
            else if (skip > 0)
            {
                // An end, or a hole, in what was left out: back, and each block again.
                (blocksInARow, leftOut) = (0, 0);
            }
            else if (outcome == ProbeOutcome.TooMany && count > 1)
            {
                BlockMax = (count + 1) / 2;
            }
            else
            {
                (blocksInARow, leftOut) = (0, 0);
                foreach (var probe in Edge(at, count))
                {
                    yield return probe;
                }

                at = edge;
                foreach (var probe in CrossHole(at))
                {
                    yield return probe;
                }

                at = landed;
            }
        }
    }

    // Where Edge and CrossHole ended: iterators cannot return.
    private int edge;
    private int landed;

    /// <summary>The first address from here on that is not readable, knowing that a block of so many is not.</summary>
    private IEnumerable<Probe> Edge(int at, int count)
    {
        var (readable, not) = (0, count);
        while (not - readable > 1)
        {
            // The first address decides most: a hole begins here far more often than within.
            var middle = readable == 0 ? 1 : (readable + not) / 2;
            yield return new Probe(table, at, middle);
            (readable, not) = outcome == ProbeOutcome.Readable ? (middle, not) : (readable, middle);
            if (outcome == ProbeOutcome.TooMany)
            {
                BlockMax = Math.Max(1, middle / 2);
            }
        }

        Add(at, readable, sampled: false);
        edge = at + readable;
        if (readable == 0 || edge > options.Last)
        {
            yield break;
        }

        // Some devices say "no such address" where they mean "not so many": then there is no hole at all.
        yield return new Probe(table, edge, 1);
        if (outcome == ProbeOutcome.Readable)
        {
            BlockMax = readable;
        }
    }

    /// <summary>Over a hole: close by in doubling steps, then at round numbers; and back to where the range begins.
    /// </summary>
    private IEnumerable<Probe> CrossHole(int hole)
    {
        landed = hole;
        if (outcome == ProbeOutcome.Readable)
        {
            yield break;
        }

        var last = hole;
        for (var at = hole + 1; at <= options.Last; at = Step(hole, at))
        {
            yield return new Probe(table, at, 1);
            if (outcome != ProbeOutcome.Readable)
            {
                last = at;
                continue;
            }

            var (not, first) = (last, at);
            while (first - not > 1)
            {
                var middle = Math.Max((not + first) / 2, first - BlockMax);
                yield return new Probe(table, middle, first - middle);
                (not, first) = outcome == ProbeOutcome.Readable ? (not, middle) : (middle, first);
            }

            landed = first;
            yield break;
        }

        landed = options.Last + 1;
    }

    private static int Step(int hole, int at) => (at - hole) switch
    {
        < CloseBy => hole + ((at - hole) * 2),
        < HundredsUntil => ((at / 100) + 1) * 100,
        _ => ((at / 1000) + 1) * 1000,
    };

    private void Add(int first, int count, bool sampled)
    {
        if (count == 0)
        {
            return;
        }

        if (ranges is [.., var last] && last.Last + 1 == first)
        {
            ranges[^1] = new FoundRange(last.First, first + count - 1, last.Sampled || sampled);
        }
        else
        {
            ranges.Add(new FoundRange(first, first + count - 1, sampled));
        }
    }
}
