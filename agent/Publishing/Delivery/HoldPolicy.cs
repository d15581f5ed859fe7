namespace Sluice.Agent.Publishing.Delivery;

/// <summary>
/// What to do while the broker is there but takes nothing: pause, then try with one message at a time, pausing twice as
/// long after each refusal up to a bound. The first accepted message ends it. A core.
/// </summary>
internal sealed class HoldPolicy
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    /// <summary>So long a plant waits at most after somebody put the broker right.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private TimeSpan pause;
    private TimeSpan until;

    public bool IsHolding => pause > TimeSpan.Zero;

    /// <summary>When to try again; meaningful while holding.</summary>
    public TimeSpan Until => until;

    public void Clear() => pause = until = TimeSpan.Zero;

    /// <summary>A message was refused. Refusals of what was sent before the pause began count once.</summary>
    public void Failed(TimeSpan now)
    {
        if (IsHolding && now < until)
        {
            return;
        }

        pause = IsHolding ? TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, Longest.Ticks)) : First;
        until = now + pause;
    }

    /// <summary>How many messages may be in flight now.</summary>
    public int Window(int window, TimeSpan now) => !IsHolding ? window : now < until ? 0 : 1;
}
