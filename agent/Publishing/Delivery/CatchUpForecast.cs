namespace Sluice.Agent.Publishing.Delivery;

/// <summary>
/// When the backlog will be gone, from how it shrank lately. A core: asked and told once in a while, at whatever pace.
/// </summary>
internal sealed class CatchUpForecast
{
    /// <summary>Weight of the newest stretch; a few stretches forget a burst.</summary>
    private const double Newest = 0.3;

    private TimeSpan at;
    private long backlog = -1;
    private double perSecond = double.NaN;

    /// <summary>Null while nobody can say, or while it does not shrink.</summary>
    public TimeSpan? Observe(long now, TimeSpan time)
    {
        if (now == 0)
        {
            backlog = 0;
            at = time;
            perSecond = double.NaN;
            return TimeSpan.Zero;
        }

        if (backlog > 0 && time > at)
        {
            var shrank = (backlog - now) / (time - at).TotalSeconds;
            perSecond = double.IsNaN(perSecond) ? shrank : perSecond + (Newest * (shrank - perSecond));
        }

        (backlog, at) = (now, time);
        return perSecond > 0
            ? TimeSpan.FromSeconds(Math.Min(now / perSecond, TimeSpan.MaxValue.TotalSeconds / 2))
            : null;
    }
}
