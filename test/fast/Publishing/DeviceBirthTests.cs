using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Describing;
using Sluice.Agent.Publishing;
using Sluice.Agent.Sampling;
using Sluice.Agent.Uplink;
using Sluice.Fast.Describing;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>What a device told reaches the MES with a birth, and holds up no reading.</summary>
public sealed class DeviceBirthTests
{
    private static readonly SourceDevice Drive = new("drives", 7, "Example Drives", "XD-7", "V2.11", "", "");

    private readonly AnnouncementPlan plan = new();
    private TimeSpan now = TimeSpan.FromHours(1);

    [Fact]
    public void A_device_that_tells_something_new_brings_a_birth_and_readings_go_on()
    {
        Connect();
        plan.Observe((IReadOnlyList<SourceDevice>)[Drive]);
        now += AnnouncementPlan.NewsEvery;
        Assert.Equal(Announcement.Birth, plan.Next(now));
        Assert.True(plan.IsOpen);
        Take(Announcement.Birth);
        Assert.True(plan.IsOpen);
        Assert.Null(plan.Next(now));
    }

    [Fact]
    public void Devices_that_tell_one_after_the_other_do_not_bring_a_birth_each()
    {
        Connect();
        var births = 0;
        for (var second = 0; second < 300; second++)
        {
            plan.Observe(
                (IReadOnlyList<SourceDevice>)
                [.. Enumerable.Range(0, second).Select(unit => Drive with { UnitId = unit })]);
            if (plan.Next(now) is { } announcement)
            {
                Assert.Equal(Announcement.Birth, announcement);
                Take(announcement);
                births++;
            }

            now += TimeSpan.FromSeconds(1);
        }

        Assert.InRange(births, 9, 10);
    }

    [Fact]
    public void A_retired_signal_whose_readings_are_gone_brings_a_birth_without_it_and_readings_go_on()
    {
        IReadOnlyList<RetiredSignal> retired = [new(Described.As("a"), [new StoreEnd(Described.Store, 9)])];
        plan.Observe(retired);
        Connect();
        Assert.Same(retired, plan.Retired);
        plan.Observe(retired);
        now += AnnouncementPlan.NewsEvery;
        Assert.Null(plan.Next(now));

        plan.Observe((IReadOnlyList<RetiredSignal>)[]);
        Assert.Equal(Announcement.Birth, plan.Next(now));
        Assert.True(plan.IsOpen);
        Take(Announcement.Birth);
        Assert.Null(plan.Next(now));
    }

    [Fact]
    public void A_birth_that_was_refused_is_sent_again()
    {
        Connect();
        plan.Observe((IReadOnlyList<SourceDevice>)[Drive]);
        now += AnnouncementPlan.NewsEvery;
        plan.Sent(Announcement.Birth, View, now);
        plan.Settle(Announcement.Birth, DeliveryVerdict.TooLarge, now);
        Assert.True(plan.ReduceBirth);
        Assert.Equal(Announcement.Birth, plan.Next(now));
    }

    [Fact]
    public void A_roll_changes_only_when_a_device_does()
    {
        var roll = new DeviceRoll();
        roll.Observe("hmi1", []);
        roll.Observe("drives", [Drive]);
        var before = roll.Devices;
        roll.Observe("drives", [Drive with { }]);
        Assert.Same(before, roll.Devices);
        roll.Observe("drives", []);
        Assert.Empty(roll.Devices);
    }

    private static BufferView View { get; } = new([], null);

    private void Connect()
    {
        plan.Connected(View);
        foreach (var each in new[] { Announcement.Status, Announcement.Birth, Announcement.Ledger })
        {
            Assert.Equal(each, plan.Next(now));
            Take(each);
        }
    }

    private void Take(Announcement announcement)
    {
        plan.Sent(announcement, View, now);
        plan.Settle(announcement, DeliveryVerdict.Accepted, now);
    }
}
