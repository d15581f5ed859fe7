using System.Globalization;
using Sluice.Agent.Commissioning.Finding;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

public sealed class OrderFinderTests
{
    private static readonly SignalKind[] Numbers =
    [
        SignalKind.Int16, SignalKind.Uint16, SignalKind.Bcd16, SignalKind.Int32, SignalKind.Uint32,
        SignalKind.Float32, SignalKind.Bcd32, SignalKind.Int64, SignalKind.Uint64, SignalKind.Float64,
    ];

    public static TheoryData<SignalKind, ByteOrder> EveryTypeAndOrder()
    {
        var data = new TheoryData<SignalKind, ByteOrder>();
        foreach (var kind in Numbers)
        {
            foreach (var order in Enum.GetValues<ByteOrder>())
            {
                if (new SignalType(kind).Registers > 1 || order is ByteOrder.ABCD or ByteOrder.BADC)
                {
                    data.Add(kind, order);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EveryTypeAndOrder))]
    public void A_value_that_moves_over_its_whole_range_leaves_its_own_type_and_order_alone(
        SignalKind kind, ByteOrder order)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var dice = new Random(seed);
            var finder = Finder();
            for (var step = 0; step < 12; step++)
            {
                var (registers, shown) = Registers.Of(kind, order, WholeRange(kind, dice), dice);
                Assert.Equal(FinderVerdict.Fits, finder.Observe(new Observation(Shown(shown), [registers])));
            }

            Assert.Equal([new OrderCandidate(new SignalType(kind), order)], finder.Left);
        }
    }

    [Theory]
    [MemberData(nameof(EveryTypeAndOrder))]
    public void A_value_that_stays_small_leaves_what_reads_alike_while_it_is_small_and_nothing_else(
        SignalKind kind, ByteOrder order)
    {
        var dice = new Random(7);
        var finder = Finder();
        for (var step = 0; step < 12; step++)
        {
            var (registers, shown) = Registers.Of(kind, order, 1000 + dice.Next(8000), dice);
            finder.Observe(new Observation(Shown(shown), [registers]));
        }

        Assert.Equal(SameWhileSmall(kind, order), finder.Left);
    }

    [Fact]
    public void One_number_with_decimals_is_enough_for_a_float_in_the_order_of_a_panel()
    {
        var finder = Finder();
        finder.Observe(new Observation(Shown("71.3"), [[0x999A, 0x428E, 0, 0]]));
        Assert.Equal("float32 CDAB", Assert.Single(finder.Left).ToString());
    }

    [Fact]
    public void Decimals_that_a_whole_number_left_out_are_found_as_its_scale()
    {
        var finder = Finder();
        finder.Observe(new Observation(Shown("71.3"), [[713, 0x8001, 0x8001, 0x8001]]));
        Assert.Equal(["int16 x 0.1", "uint16 x 0.1"], finder.Left.Select(each => each.ToString()));
    }

    [Fact]
    public void A_value_that_moved_while_somebody_typed_never_drops_the_right_order()
    {
        var dice = new Random(3);
        for (var round = 0; round < 40; round++)
        {
            var finder = Finder();
            var value = 20.0;
            for (var step = 0; step < 10; step++)
            {
                // What was on the screen is somewhere between two looks, and at none of them.
                var from = value;
                value += (dice.NextDouble() - 0.3) * 5;
                var seen = from + ((value - from) * dice.NextDouble());
                var (before, _) = Registers.Of(SignalKind.Float32, ByteOrder.CDAB, from, dice);
                var (after, _) = Registers.Of(SignalKind.Float32, ByteOrder.CDAB, value, dice);
                finder.Observe(new Observation(
                    Shown(seen.ToString("0.0", CultureInfo.InvariantCulture)), [before, after]));
            }

            Assert.Contains(new OrderCandidate(new SignalType(SignalKind.Float32), ByteOrder.CDAB), finder.Left);
        }
    }

    [Fact]
    public void One_slip_of_the_finger_drops_nothing()
    {
        var finder = Finder();
        finder.Observe(new Observation(Shown("71.3"), [[0x999A, 0x428E, 0, 0]]));

        Assert.Equal(FinderVerdict.SetAside, finder.Observe(new Observation(Shown("17.3"), [[0x999A, 0x428E, 0, 0]])));
        Assert.Single(finder.Left);
        Assert.Equal(FinderVerdict.Fits, finder.Observe(new Observation(Shown("71.3"), [[0x999A, 0x428E, 0, 0]])));
    }

    [Fact]
    public void A_slip_at_the_very_beginning_is_found_out_by_the_next_two()
    {
        var finder = Finder();

        // 43 is what one of the orders happens to make of it.
        finder.Observe(new Observation(Shown("713"), [[713, 0x428E, 1, 2]]));
        Assert.DoesNotContain(finder.Left, each => each.Type.Kind == SignalKind.Float32);
        Assert.Equal(FinderVerdict.SetAside, finder.Observe(new Observation(Shown("71.3"), [[0x999A, 0x428E, 1, 2]])));
        Assert.Equal(FinderVerdict.BegunAnew, finder.Observe(new Observation(Shown("72.1"), [[0x3333, 0x4290, 1, 2]])));

        Assert.Equal("float32 CDAB", Assert.Single(finder.Left).ToString());
        Assert.True(finder.HasMoved);
    }

    [Fact]
    public void Only_a_sample_that_shows_it_by_itself_is_a_proof()
    {
        var right = new OrderCandidate(new SignalType(SignalKind.Uint16), ByteOrder.ABCD);
        var finder = Finder();
        finder.Observe(new Observation(Shown("15"), [[10, 1, 1, 1], [20, 1, 1, 1]]));
        Assert.Contains(right, finder.Left);
        Assert.Empty(finder.Proofs(right));

        finder.Observe(new Observation(Shown("20"), [[20, 1, 1, 1]]));
        Assert.Equal(20, Assert.Single(finder.Proofs(right)).Registers[0]);
    }

    [Theory]
    [InlineData("71.3", 71.3, 0.05)]
    [InlineData("71.30", 71.3, 0.005)]
    [InlineData("-4", -4, 0.5)]
    [InlineData(" 007 ", 7, 0.5)]
    public void What_is_shown_stands_for_all_that_a_screen_rounds_to_it(string typed, double number, double tolerance)
    {
        Assert.True(ShownValue.TryNumber(typed, null, out var shown, out _));
        Assert.Equal((decimal)number, shown.Number);
        Assert.Equal((decimal)tolerance, shown.Tolerance);
    }

    [Theory]
    [InlineData("71,3", "with a point")]
    [InlineData("71.3 degC", "without its unit")]
    [InlineData("", "is not a number")]
    [InlineData("1e3", "is not a number")]
    [InlineData("99999999999999999999999999999999999", "is not a number")]
    public void What_is_no_number_is_refused_with_what_to_type(string typed, string sentence)
    {
        Assert.False(ShownValue.TryNumber(typed, null, out _, out var problem));
        Assert.Contains(sentence, problem, StringComparison.Ordinal);
    }

    private static OrderFinder Finder() => new(OrderCandidate.OfNumbers(null, null, null, null));

    private static ShownValue Shown(string text) =>
        ShownValue.TryNumber(text, null, out var shown, out var problem) ? shown : throw new ArgumentException(problem);

    /// <summary>
    /// Signed and unsigned are one while nothing is negative. Where the low word comes first, the narrower types of the
    /// family see it too, the words behind it being 0.
    /// </summary>
    private static IEnumerable<OrderCandidate> SameWhileSmall(SignalKind kind, ByteOrder order)
    {
        SignalKind[] whole =
        [
            SignalKind.Int16, SignalKind.Uint16, SignalKind.Int32, SignalKind.Uint32, SignalKind.Int64,
            SignalKind.Uint64,
        ];
        SignalKind[] digits = [SignalKind.Bcd16, SignalKind.Bcd32];
        var family = whole.Contains(kind) ? whole : digits.Contains(kind) ? digits : [kind];
        var width = new SignalType(kind).Registers;
        var lowWordFirst = width > 1 && order is ByteOrder.CDAB or ByteOrder.DCBA;
        var ofOneWord = order is ByteOrder.CDAB or ByteOrder.ABCD ? ByteOrder.ABCD : ByteOrder.BADC;
        return from each in family
               let type = new SignalType(each)
               where type.Registers == width || (lowWordFirst && type.Registers < width)
               select new OrderCandidate(type, type.Registers == 1 ? ofOneWord : order);
    }

    private static double WholeRange(SignalKind kind, Random dice) => kind switch
    {
        SignalKind.Int16 => dice.Next(-32768, 32768),
        SignalKind.Uint16 => dice.Next(0, 65536),
        SignalKind.Bcd16 => dice.Next(0, 10_000),
        SignalKind.Bcd32 => dice.Next(0, 100_000_000),
        SignalKind.Int32 => dice.Next(int.MinValue, int.MaxValue),
        SignalKind.Uint32 => dice.NextInt64(uint.MaxValue),
        SignalKind.Int64 => dice.NextInt64(-(1L << 52), 1L << 52),

        // A double holds whole numbers up to 2^53: above, the highest bits move in steps, and below stays 0.
        SignalKind.Uint64 => Math.Floor(dice.NextDouble() * (1L << 40)) * (1L << 24),
        _ => (dice.NextDouble() - 0.5) * 2000,
    };
}
