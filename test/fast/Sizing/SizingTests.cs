using Sluice.Agent.Configuration;
using Sluice.Agent.Health;
using Sluice.Agent.Sizing;
using Xunit;

namespace Sluice.Fast.Sizing;

public sealed class SizingTests
{
    private const long Day = 86_400;

    private static readonly BufferSettings Buffer = new()
    {
        Directory = "/", SizeBytesMax = 1L << 30, FlashEnduranceBytes = 30_000_000_000_000,
    };

    private static readonly PublishSettings Publish = new()
    {
        RateBytesPerSecondMax = 100_000, BackfillShare = 0.5,
    };

    private static readonly SizingFacts Measured = new()
    {
        ReadingsPerSecond = 100,
        MeasuredOver = TimeSpan.FromHours(5),
        DiskBytesPerReading = 5,
        WireBytesPerReading = 100,
        BytesPerDay = 1e9,
    };

    [Fact]
    public void Three_days_of_a_hundred_readings_a_second_fit_into_a_gibibyte()
    {
        var answer = SizingPlan.For(TimeSpan.FromDays(3), Measured, Buffer, Publish);

        Assert.Equal(3 * Day * 100, answer.Readings);
        var room = 3L * (1 << 20) + (64 << 10) + (3 * Day * 100 * 5);
        Assert.Equal(room, answer.RoomBytes);
        Assert.True(answer.IsEnough);
        Assert.Equal(24.8, answer.Holds!.Value.TotalDays, 1);
    }

    [Fact]
    public void What_is_too_small_is_told_with_what_to_write_and_that_is_enough()
    {
        var small = Buffer with { SizeBytesMax = 64L << 20 };
        var answer = SizingPlan.For(TimeSpan.FromDays(3), Measured, small, Publish);
        var text = SizingText.Render(answer, Measured, small, Publish);

        Assert.False(answer.IsEnough);
        Assert.Contains("\"64 MiB\" is too small: it holds 35 hours. Write \"160 MiB\".", text);
        Assert.True(SizingPlan.For(
            TimeSpan.FromDays(3), Measured, small with { SizeBytesMax = answer.SizeBytesToWrite }, Publish).IsEnough);
    }

    [Theory]
    [InlineData(100, 28.8, true)]
    [InlineData(499, 258.2, true)]
    [InlineData(900, 2332.8, false)]
    [InlineData(1000, null, false)]
    public void The_backlog_drains_at_what_the_rate_leaves_beside_new_readings(
        double readingsPerSecond, double? thousandSeconds, bool fresh)
    {
        var facts = Measured with { ReadingsPerSecond = readingsPerSecond };
        var answer = SizingPlan.For(TimeSpan.FromDays(3), facts, Buffer, Publish);

        Assert.Equal(thousandSeconds, answer.Drain is { } drain ? Math.Round(drain.TotalSeconds / 1000, 1) : null);
        Assert.Equal(fresh, answer.LiveStaysFresh);
        var text = SizingText.Render(answer, facts, Buffer, Publish);
        Assert.Contains(thousandSeconds is null ? "never at publish.rateMax" : "at publish.rateMax", text);
        Assert.Equal(
            !fresh && thousandSeconds is not null, text.Contains("publish.backfillShare", StringComparison.Ordinal));
    }

    [Fact]
    public void The_life_of_the_flash_is_its_endurance_over_what_is_written_a_day()
    {
        Assert.Equal(82.1, SizingPlan.For(TimeSpan.FromDays(1), Measured, Buffer, Publish).Flash.LifeYears!.Value, 1);
        Assert.Equal(1e9, FlashWear.Measured(1_000_000_000 / 24, TimeSpan.FromHours(1), 1).BytesPerDay!.Value, 100.0);
        Assert.Null(FlashWear.Measured(1_000_000, TimeSpan.FromSeconds(59), 1).BytesPerDay);
        Assert.Null(FlashWear.Measured(0, TimeSpan.FromHours(1), 1).LifeYears);
        Assert.Equal("7 months", SizingText.Years(0.6));
        Assert.Equal("12 years", SizingText.Years(12.3));
    }

    [Fact]
    public void Where_nobody_measured_a_slow_plant_costs_a_page_a_reading_and_a_fast_one_a_page_a_commit()
    {
        var slow = new SizingFacts { ReadingsPerSecond = 0.1 };
        var fast = new SizingFacts { ReadingsPerSecond = 100 };

        var ofSlow = SizingPlan.For(TimeSpan.FromDays(1), slow, Buffer, Publish);
        var ofFast = SizingPlan.For(TimeSpan.FromDays(1), fast, Buffer, Publish);

        Assert.Equal(Day * 0.1 * (4096 + 10), ofSlow.Flash.BytesPerDay!.Value, 1.0);
        Assert.Equal(Day * (4096 + (100 * 10)), ofFast.Flash.BytesPerDay!.Value, 1.0);
        Assert.Contains("assumed", SizingText.Render(ofSlow, slow, Buffer, Publish));
    }

    [Fact]
    public void What_a_running_agent_measured_is_taken_from_its_status()
    {
        var facts = SizingMeasured.By(Report(upSeconds: 600))!;

        Assert.Equal(20, facts.ReadingsPerSecond);
        Assert.Equal(5, facts.DiskBytesPerReading);
        Assert.Equal(90, facts.WireBytesPerReading);
        Assert.Equal(5e8, facts.BytesPerDay);
        Assert.Null(SizingMeasured.By(Report(upSeconds: 59)));
    }

    private static StatusReport Report(double upSeconds) => new()
    {
        Gateway = "gw-042",
        Version = "0.1.0",
        Now = DateTime.UnixEpoch,
        UptimeSeconds = upSeconds,
        Configuration = new ConfigurationStatus("", "file", []),
        Uplink = new UplinkStatus("connected", "", DateTime.UnixEpoch, 0, 1000) { AcknowledgedBytes = 90_000 },
        Buffer = new BufferStatus("disk", "", 0, [])
        {
            Flash = new FlashStatus(1, 1, 5e8, 1, 1, SealedReadings: 1000, SealedBytes: 5000),
        },
        Sources = [Source(4000), Source(8000)],
        Attention = [],
    };

    private static SourceStatus Source(long reported) =>
        new("hmi1", "reading", "", 1, 0, 0, "", 0, 0, reported, new Dictionary<string, long>());
}
