using CsCheck;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Xunit;

namespace Sluice.Fast.Hal.Gpio;

public sealed class EdgeGapsTests
{
    [Theory]
    // watched, edges as kind and number, gap before the last of them
    [InlineData(EdgeKinds.Rising, "r1", 0, 0)]
    [InlineData(EdgeKinds.Rising, "r3", 2, 0)]
    [InlineData(EdgeKinds.Rising, "r1 r2", 0, 0)]
    [InlineData(EdgeKinds.Rising, "r1 r6", 4, 0)]
    [InlineData(EdgeKinds.Falling, "f2 f4", 0, 1)]
    [InlineData(EdgeKinds.Both, "r1 f2", 0, 0)]
    [InlineData(EdgeKinds.Both, "r1 f4", 1, 1)]
    [InlineData(EdgeKinds.Both, "r1 r3", 0, 1)]
    [InlineData(EdgeKinds.Both, "f1 r6", 2, 2)]
    [InlineData(EdgeKinds.Both, "f1 f7", 3, 2)]
    // No number is missing, but two of a kind in a row: the kernel itself never saw the one between them.
    [InlineData(EdgeKinds.Both, "r1 r2", 0, 1)]
    [InlineData(EdgeKinds.Both, "f1 f2", 1, 0)]
    // One number is missing, but one edge cannot lie between a rising and a falling one.
    [InlineData(EdgeKinds.Both, "r1 f3", 1, 1)]
    // Lost from the very start: the numbers begin at 1.
    [InlineData(EdgeKinds.Both, "r4", 1, 2)]
    // A driver that numbers nothing: only the order of the kinds can tell.
    [InlineData(EdgeKinds.Both, "r f r", 0, 0)]
    [InlineData(EdgeKinds.Both, "r r", 0, 1)]
    [InlineData(EdgeKinds.Rising, "r r", 0, 0)]
    public void The_missing_edges_are_told_by_kind(EdgeKinds watched, string edges, long rising, long falling)
    {
        var gaps = new EdgeGaps(watched);
        var gap = EdgeGap.None;
        foreach (var word in edges.Split(' '))
        {
            gap = gaps.Observe(Edge(word));
        }

        Assert.Equal(new EdgeGap(rising, falling, Unknown: false), gap);
    }

    [Fact]
    public void A_number_that_goes_backwards_is_a_loss_that_nobody_can_count()
    {
        var gaps = new EdgeGaps(EdgeKinds.Rising);
        gaps.Observe(Edge("r7"));
        Assert.Equal(EdgeGap.Uncounted, gaps.Observe(Edge("r3")));
        Assert.Equal(EdgeGap.None, gaps.Observe(Edge("r4")));
    }

    [Fact]
    public void A_line_that_is_asked_for_anew_begins_at_one()
    {
        var gaps = new EdgeGaps(EdgeKinds.Rising);
        gaps.Observe(Edge("r7"));
        gaps.Restart();
        Assert.Equal(EdgeGap.None, gaps.Observe(Edge("r1")));
    }

    [Fact]
    public void The_kernels_number_may_wrap_after_32_bits()
    {
        var gaps = new EdgeGaps(EdgeKinds.Rising);
        gaps.Observe(new LineEdge(true, 0, int.MaxValue));
        gaps.Observe(new LineEdge(true, 0, uint.MaxValue - 1));
        Assert.Equal(EdgeGap.None, gaps.Observe(new LineEdge(true, 0, uint.MaxValue)));
        Assert.Equal(EdgeGap.None, gaps.Observe(new LineEdge(true, 0, 0)));
        Assert.Equal(new EdgeGap(1, 0, false), gaps.Observe(new LineEdge(true, 0, 2)));
    }

    [Fact]
    public void A_level_that_contradicts_the_last_edge_is_one_lost_edge()
    {
        var gaps = new EdgeGaps(EdgeKinds.Both);
        Assert.Equal(EdgeGap.None, gaps.ObserveLevel(true));
        gaps.Observe(Edge("r1"));
        Assert.Equal(EdgeGap.None, gaps.ObserveLevel(true));
        Assert.Equal(new EdgeGap(0, 1, false), gaps.ObserveLevel(false));
        Assert.Equal(EdgeGap.None, gaps.ObserveLevel(false));
    }

    [Fact]
    public void Seen_plus_lost_is_made_whatever_is_dropped_between_kernel_and_us()
    {
        var lines = Gen.Select(
            Gen.Int[0, 2], Gen.Bool, Gen.Bool.Array[1, 200],
            (watched, first, kept) => (Watched: (EdgeKinds)(watched + 1), First: first, Kept: kept));
        lines.Sample(line =>
        {
            var gaps = new EdgeGaps(line.Watched);
            long made = 0, seen = 0, lost = 0, madeRising = 0, seenRising = 0, lostRising = 0;
            uint number = 0;
            var rising = line.First;
            line.Kept[^1] = true;
            foreach (var kept in line.Kept)
            {
                rising = line.Watched switch { EdgeKinds.Both => !rising, EdgeKinds.Rising => true, _ => false };
                number++;
                made++;
                madeRising += rising ? 1 : 0;
                if (!kept)
                {
                    continue;
                }

                var gap = gaps.Observe(new LineEdge(rising, number, number));
                seen++;
                seenRising += rising ? 1 : 0;
                lost += gap.Of(EdgeKinds.Both);
                lostRising += gap.Rising;
                if (gap.Unknown)
                {
                    return false;
                }
            }

            return seen + lost == made && seenRising + lostRising == madeRising;
        });
    }

    [Fact]
    public void Edges_that_the_kernel_never_numbered_are_found_where_their_number_is_odd()
    {
        // The interrupt coalesced: the edges are gone before they get a number. An even run of them cannot be seen.
        Gen.Int[1, 9].Array[1, 40].Sample(runs =>
        {
            var gaps = new EdgeGaps(EdgeKinds.Both);
            var rising = false;
            uint number = 0;
            gaps.Observe(new LineEdge(rising, 0, ++number));
            foreach (var run in runs)
            {
                rising = run % 2 == 1 ? rising : !rising;
                var gap = gaps.Observe(new LineEdge(rising, 0, ++number));
                if (gap.Of(EdgeKinds.Both) != run % 2)
                {
                    return false;
                }
            }

            return true;
        });
    }

    private static LineEdge Edge(string word) =>
        new(word[0] == 'r', 0, word.Length > 1 ? uint.Parse(word.AsSpan(1)) : null);
}
