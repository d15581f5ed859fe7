using CsCheck;
using Sluice.Hal.Gpio;
using Xunit;

namespace Sluice.Fast.Hal.Gpio;

public sealed class DebounceTests
{
    private const long Period = 10;

    [Theory]
    // raw edges as kind@time, settled edges likewise; period 10, line low at first
    [InlineData("r0", "r0")]
    [InlineData("r0 f4", "")]
    [InlineData("r0 f10", "r0 f10")]
    [InlineData("r0 f9 r12", "r12")]
    [InlineData("r0 f1 r2 f3 r4", "r4")]
    [InlineData("r0 f1 r2 f3 r4 f50 r51 f52", "r4 f52")]
    [InlineData("f3", "")]
    // Two alike in a row: the opposite one was too short for the kernel. The level began again at the second.
    [InlineData("r0 r6 f12", "")]
    [InlineData("r0 r6 f17", "r6 f17")]
    [InlineData("r0 f20 r25 f28 r60", "r0 f28 r60")]
    public void Only_a_level_that_stands_for_the_period_counts(string raw, string settled) =>
        Assert.Equal(settled, string.Join(' ', Run(raw, step: null).Select(Word)));

    [Fact]
    public void How_often_it_is_asked_changes_nothing()
    {
        Courses.Sample(course =>
        {
            var raw = string.Join(' ', course.Select(Word));
            var once = Run(raw, step: null);
            return once.SequenceEqual(Run(raw, step: 1)) && once.SequenceEqual(Run(raw, step: 7));
        });
    }

    [Fact]
    public void Settled_edges_alternate_and_stand_at_least_the_period_apart()
    {
        Courses.Sample(course =>
        {
            var settled = Run(string.Join(' ', course.Select(Word)), step: 3);
            return settled.Zip(settled.Skip(1)).All(pair =>
                pair.First.Rising != pair.Second.Rising
                && pair.Second.AtNanoseconds - pair.First.AtNanoseconds >= Period);
        });
    }

    [Fact]
    public void It_agrees_with_the_plain_definition()
    {
        // A level counts where the raw course holds it for the whole period; the edge is where that hold began.
        Courses.Sample(course =>
        {
            var expected = new List<LineEdge>();
            var level = false;
            for (var index = 0; index < course.Length; index++)
            {
                var edge = course[index];
                var held = index + 1 == course.Length
                    || course[index + 1].AtNanoseconds - edge.AtNanoseconds >= Period;
                if (held && edge.Rising != level)
                {
                    expected.Add(edge);
                    level = edge.Rising;
                }
            }

            return expected.SequenceEqual(Run(string.Join(' ', course.Select(Word)), step: 2));
        });
    }

    /// <summary>Raw courses of a bouncing contact: alternating edges with gaps of 1 to 25.</summary>
    private static Gen<LineEdge[]> Courses => Gen.Int[1, 25].Array[0, 30].Select(gaps =>
    {
        long at = 0;
        return gaps.Select((gap, index) => new LineEdge(index % 2 == 0, at += gap, null)).ToArray();
    });

    private static List<LineEdge> Run(string raw, int? step)
    {
        // The core counts TimeSpans in ticks of 100 ns, so a period of 10 here is 1,000 ns.
        var debounce = new Debounce(TimeSpan.FromTicks(Period));
        debounce.Start(false);
        var settled = new List<LineEdge>();
        long now = 0;
        foreach (var word in raw.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var edge = new LineEdge(word[0] == 'r', long.Parse(word.AsSpan(1)) * 100, null);
            for (; step is { } stride && now < edge.AtNanoseconds; now += stride * 100)
            {
                Take(debounce.Settle(now, out var early), early);
            }

            Take(debounce.Observe(edge, out var before), before);
        }

        Take(debounce.Settle(long.MaxValue / 2, out var last), last);
        return settled;

        void Take(bool had, LineEdge edge)
        {
            if (had)
            {
                settled.Add(edge with { AtNanoseconds = edge.AtNanoseconds / 100 });
            }
        }
    }

    private static string Word(LineEdge edge) => $"{(edge.Rising ? 'r' : 'f')}{edge.AtNanoseconds}";
}
