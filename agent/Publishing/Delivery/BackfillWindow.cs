namespace Sluice.Agent.Publishing.Delivery;

/// <summary>
/// How many messages of history may be under way at once: one more per round while answers come as fast as on an idle
/// link, half as many when they take several times as long (AIMD). So history uses what the link has to spare, and live
/// readings do not wait behind it. Never below one: backfill always ends. A core.
/// </summary>
internal sealed class BackfillWindow
{
    public const int MessagesMax = 15;

    /// <summary>
    /// Answers are late when they take so many times the fastest seen, and longer than <see cref="Slack"/>.
    /// </summary>
    private const int LateFactor = 4;

    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    private double messages = 2;
    private TimeSpan fastest = TimeSpan.MaxValue;
    private TimeSpan calmUntil;

    public int Messages => (int)messages;

    public void Reset()
    {
        messages = 2;
        fastest = TimeSpan.MaxValue;
        calmUntil = TimeSpan.Zero;
    }

    /// <param name="latency">From handing a message over to its acknowledgement.</param>
    /// <param name="now">For the round that a cut takes to show.</param>
    public void Accepted(TimeSpan latency, TimeSpan now)
    {
        fastest = latency < fastest ? latency : fastest;
        if (latency > Slack && latency > fastest * LateFactor)
        {
            Shrink(now, latency);
            return;
        }

        messages = Math.Min(MessagesMax, messages + (1 / messages));
    }

    public void Shrink(TimeSpan now) => Shrink(now, Slack);

    private void Shrink(TimeSpan now, TimeSpan round)
    {
        if (now < calmUntil)
        {
            return;
        }

        messages = Math.Max(1, messages / 2);
        calmUntil = now + round;
    }
}
