using Sluice.Agent.Commissioning.Discovery;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

public sealed class RangeSearchTests
{
    [Fact]
    public void A_table_that_is_all_there_takes_few_requests_and_says_that_it_was_sampled()
    {
        var search = Run(_ => true);

        Assert.Equal([new FoundRange(0, 65535, Sampled: true)], search.Ranges);
        Assert.InRange(search.Requests, 1, 80);
        Assert.Equal([new FoundRange(0, 65535, Sampled: false)], Run(_ => true, thorough: true).Ranges);
    }

    [Fact]
    public void The_edges_of_every_range_that_the_gallop_steps_on_are_exact()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var dice = new Random(seed);
            var ranges = new List<FoundRange>();
            for (var at = dice.Next(3) * dice.Next(200); at < 3000;)
            {
                // Wide enough for a step of the gallop to fall on it, wherever the hole before it began.
                var length = 130 + dice.Next(700);
                ranges.Add(new FoundRange(at, at + length - 1, false));
                at += length + 1 + dice.Next(300);
            }

            var search = Run(address => ranges.Exists(range => address >= range.First && address <= range.Last));
            Assert.Equal(ranges, search.Ranges);
        }
    }

    [Fact]
    public void Small_islands_right_behind_small_holes_are_found()
    {
        var search = Run(address => address is 0 or 1 or (>= 4 and <= 9) or 11 or (>= 100 and <= 103));
        Assert.Equal(
            [new FoundRange(0, 1, false), new FoundRange(4, 9, false), new FoundRange(11, 11, false),
                new FoundRange(100, 103, false)],
            search.Ranges);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    public void A_device_that_gives_fewer_at_once_loses_no_address_by_whatever_exception_it_says_so(int exception)
    {
        var search = Run(address => address <= 444, atOnce: 37, tooMany: exception == 3);
        Assert.Equal([new FoundRange(0, 444, false)], search.Ranges);
        Assert.InRange(search.BlockMax, 16, 37);
    }

    [Fact]
    public void A_function_that_the_device_does_not_know_ends_the_table_with_the_first_answer()
    {
        var search = Run(_ => false, otherwise: ProbeOutcome.NoFunction);
        Assert.Equal((TableVerdict.NoFunction, 1), (search.Verdict, search.Requests));
    }

    [Fact]
    public void A_unit_that_is_silent_three_times_in_a_row_is_not_asked_on()
    {
        var search = Run(address => address < 20, otherwise: ProbeOutcome.Silent);
        Assert.Equal(TableVerdict.Silent, search.Verdict);
        Assert.InRange(search.Requests, 3, 20);
    }

    [Fact]
    public void An_empty_table_takes_a_hundred_requests_and_not_sixty_thousand()
    {
        var search = Run(_ => false);
        Assert.Empty(search.Ranges);
        Assert.InRange(search.Requests, 50, 110);
    }

    [Fact]
    public void Whatever_a_device_answers_the_search_ends_and_asks_for_nothing_outside_the_range()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var dice = new Random(seed);
            var search = new RangeSearch(ModbusTable.HoldingRegister, Options() with { First = 100, Last = 40_000 });
            while (search.Next is { } probe)
            {
                Assert.InRange(probe.Address, 100, 40_000);
                Assert.InRange(probe.Count, 1, Math.Min(125, 40_001 - probe.Address));
                search.Observe((ProbeOutcome)dice.Next(3));
            }

            Assert.InRange(search.Requests, 1, 1000);
            Assert.All(search.Ranges, range => Assert.InRange(range.Last, range.First, 40_000));
        }
    }

    [Fact]
    public void A_device_that_answers_every_unit_alike_counts_as_one()
    {
        var scan = UnitScan.OnTcp();
        var asked = new List<byte>();
        while (scan.Next is { } unit)
        {
            asked.Add(unit);
            scan.Observe(answers: true);
        }

        Assert.Equal([1, 255, 0, 247, 113], asked.Select(unit => (int)unit));
        Assert.True(scan.AnswersAll);
        Assert.Equal([1], scan.Found.Select(unit => (int)unit));
    }

    [Fact]
    public void Every_unit_is_asked_once_and_the_likely_ones_first()
    {
        var scan = UnitScan.OnTcp();
        var asked = new List<byte>();
        while (scan.Next is { } unit)
        {
            asked.Add(unit);
            scan.Observe(unit is 1 or 17);
        }

        Assert.Equal(249, asked.Count);
        Assert.Equal(249, asked.Distinct().Count());
        Assert.Equal([1, 17], scan.Found.Select(unit => (int)unit));
        Assert.Equal(247, UnitScan.OnBus().Count);
    }

    private static RangeSearchOptions Options() => new() { BlockMax = 125 };

    private static RangeSearch Run(
        Func<int, bool> isThere, int atOnce = 125, bool tooMany = true, bool thorough = false,
        ProbeOutcome otherwise = ProbeOutcome.Nothing)
    {
        var search = new RangeSearch(ModbusTable.HoldingRegister, Options() with { Thorough = thorough });
        while (search.Next is { } probe)
        {
            search.Observe(probe.Count > atOnce
                ? tooMany ? ProbeOutcome.TooMany : ProbeOutcome.Nothing
                : Enumerable.Range(probe.Address, probe.Count).All(isThere) ? ProbeOutcome.Readable : otherwise);
        }

        return search;
    }
}
