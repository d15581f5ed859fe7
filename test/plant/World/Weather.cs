using Sluice.Plant.Disk;
using Sluice.Agent.Uplink;

namespace Sluice.Plant.World;

/// <summary>
/// What goes wrong, when and for how long, from the seed. Each world gets some of the troubles and not others, some
/// often and some rarely, so that a thousand worlds are a thousand plants and not one plant a thousand times.
/// </summary>
internal sealed class Weather
{
    private readonly Random random;
    private readonly WorldClock clock;
    private readonly Agenda agenda;
    private readonly Story story;
    private TimeSpan end;

    public Weather(int seed, WorldClock clock, Agenda agenda, Story story)
    {
        random = new Random(seed ^ 0x0EA7);
        this.clock = clock;
        this.agenda = agenda;
        this.story = story;
    }

    /// <summary>Somebody else cuts the line, and nothing mends it before the end.</summary>
    public bool StaysCut { get; init; }

    public required SimulatedLine Line { get; init; }

    public required SimulatedBroker Broker { get; init; }

    public required SimulatedMachine Machine { get; init; }

    public required Func<SimulatedDisk> Disk { get; init; }

    public required Action<TimeSpan> PowerOff { get; init; }

    public required Action Kill { get; init; }

    public required Action Restart { get; init; }

    /// <summary>Chooses the troubles of this world and lets them come until <paramref name="until"/>.</summary>
    public void Begin(TimeSpan until)
    {
        end = until;
        if (!StaysCut)
        {
            Trouble("cable cuts", () => Line.Cut(), Line.Mend, 2, 7200);
            Trouble("silences", () => Line.FallSilent((Silence)random.Next(1, 4)), Line.Mend, 5, 600);
        }

        Trouble("thin lines", () => Line.BytesPerSecond = random.Next(300, 20_000), () => Line.BytesPerSecond = 1e6,
            60, 3600);
        Trouble("slow lines", () => Line.Latency = TimeSpan.FromMilliseconds(random.Next(100, 3000)),
            () => Line.Latency = TimeSpan.FromMilliseconds(20), 60, 3600);
        Trouble("slow brokers", () => Broker.SlowestAnswer = TimeSpan.FromSeconds(random.Next(1, 20)),
            () => Broker.SlowestAnswer = TimeSpan.FromMilliseconds(10), 30, 1800);
        Trouble("refusals", Refuse, () => Broker.Refuses = _ => 0, 5, 3600);
        Trouble("MES unsubscribed", Broker.MesUnsubscribes, Broker.MesComes, 5, 3600);
        Trouble("MES away", Broker.MesLeaves, Broker.MesComes, 5, 7200);
        Trouble("broker restarts", StopBroker, () => Broker.IsDown = false, 2, 120);
        Trouble("power", CutPower, () => { }, 1, 2);
        Trouble("killings", Kill, () => { }, 1, 2);
        Trouble("clean restarts", Restart, () => { }, 1, 2);
        Trouble("full disks", () => Disk().Mood = DiskMood.Full, HealDisk, 10, 1800);
        Trouble("read-only disks", () => Disk().Mood = DiskMood.ReadOnly, HealDisk, 10, 1800);
        Trouble("failing disks", () => Disk().FailsAfter = random.Next(12), HealDisk, 10, 900);
        Trouble("silent devices", () => Machine.IsSilent = true, () => Machine.IsSilent = false, 30, 3600);
        Trouble("busy hours", () => Machine.IsBusy = true, () => Machine.IsBusy = false, 60, 3600);
        Trouble("takeovers", () => Line.Lose(new LinkLoss("somebody else has our name.", 0x8E, TakenOver: true)),
            () => { }, 1, 2);
    }

    /// <summary>From now on everybody is kind.</summary>
    public void End()
    {
        end = TimeSpan.Zero;
        Line.Mend();
        Line.BytesPerSecond = 1e6;
        Line.Latency = TimeSpan.FromMilliseconds(20);
        Broker.SlowestAnswer = TimeSpan.FromMilliseconds(10);
        Broker.Refuses = _ => 0;
        Broker.IsDown = false;
        Broker.MesComes();
        HealDisk();
        Machine.IsSilent = false;
        Machine.IsBusy = false;
        Disk().PowerLastsFor = null;
    }

    /// <summary>One kind of trouble: in half of the worlds, some more often and some less.</summary>
    private void Trouble(string name, Action begins, Action ends, int shortest, int longest)
    {
        var rate = TimeSpan.FromMinutes(40 * Math.Pow(2, random.Next(0, 6)));
        if (random.Next(2) == 0)
        {
            Next();
        }

        void Next()
        {
            var pause = rate * (-Math.Log(1 - random.NextDouble()));
            agenda.In(pause, () =>
            {
                if (clock.Now >= end)
                {
                    return;
                }

                story.Count(name);
                story.Tell($"{name} begin");
                begins();
                var lasts = TimeSpan.FromSeconds(shortest * Math.Pow((double)longest / shortest, random.NextDouble()));
                agenda.In(lasts, () =>
                {
                    if (clock.Now < end)
                    {
                        story.Tell($"{name} end");
                        ends();
                        Next();
                    }
                });
            });
        }
    }

    private void HealDisk()
    {
        Disk().Mood = DiskMood.Works;
        Disk().FailsAfter = null;
    }

    private void Refuse()
    {
        int[] codes = [0x80, 0x83, 0x87, 0x90, 0x91, 0x95, 0x97, 0x99, 0xFF];
        var code = codes[random.Next(codes.Length)];
        var share = random.Next(3) switch { 0 => 1.0, 1 => 0.5, _ => 0.05 };
        var announcements = random.Next(3) == 0;
        story.Tell($"the broker answers 0x{code:X2} to {share:0%} of the messages{(announcements ? "" : " of data")}");
        Broker.Refuses = retain => (announcements || !retain) && random.NextDouble() < share ? code : 0;
    }

    private void StopBroker()
    {
        var forgets = random.Next(2) == 0;
        Broker.IsDown = true;
        Broker.Restart(forgets);
        Line.Lose(new LinkLoss("the broker stopped."));
        if (forgets)
        {
            agenda.In(TimeSpan.FromSeconds(random.Next(1, 900)), Broker.MesComes);
        }
    }

    private void CutPower()
    {
        if (random.Next(2) == 0)
        {
            PowerOff(TimeSpan.FromSeconds(random.Next(1, 600)));
            return;
        }

        // In the middle of what the disk does next.
        Disk().PowerLastsFor = random.Next(20);
    }
}
