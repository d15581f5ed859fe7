using Sluice.Agent.Auditing;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.Auditing;

public sealed class AuditPlanTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 22, 14, 0, 0, TimeSpan.Zero);

    private readonly AuditPlan plan = new();
    private readonly List<TimedNote> lines = [];
    private TimeSpan now = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_few_things_are_a_line_each_in_the_order_in_which_they_happened()
    {
        for (var at = 0; at < AuditPlan.Burst; at++)
        {
            Tell(AuditKind.Ask, $"ask {at}");
            Tell(AuditKind.Clock, $"clock {at}");
        }

        Write();
        Assert.Equal(AuditPlan.Burst * 2, lines.Count);
        Assert.Equal(
            Enumerable.Range(0, AuditPlan.Burst).Select(at => $"ask {at}"),
            lines.Where(line => line.Note.Kind == AuditKind.Ask).Select(line => line.Note.Text));
        Assert.Equal(0, plan.Folded);
    }

    [Fact]
    [Trait("suite", "world")]
    public void A_flood_of_a_month_is_few_lines_and_each_ask_is_in_one_or_counted()
    {
        const int everySeconds = 3;
        var told = 0L;
        for (; now < TimeSpan.FromDays(30); now += TimeSpan.FromSeconds(everySeconds))
        {
            Tell(AuditKind.Ask, "refused", 40);
            told += 40;
            Write();
        }

        Write(isLast: true);
        Assert.Equal(told, lines.Sum(line => line.Note.Count));
        Assert.InRange(lines.Count, 500, AuditPlan.Burst + (2 * 30 * 24) + 1);

        // At 400 bytes a line: not even a month of it pushes an older line out of sixteen files.
        Assert.True(lines.Count * 400L < AuditLog.FileBytesMax * 3);
    }

    [Fact]
    public void One_kind_that_floods_takes_no_line_from_another()
    {
        for (var at = 0; at < 10_000; at++)
        {
            Tell(AuditKind.Ask, "refused");
        }

        Tell(AuditKind.Takeover, "somebody else");
        Write();
        Assert.Equal("somebody else", lines[^1].Note.Text);
        Assert.Equal(AuditPlan.Burst + 1, lines.Count);
        Assert.Equal(10_000 - AuditPlan.Burst, plan.Folded);
    }

    [Fact]
    public void A_disk_that_takes_nothing_keeps_a_bounded_number_waiting_and_the_rest_counted()
    {
        var told = 0;
        for (; told < 1_000_000; told++)
        {
            Tell((AuditKind)(told % 8), "something");
            now += TimeSpan.FromMinutes(1);
            Assert.InRange(plan.Waiting, 0, AuditPlan.QueueMax);
            plan.Next(now, isLast: false);
        }

        Write(isLast: true);
        Assert.Equal(told, lines.Sum(line => line.Note.Count));
        Assert.Equal((0, 0L), (plan.Waiting, plan.Folded));
    }

    [Fact]
    public void Words_that_somebody_makes_up_make_no_long_line()
    {
        for (var at = 0; at < 5_000; at++)
        {
            plan.Tell(new TimedNote(
                new AuditNote(AuditKind.Ask, "ask", "refused", "no") { Counted = $"word {at}" }, Begin + now), now);
        }

        Write(isLast: true);
        Assert.InRange(lines[^1].Note.Text.Length, 1, 500);
        Assert.Contains("others", lines[^1].Note.Text, StringComparison.Ordinal);
        Assert.Equal(5_000, lines.Sum(line => line.Note.Count));
    }

    [Fact]
    public void Any_life_is_told_in_full_and_in_order()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var dice = new Random(seed);
            var life = new AuditPlan();
            var (written, told, at) = (new List<TimedNote>(), 0L, TimeSpan.Zero);
            for (var step = 0; step < 300; step++)
            {
                at += TimeSpan.FromSeconds(dice.Next(0, 900));
                for (var more = dice.Next(0, 30); more > 0; more--)
                {
                    told++;
                    life.Tell(new TimedNote(new AuditNote(
                        (AuditKind)dice.Next(3), "verb", "refused", $"{told}"), Begin + at), at);
                }

                for (var takes = dice.Next(0, 6); takes > 0 && life.Next(at, false) is { } line; takes--)
                {
                    written.Add(line);
                    life.Written();
                }

                Assert.InRange(life.Waiting, 0, AuditPlan.QueueMax);
                Assert.True(life.Folded == 0 || life.Wait(at) is not null, $"seed {seed}: nobody comes back for it");
            }

            while (life.Next(at, isLast: true) is { } line)
            {
                written.Add(line);
                life.Written();
            }

            Assert.True(told == written.Sum(line => line.Note.Count), $"seed {seed}: something was not told");
            foreach (var kind in Enum.GetValues<AuditKind>())
            {
                var times = written.Where(line => line.Note.Kind == kind).Select(line => line.At).ToList();
                Assert.True(times.SequenceEqual(times.Order()), $"seed {seed}: {kind} out of order");
            }
        }
    }

    private void Tell(AuditKind kind, string text, long count = 1)
    {
        for (; count > 0; count--)
        {
            plan.Tell(new TimedNote(new AuditNote(kind, "verb", "refused", text), Begin + now), now);
        }
    }

    private void Write(bool isLast = false)
    {
        while (plan.Next(now, isLast) is { } line)
        {
            lines.Add(line);
            plan.Written();
        }
    }
}
