using Sluice.Agent.Uplink;

namespace Sluice.Agent.Posture;

/// <summary>
/// Decides when a posture goes. A core; time is monotonic, since the publisher was made.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>One goes soon after each connection, one a day at least, and one when something changed that is news.</item>
/// <item>Two never follow each other within <see cref="EveryMin"/> but across a new connection, whatever changes and
/// whatever the broker answers.</item>
/// <item>One is with the link at a time, and nothing waits for it: a broker that refuses it refuses nothing else.
/// </item>
/// </list>
/// </summary>
internal sealed class PosturePlan
{
    /// <summary>Birth, ledger and the first readings go first.</summary>
    public static readonly TimeSpan AfterConnect = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan EveryMin = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan EveryMax = TimeSpan.FromHours(24);

    /// <summary>Between two tries of one that the broker does not take.</summary>
    public static readonly TimeSpan RetryMax = TimeSpan.FromHours(1);

    /// <summary>The publisher's loop turns with every message; to look costs something.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private PostureContent? told;
    private PostureContent? underWay;
    private TimeSpan notBefore;
    private TimeSpan lookAt;
    private TimeSpan sentAt;
    private TimeSpan retry = EveryMin;
    private bool isOwed;
    private bool isAwaited;

    public void Connected(TimeSpan now)
    {
        (told, underWay, isOwed) = (null, null, true);
        notBefore = now + AfterConnect;
        lookAt = TimeSpan.Zero;
        retry = EveryMin;
    }

    /// <summary>Whether it is worth finding out what is.</summary>
    public bool Looks(TimeSpan now)
    {
        if (underWay is not null)
        {
            return false;
        }

        // Whoever asked too early is to come again: what made the loop turn may have been the news.
        var at = notBefore > lookAt ? notBefore : lookAt;
        isAwaited = now < at;
        return !isAwaited;
    }

    /// <summary>Whether this is to go now.</summary>
    public bool IsDue(PostureContent content, TimeSpan now)
    {
        lookAt = now + LookEvery;
        return isOwed || told is null || now - sentAt >= EveryMax || content.IsNewsTo(told);
    }

    public void Sent(PostureContent content, TimeSpan now)
    {
        (underWay, isOwed, sentAt) = (content, false, now);
        notBefore = now + EveryMin;
    }

    public void Settle(DeliveryVerdict verdict, TimeSpan now)
    {
        if (underWay is null)
        {
            // Sent on a connection that is gone.
            return;
        }

        // One that is too large stays so until something else is to be told.
        told = underWay;
        underWay = null;
        if (verdict is DeliveryVerdict.Accepted or DeliveryVerdict.TooLarge)
        {
            retry = EveryMin;
            return;
        }

        isOwed = true;
        notBefore = now + retry;
        retry = retry * 2 < RetryMax ? retry * 2 : RetryMax;
    }

    /// <summary>How long until one may be due by time alone; null: not before something changes.</summary>
    public TimeSpan? Wait(TimeSpan now)
    {
        if (underWay is not null)
        {
            return null;
        }

        var at = notBefore > lookAt ? notBefore : lookAt;
        var next = isOwed || isAwaited ? at : sentAt + EveryMax;
        return next > now ? next - now : null;
    }
}
