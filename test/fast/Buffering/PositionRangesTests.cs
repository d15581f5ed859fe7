using CsCheck;
using Sluice.Agent.Buffering;
using Xunit;

namespace Sluice.Fast.Buffering;

public sealed class PositionRangesTests
{
    private const int Positions = 60;

    private static readonly Gen<(int From, int To)[]> Ranges =
        Gen.Select(Gen.Int[1, Positions], Gen.Int[0, 12]).Select(pair => (pair.Item1, pair.Item1 + pair.Item2))
            .Array[0, 25];

    [Fact]
    public void Ranges_hold_what_a_plain_set_holds() => Ranges.Sample(added =>
    {
        var ranges = new PositionRanges(1000);
        var set = new HashSet<long>();
        foreach (var (from, to) in added)
        {
            Assert.Null(ranges.Add(new PositionRange(from, to)));
            set.UnionWith(Numbers(from, to));
            AssertSame(set, ranges);
        }

        ranges.RemoveBelow(20);
        set.RemoveWhere(position => position < 20);
        AssertSame(set, ranges);
        ranges.RemoveFrom(40);
        set.RemoveWhere(position => position >= 40);
        AssertSame(set, ranges);
    });

    [Fact]
    public void Ranges_ascend_and_never_touch() => Ranges.Sample(added =>
    {
        var ranges = new PositionRanges(1000);
        foreach (var (from, to) in added)
        {
            ranges.Add(new PositionRange(from, to));
        }

        for (var i = 1; i < ranges.Count; i++)
        {
            Assert.True(ranges[i].From > ranges[i - 1].To + 1);
        }
    });

    [Fact]
    public void Past_the_bound_the_smallest_range_is_forgotten_and_nothing_else_is_added() => Ranges.Sample(added =>
    {
        var ranges = new PositionRanges(4);
        var everAdded = new HashSet<long>();
        foreach (var (from, to) in added)
        {
            everAdded.UnionWith(Numbers(from, to));
            var before = ranges.ToList();
            var forgotten = ranges.Add(new PositionRange(from, to));
            Assert.InRange(ranges.Count, 0, 4);
            Assert.True(forgotten is null || before.Count == 4);
            Assert.All(ranges.ToList(), range => Assert.True(range.Count >= (forgotten?.Count ?? 0)));
            Assert.All(ranges.ToList().SelectMany(range => Numbers(range.From, range.To)), p =>
                Assert.Contains(p, everAdded));
        }
    });

    [Fact]
    public void What_is_missing_and_what_is_there_make_the_whole() =>
        Gen.Select(Ranges, Gen.Int[1, 40], Gen.Int[0, 30]).Sample(
        (added, from, length) =>
        {
            var ranges = new PositionRanges(1000);
            foreach (var (first, last) in added)
            {
                ranges.Add(new PositionRange(first, last));
            }

            var range = new PositionRange(from, from + length);
            var missing = ranges.MissingIn(range).ToArray();
            Assert.Equal(range.Count, ranges.CountIn(range) + missing.Sum(part => part.Count));
            Assert.All(missing.SelectMany(part => Numbers(part.From, part.To)), p => Assert.False(ranges.Contains(p)));
            Assert.Equal(missing.Length == 0, ranges.ContainsAll(range));
        });

    [Fact]
    public void Impossible_ranges_are_our_own_mistake()
    {
        var ranges = new PositionRanges(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => ranges.Add(new PositionRange(0, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ranges.Add(new PositionRange(5, 4)));
    }

    private static void AssertSame(HashSet<long> set, PositionRanges ranges)
    {
        for (var position = 1L; position <= Positions + 13; position++)
        {
            Assert.Equal(set.Contains(position), ranges.Contains(position));
        }

        Assert.Equal(set.Count, ranges.ToList().Sum(range => range.Count));
        Assert.Equal(set.Count(p => p is >= 10 and <= 30), ranges.CountIn(new PositionRange(10, 30)));
    }

    private static IEnumerable<long> Numbers(long from, long to)
    {
        for (var position = from; position <= to; position++)
        {
            yield return position;
        }
    }
}
