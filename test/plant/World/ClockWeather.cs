using System.Globalization;

namespace Sluice.Plant.World;

/// <summary>
/// What happens to the gateway's wall clock, from the seed: in a third of the plants nothing; in the others it is not
/// set after a boot (a clock that ran on, one that stood still, or none at all), is set some time later or never, and
/// is put by hand or by a time service that was wrong.
/// </summary>
internal sealed class ClockWeather
{
    /// <summary>The agent looks every ten seconds at least: two events in between would be one for it.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(15);

    private readonly WorldClock clock;
    private readonly Agenda agenda;
    private readonly Story story;
    private readonly Random random;
    private readonly bool keepsTime;
    private readonly bool isPut;
    private TimeSpan lastAt;
    private TimeSpan end;

    public ClockWeather(int seed, WorldClock clock, Agenda agenda, Story story)
    {
        this.clock = clock;
        this.agenda = agenda;
        this.story = story;
        random = new Random(seed ^ 0xC10C);
        InWholeMilliseconds = random.Next(2) == 0;
        var kind = random.Next(3);
        IsAlwaysRight = kind == 0;
        isPut = kind == 2;
        keepsTime = random.Next(2) == 0;
    }

    public bool IsAlwaysRight { get; }

    /// <summary>Both clocks lie on whole milliseconds of the true time, and nothing is rounded anywhere.</summary>
    public bool InWholeMilliseconds { get; }

    /// <summary>After some power cuts the network of the plant comes back later than the gateway.</summary>
    public TimeSpan NetworkStaysAway() => end > clock.Now && !IsAlwaysRight && random.Next(2) == 0
        ? TimeSpan.FromMinutes(5 * Math.Pow(2, 4 * random.NextDouble()))
        : TimeSpan.Zero;

    /// <summary>Told of each event, when it has happened.</summary>
    public Action Happened { get; init; } = () => { };

    public void Begin(TimeSpan until)
    {
        end = until;
        if (!IsAlwaysRight)
        {
            clock.Reboot(AfterBoot(), synchronised: false, InWholeMilliseconds);
            SetLater();
        }

        if (isPut)
        {
            PutLater();
        }
    }

    /// <summary>The machine is on again after a power cut.</summary>
    public void Boot()
    {
        clock.Reboot(IsAlwaysRight || clock.Now >= end && end == TimeSpan.Zero ? TimeSpan.Zero : AfterBoot(),
            IsAlwaysRight, InWholeMilliseconds);
        lastAt = clock.Now;
        if (!IsAlwaysRight)
        {
            SetLater();
        }
    }

    /// <summary>The time server is there from now on.</summary>
    public void End()
    {
        end = TimeSpan.Zero;
        agenda.In(TimeSpan.FromSeconds(1), SetNow);
    }

    private TimeSpan AfterBoot()
    {
        if (keepsTime)
        {
            var off = TimeSpan.FromSeconds(0.02 + (5 * random.NextDouble()));
            return Whole(random.Next(2) == 0 ? off : -off);
        }

        // No clock that runs on: it begins where it was saved last, or in the year 2000.
        return random.Next(2) == 0
            ? Whole(TimeSpan.FromSeconds(-3600 * random.NextDouble()))
            : Whole(TimeSpan.FromDays(-9823) - clock.Now);
    }

    private void SetLater()
    {
        var boot = clock.Boot;
        var after = end == TimeSpan.Zero ? TimeSpan.FromSeconds(20)
            : TimeSpan.FromSeconds(5 * Math.Pow(2, 12 * random.NextDouble()));
        agenda.In(after, () =>
        {
            if (clock.Boot == boot && !clock.Synchronised)
            {
                SetNow();
            }
        });
    }

    private void SetNow() => Do("the clock is set", () => clock.Put(TimeSpan.Zero, synchronised: true));

    private void PutLater()
    {
        agenda.In(TimeSpan.FromHours(4) * (-Math.Log(1 - random.NextDouble())), () =>
        {
            if (clock.Now >= end)
            {
                return;
            }

            var size = TimeSpan.FromSeconds(0.03 * Math.Pow(10, 8 * random.NextDouble()));
            var ahead = Whole(random.Next(2) == 0 ? size : -size);
            if (random.Next(2) == 0 && size > TimeSpan.FromSeconds(1))
            {
                Do("the clock is put by hand", () => clock.Put(clock.Ahead + ahead, synchronised: false));
                SetLater();
            }
            else if (clock.Synchronised)
            {
                Do("the time service is wrong", () => clock.Put(ahead, synchronised: true));
                agenda.In(TimeSpan.FromMinutes(random.Next(1, 60)), () =>
                {
                    if (clock.Synchronised)
                    {
                        Do("the time service is right", () => clock.Put(TimeSpan.Zero, synchronised: true));
                    }
                });
            }

            PutLater();
        });
    }

    /// <summary>Now, or when the last one is long enough ago.</summary>
    private void Do(string name, Action happens)
    {
        var boot = clock.Boot;
        var at = lastAt + Apart > clock.Now ? lastAt + Apart : clock.Now;
        lastAt = at;
        agenda.At(at, () =>
        {
            if (clock.Boot != boot)
            {
                return;
            }

            happens();
            story.Count(name);
            story.Tell(string.Create(CultureInfo.InvariantCulture,
                $"{name}: {clock.Ahead.TotalSeconds:0.000} s ahead of the truth"));
            Happened();
        });
    }

    private TimeSpan Whole(TimeSpan span) => InWholeMilliseconds
        ? TimeSpan.FromMilliseconds((long)span.TotalMilliseconds)
        : span;
}
