using Sluice.Plant.Day;
using Xunit;

namespace Sluice.Fast.Plant;

/// <summary>When what goes wrong in a day of faults, for a thousand seeds.</summary>
public sealed class Day_schedule
{
    private const int Seeds = 1_000;

    private static readonly TimeSpan[] Lengths = [DaySchedule.ShortestDay, TimeSpan.FromMinutes(3)];

    [Fact]
    public void The_same_seed_gives_the_same_day_and_another_one_another()
    {
        var day = DaySchedule.Of(7, TimeSpan.FromMinutes(3));

        Assert.Equal(day, DaySchedule.Of(7, TimeSpan.FromMinutes(3)));
        Assert.NotEqual(day, DaySchedule.Of(8, TimeSpan.FromMinutes(3)));
    }

    [Fact]
    public void Every_kind_of_fault_comes_at_least_once() => ForEveryDay((day, _) =>
        Assert.Equal(Enum.GetValues<DayFaultKind>(), day.Select(fault => fault.Kind).Distinct().Order()));

    [Fact]
    public void It_begins_calm_and_ends_kind() => ForEveryDay((day, length) => Assert.All(day, fault =>
    {
        var (shortest, longest) = DayFault.LengthOf(fault.Kind);
        Assert.InRange(fault.Lasts, shortest, longest);
        Assert.InRange(fault.At, DaySchedule.Calm, length - fault.Lasts);
    }));

    [Fact]
    public void Two_faults_of_one_part_lie_apart_and_some_of_different_parts_overlap() => ForEveryDay((day, _) =>
    {
        var pairs = day.SelectMany((one, at) => day.Skip(at + 1).Select(other => (One: one, Other: other))).ToList();
        Assert.All(
            pairs.Where(pair => (pair.One.Parts & pair.Other.Parts) != 0),
            pair => Assert.True(pair.Other.At >= pair.One.Until + DaySchedule.Apart, $"{pair}"));
        Assert.Contains(pairs, pair => pair.One.Overlaps(pair.Other));
    });

    [Fact]
    public void A_longer_day_brings_more_of_them()
    {
        var day = DaySchedule.Of(3, TimeSpan.FromMinutes(30));

        Assert.InRange(day.Count, 150, 30 * 60);
        Assert.All(
            Enum.GetValues<DayFaultKind>(),
            kind => Assert.InRange(day.Count(fault => fault.Kind == kind), 5, day.Count));
    }

    [Fact]
    public void A_day_without_room_for_one_of_each_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => DaySchedule.Of(1, DaySchedule.ShortestDay - TimeSpan.FromSeconds(1)));

    private static void ForEveryDay(Action<IReadOnlyList<DayFault>, TimeSpan> holds)
    {
        foreach (var length in Lengths)
        {
            for (var seed = 0; seed < Seeds; seed++)
            {
                holds(DaySchedule.Of(seed, length), length);
            }
        }
    }
}
