using CsCheck;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

public sealed class ReadPlanTests
{
    private static readonly string[] Types = ["int16", "float32", "float64", "string:20", "string:250"];

    private static readonly Gen<ModbusSignal> AnySignal =
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 400], Gen.Int[0, 4], Gen.Int[1, 3], (table, address, type, unit) =>
            table < 2
                ? Signals.Modbus("b", $"{(table == 0 ? "coil" : "discrete")}:{address * 9}", "bool", unit: (byte)unit)
                : Signals.Modbus(
                    "r", $"{(table == 2 ? "holding" : "input")}:{address}", Types[type], unit: (byte)unit));

    [Fact]
    public void Every_due_signal_lies_whole_in_exactly_one_block_and_no_block_passes_a_cap() =>
        Gen.Select(AnySignal.List[1, 60], Gen.Int[0, 124], Gen.Bool, Gen.Int[0, 1000]).Sample(
            (signals, gap, single, seed) =>
            {
                var options = new ReadPlanOptions { GapRegistersMax = gap, OneRequestPerSignal = single };
                var plan = new ReadPlan(signals, options);
                int[] due = [.. Enumerable.Range(0, signals.Count).Where(each => ((each * 31) + seed) % 3 != 0)];
                plan.Plan(due);
                var planned = new List<int>();
                foreach (var block in plan.Blocks)
                {
                    block.Request.Check();
                    Assert.True(!single || block.Members == 1);
                    CheckMembers(signals, plan, block, planned, block.Request.IsBits ? gap * 16 : gap);
                }

                Assert.Equal(due, planned.Order());
            });

    [Fact]
    public void Neighbours_are_read_in_one_request_and_a_wide_gap_is_not_read_along()
    {
        var plan = new ReadPlan(
            [
                Signals.Modbus("c", "holding:119", "int16"), Signals.Modbus("a", "holding:100", "float32"),
                Signals.Modbus("b", "holding:102", "int16"), Signals.Modbus("d", "holding:140", "int16"),
            ],
            new ReadPlanOptions { GapRegistersMax = 16 });
        plan.Plan([0, 1, 2, 3]);
        Assert.Equal([(100, 20), (140, 1)], plan.Blocks.Select(each => ((int)each.Address, each.Count)));
    }

    [Fact]
    public void A_block_never_takes_more_registers_than_the_device_allows()
    {
        ModbusSignal[] signals =
            [.. Enumerable.Range(0, 40).Select(each => Signals.Modbus($"s{each}", $"holding:{each * 2}", "float32"))];
        var plan = new ReadPlan(signals, new ReadPlanOptions { RegistersMax = 7 });
        plan.Plan([.. Enumerable.Range(0, 40)]);
        Assert.All(plan.Blocks, each => Assert.True(each.Count is 6 or 2));
        Assert.Equal(40, plan.Blocks.Sum(each => each.Members));
    }

    [Fact]
    public void A_value_that_no_request_can_hold_is_refused_and_named()
    {
        var fault = Assert.Throws<ArgumentException>(() => new ReadPlan(
            [Signals.Modbus("name", "holding:0", "string:200")], new ReadPlanOptions { RegistersMax = 64 }));
        Assert.Contains("plc/name", fault.Message, StringComparison.Ordinal);
        Assert.Contains("never split", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bisection_finds_every_hole_in_few_requests_and_then_asks_for_none_again() =>
        Gen.Select(Gen.Int[2, 60], Gen.Int[0, 59].Array[0, 3]).Sample((count, holes) =>
        {
            ModbusSignal[] signals =
            [
                .. Enumerable.Range(0, count)
                    .Select(each => Signals.Modbus($"s{each}", $"holding:{each * 3}", "int16")),
            ];
            var refused = holes.Select(each => (each % count * 3) + 1).ToHashSet();
            var plan = new ReadPlan(signals, new ReadPlanOptions());
            int[] due = [.. Enumerable.Range(0, count)];
            var refusals = 0;
            var rounds = 0;
            do
            {
                // Each round is one call of the source. Regrouped after a split, a hole can be hit once more.
                Assert.True(++rounds <= 6, $"{rounds} rounds");
                plan.Plan(due);
                refusals += Bisect(plan, refused);
                plan.Plan(due);
            }
            while (plan.Blocks.Any(each => Hits(each, refused)));
            Assert.True(plan.Splits < count);
            Assert.True(refusals <= 8 * (refused.Count + 1), $"{refusals} refused requests for {refused.Count} holes");
        });

    [Fact]
    public void Two_signals_of_the_same_register_are_read_once()
    {
        var plan = new ReadPlan(
            [Signals.Modbus("a", "holding:5.0", "bool"), Signals.Modbus("b", "holding:5.9", "bool")],
            new ReadPlanOptions());
        plan.Plan([0, 1]);
        Assert.Equal(1, plan.Blocks.Single().Count);
    }

    private static int Bisect(ReadPlan plan, HashSet<int> refused)
    {
        var refusals = 0;
        var work = new Stack<ReadBlock>(plan.Blocks);
        while (work.TryPop(out var block))
        {
            if (Hits(block, refused) && block.Members > 1)
            {
                refusals++;
                var (front, back) = plan.Split(block, TimeSpan.Zero);
                Assert.Equal(block.Members, front.Members + back.Members);
                work.Push(back);
                work.Push(front);
            }
        }

        return refusals;
    }

    private static bool Hits(ReadBlock block, HashSet<int> refused) =>
        refused.Any(each => each >= block.Address && each < block.Address + block.Count);

    private static void CheckMembers(
        List<ModbusSignal> signals, ReadPlan plan, ReadBlock block, List<int> planned, int gapMax)
    {
        var end = (int)block.Address;
        for (var place = block.First; place < block.First + block.Members; place++)
        {
            var signal = signals[plan.SignalAt(place)];
            Assert.Equal((block.UnitId, block.Table), (signal.UnitId, signal.Address.Table));
            Assert.True(signal.Address.Address >= block.Address);
            Assert.True(signal.Address.Address + ReadPlan.SizeOf(signal) <= block.Address + block.Count);
            Assert.True(signal.Address.Address - end <= gapMax);
            end = Math.Max(end, signal.Address.Address + ReadPlan.SizeOf(signal));
            planned.Add(plan.SignalAt(place));
        }

        Assert.Equal(block.Address + block.Count, end);
    }
}
