using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Units;

/// <summary>The breaker of each unit, stepped through a made-up line time.</summary>
public sealed class UnitPolicyTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Answer = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void One_good_unit_beside_thirty_dead_ones_keeps_its_cycle()
    {
        var line = new Line([.. Enumerable.Range(1, 31)], unit => unit == 31);
        while (line.Policy.Broken < 30)
        {
            // Nobody lives yet: a call meets four, and not all thirty.
            Assert.InRange(line.Cycle(), TimeSpan.FromTicks(1), Timeout * 4);
        }

        Assert.Equal((Timeout * 30) + Answer, line.Now);
        line.Cycle();
        var longest = TimeSpan.Zero;
        var dead = TimeSpan.Zero;
        var from = line.Now;
        for (var cycle = 0; cycle < 3600; cycle++)
        {
            var began = line.Now;
            dead += line.Cycle();
            longest = line.Now - began > longest ? line.Now - began : longest;
            line.WaitUntil(began + TimeSpan.FromSeconds(1));
        }

        Assert.True(longest <= Timeout + Answer, $"a cycle took {longest}");
        Assert.True(dead <= (line.Now - from) * 0.05, $"dead units took {dead} of {line.Now - from}");
        Assert.All(line.Probed, each => Assert.InRange(each.Value, 5, 30));
    }

    /// <summary>
    /// Wherever the good one stands: it is found before more than the dead ones' first deadlines have passed, is late
    /// by one deadline at most from then on, and they take their share and a minute's of it at once, at any time.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(30)]
    [InlineData(124)]
    [InlineData(246)]
    [InlineData(247)]
    public void One_good_unit_among_246_dead_ones_is_found_and_keeps_its_cycle_from_its_first_answer_on(int good)
    {
        var answers = 0;
        var line = new Line([.. Enumerable.Range(1, 247)], unit => unit == good && ++answers > 0);
        for (; answers == 0; line.WaitUntil(line.Now + Answer))
        {
            Assert.True(line.Cycle() <= Timeout * 4, "a call took long");
        }

        Assert.True(line.Now <= (Timeout + Answer) * (good + 3), $"found after {line.Now}");
        var (from, dead) = (line.Now, TimeSpan.Zero);
        for (var cycle = 0; cycle < 3600; cycle++)
        {
            var (began, before) = (line.Now, answers);
            dead += line.Cycle();
            Assert.True(answers > before && line.Now - began <= Timeout + (Answer * 2), $"{cycle} was late");
            line.WaitUntil(began + TimeSpan.FromSeconds(1));
            var allowed = (line.Now - from + TimeSpan.FromMinutes(1)) * 0.05;
            Assert.True(dead <= allowed + Timeout, $"dead units took {dead} in {line.Now - from}");
        }

        Assert.Equal(246, line.Probed.Count);
    }

    [Fact]
    public void A_unit_that_comes_back_is_found_by_a_probe_and_read_in_every_cycle_after()
    {
        var alive = false;
        var line = new Line([1, 2], unit => unit == 1 || alive);
        for (var cycle = 0; cycle < 5; cycle++)
        {
            line.Cycle();
        }

        Assert.Equal(1, line.Policy.Broken);
        alive = true;
        var cycles = 0;
        while (line.Policy.Broken > 0)
        {
            line.Cycle();
            line.WaitUntil(line.Now + TimeSpan.FromSeconds(1));
            Assert.True(++cycles < 15);
        }
    }

    [Fact]
    public void Where_nobody_lives_every_cycle_probes_one_unit_and_each_has_its_turn()
    {
        var line = new Line([1, 2, 3], _ => false);
        line.Cycle();
        line.Probed.Clear();
        for (var cycle = 0; cycle < 9; cycle++)
        {
            var began = line.Now;
            line.Cycle();
            Assert.Equal(Timeout, line.Now - began);
        }

        Assert.Equal([3, 3, 3], line.Probed.Values);
    }

    [Fact]
    public void One_missed_answer_of_a_unit_that_lives_breaks_nothing()
    {
        var policy = new UnitPolicy(new UnitPolicyOptions());
        policy.Observe(1, ModbusResult.Answered, Answer, Answer);
        policy.Observe(1, new ModbusResult(ModbusStatus.Timeout), Timeout, Timeout);
        Assert.True(policy.MayAsk(1));
        policy.Observe(1, ModbusResult.Answered, Answer, Timeout * 2);
        policy.Observe(1, new ModbusResult(ModbusStatus.Timeout), Timeout, Timeout * 3);
        Assert.True(policy.MayAsk(1));
        policy.Observe(1, new ModbusResult(ModbusStatus.Timeout), Timeout, Timeout * 4);
        Assert.False(policy.MayAsk(1));
    }

    [Fact]
    public void A_missing_connection_is_not_the_units_fault()
    {
        var policy = new UnitPolicy(new UnitPolicyOptions());
        for (var index = 0; index < 10; index++)
        {
            policy.Observe(1, new ModbusResult(ModbusStatus.Disconnected), Answer, Answer * index);
        }

        Assert.True(policy.MayAsk(1));
    }

    [Fact]
    public void An_exception_of_the_unit_is_a_sign_of_life_and_one_of_the_gateway_is_not()
    {
        var policy = new UnitPolicy(new UnitPolicyOptions());
        policy.Observe(1, new ModbusResult(ModbusStatus.DeviceException, 2), Answer, Answer);
        policy.Observe(2, new ModbusResult(ModbusStatus.DeviceException, 0x0B), Answer, Answer);
        policy.Observe(3, new ModbusResult(ModbusStatus.DeviceException, 0x0A), Answer, Answer);
        Assert.Equal([true, false, false], new byte[] { 1, 2, 3 }.Select(policy.MayAsk));
    }

    private sealed class Line(int[] units, Func<int, bool> lives)
    {
        private readonly ReadBlock[] blocks =
            [.. units.Select(each => new ReadBlock((byte)each, ModbusTable.HoldingRegister, 0, 1, 0, 1))];

        public UnitPolicy Policy { get; } = new(new UnitPolicyOptions());

        public TimeSpan Now { get; private set; }

        public SortedDictionary<int, int> Probed { get; } = [];

        /// <summary>One call of the source; what it lost on units that did not answer.</summary>
        public TimeSpan Cycle()
        {
            var lost = TimeSpan.Zero;
            Policy.BeginCall(blocks, Now);
            foreach (var block in blocks)
            {
                if (!Policy.MayAsk(block.UnitId))
                {
                    continue;
                }

                var took = lives(block.UnitId) ? Answer : Timeout;
                Now += took;
                if (!lives(block.UnitId))
                {
                    lost += took;
                    Probed[block.UnitId] = Probed.GetValueOrDefault(block.UnitId) + 1;
                }

                var status = lives(block.UnitId) ? ModbusStatus.Answered : ModbusStatus.Timeout;
                Policy.Observe(block.UnitId, new ModbusResult(status), took, Now);
            }

            return lost;
        }

        public void WaitUntil(TimeSpan time) => Now = time > Now ? time : Now;
    }
}
