namespace Sluice.Agent.Standing;

/// <summary>Whether somebody else uses this gateway's identity.</summary>
public enum Contest : byte
{
    None,

    /// <summary>The broker closes sessions again and again and says nothing.</summary>
    Suspected,

    /// <summary>The broker says that another client took the session, again and again.</summary>
    Named,
}

/// <summary>
/// Whether somebody else uses this gateway's identity: another client under its id takes the session again and again.
/// A core; time is monotonic, and never goes back.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Once may be an old session; <see cref="AlarmAt"/> within <see cref="Within"/> is somebody else, where the
/// broker names it (0x8E). Not every broker does: mosquitto 2.0.11 closes the older session without a word. So
/// <see cref="SuspectAt"/> of those are told too, as what they may be: a broker that restarts looks the same.</item>
/// <item>The alarm ends by itself when fewer than that are left within the time: nobody has to take it back, and two
/// that go on keep it up, although they wait as <see cref="WaitMin"/> says.</item>
/// <item>It remembers a few moments, however often it happens.</item>
/// </list>
/// </summary>
public sealed class TakeoverWatch
{
    public const int AlarmAt = 3;
    public const int SuspectAt = 6;
    public static readonly TimeSpan Within = TimeSpan.FromHours(1);

    /// <summary>While another one is named the session is asked for again after this at least, and twice this at most:
    /// both have it for half of the time then, and the readings of both arrive. Two that wait so take it from each
    /// other seven times an hour, which keeps the alarm up.</summary>
    public static readonly TimeSpan WaitMin = TimeSpan.FromMinutes(3);

    private readonly Newest named = new(AlarmAt);
    private readonly Newest wordless = new(SuspectAt);

    /// <summary>The broker said that another client took the session.</summary>
    public void Observe(TimeSpan now) => named.Add(now);

    /// <summary>The broker closed a session that it had accepted, and said nothing.</summary>
    public void ObserveWordless(TimeSpan now) => wordless.Add(now);

    /// <summary>From any thread.</summary>
    public Contest At(TimeSpan now) => named.Holds(now) ? Contest.Named
        : wordless.Holds(now) ? Contest.Suspected
        : Contest.None;

    /// <summary>How long to wait before the session is asked for again, while another one is named.</summary>
    /// <param name="random">From 0 to below 1.</param>
    public static TimeSpan Wait(double random) => WaitMin + (WaitMin * random);

    /// <summary>Whether so many lie within the time.</summary>
    private sealed class Newest(int enough)
    {
        private readonly TimeSpan[] moments = new TimeSpan[enough];
        private long count;
        private long untilTicks = TimeSpan.MinValue.Ticks;

        public void Add(TimeSpan now)
        {
            moments[count % enough] = now;
            count++;
            if (count >= enough)
            {
                // The oldest of the newest: while it is young enough, all of them are.
                Interlocked.Exchange(ref untilTicks, (moments[count % enough] + Within).Ticks);
            }
        }

        public bool Holds(TimeSpan now) => now.Ticks < Interlocked.Read(ref untilTicks);
    }
}
