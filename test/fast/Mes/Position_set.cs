using CsCheck;
using Sluice.Mes;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Mes;

public sealed class Position_set
{
    [Fact]
    public void It_holds_what_a_plain_set_holds_whatever_is_added_in_whatever_order()
    {
        var range = Gen.Select(Gen.Long[1, 60], Gen.Int[0, 6], (from, length) => new Positions(from, from + length));
        range.List[0, 30].Sample(added =>
        {
            var set = new PositionSet();
            var plain = new SortedSet<long>();
            foreach (var each in added)
            {
                var fresh = Each(each).Count(plain.Add);
                Assert.Equal(fresh, set.Add(each));
            }

            Assert.Equal(plain.Count, set.Count);
            Assert.Equal(plain, set.Ranges.SelectMany(Each));
            Assert.All(Enumerable.Range(1, 70), at => Assert.Equal(plain.Contains(at), set.Contains(at)));
            Assert.Equal(
                Enumerable.Range(5, 50).Select(at => (long)at).Where(at => !plain.Contains(at)),
                set.Missing(new Positions(5, 54)).SelectMany(Each));

            // Never touching: two neighbours would be one range.
            Assert.All(set.Ranges.Zip(set.Ranges.Skip(1)), pair => Assert.True(pair.First.To + 1 < pair.Second.From));
        });
    }

    [Fact]
    public void A_stream_without_a_hole_is_one_range_however_long_it_runs()
    {
        var set = new PositionSet();
        for (var position = 1L; position <= 100_000; position++)
        {
            Assert.True(set.Add(position));
        }

        Assert.Equal([new Positions(1, 100_000)], set.Ranges);
        Assert.False(set.Add(50_000));
    }

    [Fact]
    public void Too_many_holes_are_folded_and_counted_instead_of_growing()
    {
        var set = new PositionSet(rangesMax: 10);
        for (var position = 1L; position <= 99; position += 2)
        {
            set.Add(position);
        }

        Assert.Equal(10, set.Ranges.Count);
        Assert.Equal(40, set.Folded);
    }

    private static IEnumerable<long> Each(Positions range)
    {
        for (var position = range.From; position <= range.To; position++)
        {
            yield return position;
        }
    }
}
