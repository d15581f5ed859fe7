using CsCheck;
using Sluice.Agent.Posture;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Posture;

/// <summary>When a posture goes: after each connection, when something is news, once a day, and never in a flood.
/// </summary>
public sealed class PosturePlanTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly PosturePlan plan = new();
    private PostureContent content = PostureWorld.Content;
    private TimeSpan now = TimeSpan.FromHours(5);

    public PosturePlanTests() => plan.Connected(now);

    [Fact]
    public void The_first_goes_a_second_after_the_connection_and_the_next_a_day_later()
    {
        Assert.False(Goes());
        Assert.Equal(Second, plan.Wait(now));
        now += Second;
        Assert.True(Goes());
        plan.Settle(DeliveryVerdict.Accepted, now);

        now += PosturePlan.EveryMax - Second;
        Assert.False(Goes());
        now += Second;
        Assert.True(Goes());
    }

    [Fact]
    public void What_changed_goes_after_a_minute_at_the_soonest_and_the_loop_is_woken_for_it()
    {
        Sent();
        now += Second;
        content = content with { Host = content.Host with { Listeners = 1 } };
        Assert.False(Goes());
        Assert.Equal(PosturePlan.EveryMin - Second, plan.Wait(now));
        now += PosturePlan.EveryMin - Second;
        Assert.True(Goes());
    }

    [Fact]
    public void Every_change_that_is_news_goes_and_every_one_that_is_not_waits_for_the_day()
    {
        var told = PostureWorld.Content;
        var session = told.Session!;
        var disk = told.Host.Disk!.Value;
        PostureContent[] news =
        [
            told with { Session = session with { Cipher = "TLS_AES_128_GCM_SHA256" } },
            told with { Session = session with { CertificateSerial = "01" } },
            told with { Host = told.Host with { Listeners = 1 } },
            told with { Host = told.Host with { Disk = null } },
            told with { Host = told.Host with { Disk = disk with { FreeBytes = disk.FreeBytes / 2 } } },
            told with { Storage = "memory" },
            told with { IsContested = true },
            told with { BufferBytes = told.BufferBytesMax },
            told with { WrittenBytesPerDay = null },
            told with { WrittenBytesPerDay = 1e10 },
            told with { Record = told.Record! with { Clock = told.Record.Clock with { IsSet = false } } },
            told with { Record = told.Record! with { StepsTotal = 2 } },
        ];
        Assert.All(news, changed => Assert.True(changed.IsNewsTo(told), changed.ToString()));
        PostureContent[] noNews =
        [
            told with { },
            told with { TakenOver = 1 },
            told with { Host = told.Host with { Disk = disk with { FreeBytes = disk.FreeBytes - 1_000_000 } } },
            told with { BufferBytes = told.BufferBytes + 1_000_000 },
            told with { WrittenBytesPerDay = 1.5e9 },
        ];
        Assert.All(noNews, same => Assert.False(same.IsNewsTo(told), same.ToString()));
    }

    [Theory]
    [InlineData(DeliveryVerdict.Refused)]
    [InlineData(DeliveryVerdict.Busy)]
    [InlineData(DeliveryVerdict.Unheard)]
    [InlineData(DeliveryVerdict.SetAside)]
    public void One_that_is_refused_is_tried_again_ever_more_seldom_but_every_hour(DeliveryVerdict verdict)
    {
        now += Second;
        var tries = new List<TimeSpan>();
        for (var i = 0; i < 10; i++)
        {
            Assert.True(Goes());
            tries.Add(now);
            plan.Settle(verdict, now);
            now += plan.Wait(now) ?? TimeSpan.MaxValue;
        }

        var pauses = tries.Skip(1).Zip(tries, (later, earlier) => later - earlier).ToList();
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal((PosturePlan.EveryMin, PosturePlan.RetryMax), (pauses[0], pauses[^1]));
    }

    [Fact]
    public void One_that_is_too_large_is_not_sent_again_before_it_says_something_else()
    {
        now += Second;
        Assert.True(Goes());
        plan.Settle(DeliveryVerdict.TooLarge, now);
        now += TimeSpan.FromHours(1);
        Assert.False(Goes());
        content = content with { Storage = "memory" };
        now += Second;
        Assert.True(Goes());
    }

    [Fact]
    public void An_answer_of_a_connection_that_is_gone_changes_nothing_and_the_next_connection_gets_its_own()
    {
        Sent(settle: false);
        plan.Connected(now);
        plan.Settle(DeliveryVerdict.LinkLost, now);
        now += Second;
        Assert.True(Goes());
    }

    /// <summary>Whatever changes and whatever the broker answers: bounded, and never silent for more than a day.
    /// </summary>
    [Fact]
    public void In_a_restless_world_two_are_a_minute_apart_and_a_day_never_passes_without_one() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 3], Gen.Int[1, 20_000]).Array[50, 200].Sample(
            steps =>
            {
                var (free, at, last) = (new PosturePlan(), TimeSpan.FromHours(1), (TimeSpan?)null);
                free.Connected(at);
                foreach (var (verdict, change, seconds) in steps)
                {
                    var seen = PostureWorld.Content with { BufferBytes = change * 500_000_000L };
                    at += TimeSpan.FromSeconds(seconds);
                    if (free.Looks(at) && free.IsDue(seen, at))
                    {
                        Assert.True(last is null || at - last >= PosturePlan.EveryMin);
                        last = at;
                        free.Sent(seen, at);
                        Assert.Null(free.Wait(at));
                        free.Settle((DeliveryVerdict)verdict, at);
                    }

                    Assert.True(last is null || at - last <= PosturePlan.EveryMax);
                    Assert.True(free.Wait(at) is null || free.Wait(at) <= PosturePlan.EveryMax);
                }
            },
            iter: 200, threads: 1);

    private void Sent(bool settle = true)
    {
        now += Second;
        Assert.True(Goes());
        if (settle)
        {
            plan.Settle(DeliveryVerdict.Accepted, now);
        }
    }

    private bool Goes()
    {
        if (!plan.Looks(now) || !plan.IsDue(content, now))
        {
            return false;
        }

        plan.Sent(content, now);
        return true;
    }
}
