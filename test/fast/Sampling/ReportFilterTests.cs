using CsCheck;
using Sluice.Agent.Configuration;
using Sluice.Agent.Sampling;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Sampling;

public sealed class ReportFilterTests
{
    private static readonly Signal Temperature =
        new() { Name = "hmi1/oil", Source = "hmi1", Type = new SignalType(SignalKind.Float32) };

    private static readonly Quality Silent = Quality.Bad(QualityReason.Timeout);

    private readonly ReadingBatch into = new();

    [Fact]
    public void The_first_reading_is_reported_whatever_it_is()
    {
        var filter = OnChange(deadband: 100);
        Assert.Equal(["/Bad/Timeout"], Observe(filter, SignalValue.None, Silent, 0));
    }

    [Fact]
    public void An_unchanged_value_is_repeated_only_after_the_time_given()
    {
        var filter = OnChange(deadband: 0, atLeastEvery: 60);
        Assert.Single(Observe(filter, 5, 0));
        Assert.Empty(Observe(filter, 5, 30));
        Assert.Single(Observe(filter, 5, 60));
        Assert.Empty(Observe(filter, 5, 119));
        Assert.Single(Observe(filter, 5, 120));
    }

    [Fact]
    public void A_slow_drift_cannot_hide_in_the_deadband()
    {
        var filter = OnChange(deadband: 0.25);
        Observe(filter, 10.0, 0);
        Assert.Empty(Observe(filter, 10.125, 1));
        Assert.Empty(Observe(filter, 10.25, 2));
        Assert.Equal(["10.375/Good"], Observe(filter, 10.375, 3));
        Assert.Empty(Observe(filter, 10.25, 4));
    }

    [Fact]
    public void When_the_quality_changes_the_last_of_the_old_and_the_first_of_the_new_are_reported()
    {
        var filter = OnChange(deadband: 1);
        Observe(filter, 10, 0);
        Observe(filter, 10.5, 1);
        Observe(filter, 10.75, 2);

        Assert.Equal(["10.75/Good", "/Bad/Timeout"], Observe(filter, SignalValue.None, Silent, 3));
    }

    [Fact]
    public void The_last_of_the_old_quality_is_not_reported_twice()
    {
        var filter = OnChange(deadband: 1);
        Observe(filter, 10, 0);

        Assert.Equal(["/Bad/Timeout"], Observe(filter, SignalValue.None, Silent, 1));
        Assert.Equal(["11/Good"], Observe(filter, 11, 2));
    }

    [Fact]
    public void Another_reason_is_another_quality()
    {
        var filter = OnChange(deadband: 0);
        Observe(filter, SignalValue.None, Silent, 0);
        Assert.Equal(
            ["/Bad/Disconnected"],
            Observe(filter, SignalValue.None, Quality.Bad(QualityReason.Disconnected), 1));
    }

    [Fact]
    public void A_step_of_one_in_a_64_bit_counter_is_a_change_although_a_double_cannot_see_it()
    {
        var filter = OnChange(deadband: 0.5);
        Observe(filter, SignalValue.From(ulong.MaxValue - 1), Quality.Good, 0);
        Assert.Single(Observe(filter, SignalValue.From(ulong.MaxValue), Quality.Good, 1));
    }

    [Fact]
    public void Always_reports_every_reading()
    {
        var filter = new ReportFilter(new ReportRule(true, 0, TimeSpan.FromSeconds(60)));
        for (var second = 0; second < 5; second++)
        {
            Assert.Single(Observe(filter, 5, second));
        }
    }

    [Fact]
    public void Any_course_keeps_its_order_its_edges_and_its_deadband() =>
        Gen.Select(Gen.Int[0, 8], Gen.Select(Gen.Int[0, 20], Gen.Bool, Gen.Int[1, 40]).Array[1, 200])
            .Sample((deadband, course) =>
            {
                var filter = new ReportFilter(new ReportRule(false, deadband, TimeSpan.FromSeconds(60)));
                var batch = new ReadingBatch();
                var read = new List<Reading>();
                var second = 0;
                foreach (var (value, good, step) in course)
                {
                    second += step;
                    var reading = good ? At(SignalValue.From((long)value), Quality.Good, second)
                        : At(SignalValue.None, Silent, second);
                    read.Add(reading);
                    filter.Observe(reading, TimeSpan.FromSeconds(second), batch);
                }

                AssertCourse(read, batch.Readings.ToArray(), deadband);
            });

    private static void AssertCourse(List<Reading> read, Reading[] reported, int deadband)
    {
        Assert.Equal(reported.OrderBy(r => r.SourceTimestamp), reported);
        Assert.Equal(reported.Length, reported.Select(r => r.SourceTimestamp).Distinct().Count());
        var stamps = reported.Select(r => r.SourceTimestamp).ToHashSet();
        var last = read[0];
        for (var i = 0; i < read.Count; i++)
        {
            if (i > 0 && read[i].Quality != read[i - 1].Quality)
            {
                Assert.Contains(read[i - 1].SourceTimestamp, stamps);
                Assert.Contains(read[i].SourceTimestamp, stamps);
            }

            last = stamps.Contains(read[i].SourceTimestamp) ? read[i] : last;
            Assert.True(Math.Abs(read[i].Value.AsDouble - last.Value.AsDouble) <= deadband, "a move was missed");
            Assert.True(read[i].SourceTimestamp - last.SourceTimestamp < TimeSpan.FromSeconds(60), "a long silence");
        }
    }

    private static ReportFilter OnChange(double deadband, int atLeastEvery = 3600) =>
        new(new ReportRule(false, deadband, TimeSpan.FromSeconds(atLeastEvery)));

    private static Reading At(SignalValue value, Quality quality, int second) =>
        new(Temperature, value, quality, DateTime.UnixEpoch.AddSeconds(second));

    private string[] Observe(ReportFilter filter, double value, int second) =>
        Observe(filter, SignalValue.FromDouble(value), Quality.Good, second);

    private string[] Observe(ReportFilter filter, SignalValue value, Quality quality, int second)
    {
        into.Clear();
        filter.Observe(At(value, quality, second), TimeSpan.FromSeconds(second), into);
        return [.. into.Readings.ToArray().Select(reading => $"{reading.Value}/{reading.Quality}")];
    }
}
