using CsCheck;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

/// <summary>What is read along, from what requests were seen to cost.</summary>
public sealed class RequestCostsTests
{
    /// <summary>Microseconds per request and per register, and the registers that are worth reading along.</summary>
    [Theory]
    [InlineData(10_000, 1_000, 10)]
    [InlineData(40_000, 1_000, 40)]
    [InlineData(1_000, 1_000, 1)]
    [InlineData(0, 1_000, 0)]
    [InlineData(5_000, 0, 124)]
    [InlineData(5_000, 10, 124)]
    public void The_gap_is_what_a_request_costs_in_registers(int perRequest, int perRegister, int gap)
    {
        var costs = Measured(new RequestCosts(16), perRequest, perRegister, [2, 10, 60]);
        Assert.InRange(costs.GapRegisters, gap - 2, gap + 2);
        Assert.Equal(perRequest / 1000.0, costs.PerRequest!.Value.TotalMilliseconds, 0.1);
    }

    [Fact]
    public void What_has_one_size_only_says_nothing_and_the_first_guess_stays()
    {
        var costs = Measured(new RequestCosts(16), 40_000, 1_000, [10]);
        Assert.Equal(16, costs.GapRegisters);
        Assert.Null(costs.PerRequest);
        Assert.Equal(16, Measured(costs, 40_000, 1_000, [12, 20]).GapRegisters);
    }

    [Fact]
    public void One_slow_answer_in_five_moves_nothing()
    {
        var costs = new RequestCosts(16);
        for (var turn = 0; turn < 1000; turn++)
        {
            foreach (var size in (int[])[2, 60])
            {
                var slow = turn % 5 == 0 ? 400_000 : 0;
                costs.Observe(Of(size), TimeSpan.FromMicroseconds(20_000 + (1_000 * size) + slow));
            }
        }

        Assert.InRange(costs.GapRegisters, 18, 22);
    }

    [Fact]
    public void An_estimate_that_trembles_does_not_move_the_plan()
    {
        var costs = Measured(new RequestCosts(16), 20_000, 1_000, [2, 60]);
        var gap = costs.GapRegisters;
        for (var wave = 0; wave < 50; wave++)
        {
            Measured(costs, 20_000 + (wave % 2 == 0 ? 2_000 : -2_000), 1_000, [2, 60]);
            Assert.Equal(gap, costs.GapRegisters);
        }
    }

    [Fact]
    public void A_device_that_becomes_another_one_is_measured_anew()
    {
        var costs = Measured(new RequestCosts(16), 10_000, 1_000, [2, 60]);
        Assert.InRange(costs.GapRegisters, 9, 11);
        Assert.InRange(Measured(costs, 60_000, 1_000, [2, 60]).GapRegisters, 58, 62);
    }

    [Fact]
    public void Whatever_is_observed_the_gap_is_one_that_a_request_can_hold() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 125], Gen.Long[0, long.MaxValue / 4]).Array[0, 400].Sample(seen =>
        {
            var costs = new RequestCosts(16);
            foreach (var (table, size, ticks) in seen)
            {
                costs.Observe(new ReadRequest(1, (ModbusTable)table, 0, size), TimeSpan.FromTicks(ticks));
            }

            Assert.InRange(costs.GapRegisters, 0, 124);
        });

    /// <summary>Before anything was measured: 13 bytes and the silences, in registers.</summary>
    [Theory]
    [InlineData(9_600, 0, 10)]
    [InlineData(19_200, 5, 12)]
    [InlineData(115_200, 5, 41)]
    [InlineData(115_200, 100, 124)]
    public void On_a_serial_line_the_first_guess_is_its_arithmetic(int baud, int turnaroundMilliseconds, int gap) =>
        Assert.Equal(gap, RtuLineTime.GapThatPays(
            new SerialPortOptions { Path = "/dev/ttyS1", Baud = baud },
            TimeSpan.FromMilliseconds(turnaroundMilliseconds)));

    [Fact]
    public void What_is_measured_changes_the_next_plan()
    {
        var plan = new ReadPlan(
            [Signals.Modbus("a", "holding:0", "uint16"), Signals.Modbus("b", "holding:40", "uint16")],
            new ReadPlanOptions());
        plan.Plan([0, 1]);
        Assert.Equal(2, plan.Blocks.Count);
        plan.GapRegisters = Measured(new RequestCosts(16), 60_000, 1_000, [2, 60]).GapRegisters;
        plan.Plan([0, 1]);
        Assert.Single(plan.Blocks);
    }

    /// <summary>
    /// Of a plan with any gap: no value is split, every cap is kept, and no two blocks are apart that it would pay to
    /// merge, nor merged where it would not.
    /// </summary>
    [Fact]
    public void Blocks_are_merged_exactly_where_it_pays() =>
        Gen.Select(Gen.Select(Gen.Int[0, 300], Gen.Int[0, 2]).Array[1, 40], Gen.Int[0, 124], Gen.Int[4, 125])
            .Sample((places, gap, registersMax) =>
            {
                string[] types = ["uint16", "float32", "float64"];
                ModbusSignal[] signals = [.. places.Select((place, index) =>
                    Signals.Modbus($"s{index}", $"holding:{place.Item1}", types[place.Item2]))];
                var plan = new ReadPlan(signals, new ReadPlanOptions { RegistersMax = registersMax })
                {
                    GapRegisters = gap,
                };
                plan.Plan([.. Enumerable.Range(0, signals.Length)]);
                for (var at = 0; at < plan.Blocks.Count; at++)
                {
                    CheckBlock(plan, plan.Blocks[at], signals, gap, registersMax);
                    if (at > 0)
                    {
                        CheckApart(plan, plan.Blocks[at - 1], plan.Blocks[at], signals, gap, registersMax);
                    }
                }

                Assert.Equal(signals.Length, plan.Blocks.Sum(block => block.Members));
            });

    private static void CheckBlock(
        ReadPlan plan, ReadBlock block, ModbusSignal[] signals, int gap, int registersMax)
    {
        Assert.InRange(block.Count, 1, registersMax);
        var end = (int)block.Address;
        for (var place = block.First; place < block.First + block.Members; place++)
        {
            var signal = signals[plan.SignalAt(place)];
            var last = signal.Address.Address + ReadPlan.SizeOf(signal);
            Assert.InRange(signal.Address.Address, block.Address, block.Address + block.Count - 1);
            Assert.True(last <= block.Address + block.Count, "a value is split");
            Assert.True(signal.Address.Address - end <= gap, "a gap was read that does not pay");
            end = Math.Max(end, last);
        }
    }

    private static void CheckApart(
        ReadPlan plan, ReadBlock before, ReadBlock block, ModbusSignal[] signals, int gap, int registersMax)
    {
        var head = signals[plan.SignalAt(block.First)];
        var merged = Math.Max(before.Address + before.Count, head.Address.Address + ReadPlan.SizeOf(head))
            - before.Address;
        Assert.True(
            block.Address - (before.Address + before.Count) > gap || merged > registersMax,
            "two blocks are apart that it would pay to merge");
    }

    private static RequestCosts Measured(RequestCosts costs, int perRequest, int perRegister, int[] sizes)
    {
        for (var turn = 0; turn < 100; turn++)
        {
            foreach (var size in sizes)
            {
                costs.Observe(Of(size), TimeSpan.FromMicroseconds(perRequest + (perRegister * size)));
            }
        }

        return costs;
    }

    private static ReadRequest Of(int registers) => new(1, ModbusTable.HoldingRegister, 0, registers);
}
