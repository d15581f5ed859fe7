using Sluice.Agent.Uplink;
using Sluice.Mes;
using Sluice.Mes.Streams;
using Sluice.Plant.Disk;
using static Sluice.Plant.World.WorldFaultException;

namespace Sluice.Plant.World;

/// <summary>
/// A whole plant in one thread: machines, gateway, disk, power, network, broker and MES, stepped on one virtual clock.
/// Everything comes from the seed: the same seed is the same life, to the byte. The cores, the buffer, the encoders and
/// the receiver are the real ones.
/// </summary>
internal sealed class PlantWorld : IDisposable
{
    private static readonly TimeSpan LastMinute = TimeSpan.FromMinutes(1);

    private readonly WorldSettings settings;
    private readonly WorldClock clock = new();
    private readonly Agenda agenda;
    private readonly ClockBook clocks;
    private readonly ClockWeather clockWeather;
    private readonly PacingBook pacing;
    private readonly TrafficBook traffic;
    private readonly PlantBooks books;
    private readonly StreamLedger mes = new("plant1");
    private readonly SimulatedBroker broker;
    private readonly SimulatedLine line;
    private readonly SimulatedMachine machine;
    private readonly Random scheduler;
    private readonly Random cuts;
    private readonly Story story;
    private SimulatedDisk disk = new();
    private PowerCut record = new([]);
    private SteppedAgent? agent;
    private bool isOff;

    public PlantWorld(WorldSettings settings)
    {
        this.settings = settings;
        story = new Story(clock, settings.Tell);
        agenda = new Agenda(clock);
        scheduler = new Random(settings.Seed);
        cuts = new Random(settings.Seed ^ 0x5EED);
        clockWeather = new ClockWeather(settings.Seed, clock, agenda, story) { Happened = ClockHappened };
        clocks = new ClockBook(clock, clockWeather.InWholeMilliseconds);
        pacing = new PacingBook(clock);
        books = new PlantBooks(clock, clocks, pacing, settings.CommitEvery + TimeSpan.FromMilliseconds(5));
        broker = new SimulatedBroker(clock, books, mes, new Random(settings.Seed ^ 0xB0C))
        {
            Terms = new ConnectTerms(settings.ReceiveMaximum, settings.PacketBytesMax, "TLS 1.3", "10.0.0.1"),
            HiddenPacketBytesMax = settings.HiddenPacketBytesMax,
        };
        traffic = new TrafficBook(clock, settings.RateBytesPerSecondMax);
        line = new SimulatedLine(clock, agenda, broker, books, traffic, settings.Seams,
            new Random(settings.Seed ^ 0x11E));
        machine = new SimulatedMachine(settings, clock, clocks, new Random(settings.Seed ^ 0xDE1));
        mes.Arrived = books.Arrives;
    }

    /// <summary>Lives through all of it; what must not have been stands in the report.</summary>
    public WorldReport Run()
    {
        try
        {
            Live();
        }
        catch (WorldFaultException fault)
        {
            return Report(fault);
        }
        catch (Exception broken) when (broken is not PowerLostException)
        {
            return Report(new WorldFaultException(Checker.Sanity, $"the agent broke: {broken}"));
        }

        return Report(null);
    }

    public void Dispose() => agent?.Dispose();

    private void Live()
    {
        var unkind = TimeSpan.FromDays(settings.Days);
        clockWeather.Begin(unkind);
        Start();
        var weather = new Weather(settings.Seed, clock, agenda, story)
        {
            StaysCut = settings.Overflows,
            Line = line,
            Broker = broker,
            Machine = machine,
            Disk = () => disk,
            PowerOff = PowerOff,
            Kill = Kill,
            Restart = Restart,
        };
        if (settings.Overflows)
        {
            agenda.In(TimeSpan.FromHours(1), () => line.Cut());
        }

        if (settings.DiskIsGone)
        {
            agenda.In(TimeSpan.FromHours(2), () => disk.Mood = DiskMood.ReadOnly);
        }

        if (!settings.IsQuiet)
        {
            weather.Begin(unkind);
        }

        RunUntil(unkind);
        weather.End();
        clockWeather.End();
        if (settings.ThinBytesPerSecond is { } thin)
        {
            line.BytesPerSecond = thin;
            pacing.Begin();
        }

        story.Tell("the world is kind from now on");
        var kind = clock.Now;
        RunUntil(kind + settings.KindMax - LastMinute);
        machine.IsSilent = false;
        agent!.IsIdle = true;
        RunUntil(kind + settings.KindMax);
        Settle();
    }

    private void Settle()
    {
        var stream = mes.Gateway("gw-001");
        if (settings.ThinBytesPerSecond is { } thin)
        {
            pacing.Settle(TimeSpan.FromSeconds(broker.LargestBytes / thin), settings.CommitEvery);
        }

        Require(books.Outstanding == 0, Checker.Liveness,
            () => $"{books.Outstanding} readings are still on their way {settings.KindMax} after the world became "
                + $"kind; the publisher is {agent!.Uplink}");
        if (agent!.LedgersAreShort || settings.PacketBytesMax < int.MaxValue)
        {
            clocks.Shows(agent.View);
        }

        books.Settle(stream);
        Require(agent.View.Waiting == 0, Checker.Liveness, () => $"{agent.View.Waiting} readings wait for ever");
        Require(broker.Refusals > 0 || stream.HistoryOutOfOrder == 0, Checker.Order,
            () => $"{stream.HistoryOutOfOrder} times history came out of order, and the broker refused nothing");
    }

    private void RunUntil(TimeSpan end)
    {
        while (clock.Now < end)
        {
            var next = agenda.NextAt;
            if (agent is not null && agent.DueAt < next)
            {
                next = agent.DueAt;
            }

            clock.AdvanceTo(next < clock.Now ? clock.Now : next < end ? next : end);
            agenda.Happen();
            RunAgent();
        }
    }

    private void RunAgent()
    {
        if (agent is null)
        {
            return;
        }

        try
        {
            disk.NowUtc = clock.GetUtcNow().UtcDateTime;
            agent.Run(() => disk.IsDark);
            record.Follow(disk.Operations);
            books.CheckWindow();
            CheckBounds();
        }
        catch (PowerLostException)
        {
            PowerOff(TimeSpan.FromSeconds(scheduler.Next(1, 120)));
        }
    }

    private void CheckBounds()
    {
        Require(disk.SizeBytes() <= settings.SizeBytesMax, Checker.Bounds,
            () => $"the directory takes {disk.SizeBytes()} bytes of {settings.SizeBytesMax}");
        foreach (var store in agent!.View.Stores)
        {
            Require(store.Drops.Count <= 1000 && store.Acknowledged.Count <= 1024, Checker.Bounds,
                () => $"the lists of {store.Store} grow: {store.Drops.Count} drops, {store.Acknowledged.Count} ranges");
        }
    }

    private void Start()
    {
        if (agent is not null)
        {
            return;
        }

        if (isOff)
        {
            isOff = false;
            clockWeather.Boot();
            if (!settings.Overflows && clockWeather.NetworkStaysAway() is var away && away > TimeSpan.Zero)
            {
                line.Cut();
                agenda.In(away, line.Mend);
            }
        }

        disk.NowUtc = clock.GetUtcNow().UtcDateTime;
        settings.Seams.Started(disk);
        try
        {
            agent = new SteppedAgent(
                settings, machine, line, clock, books, () => settings.Seams.Storage(disk.Open()), scheduler);
            story.Count("starts");
            traffic.Started();
        }
        catch (PowerLostException)
        {
            PowerOff(TimeSpan.FromSeconds(scheduler.Next(1, 120)));
        }
    }

    /// <summary>The gateway goes dark now, or in the middle of what its disk does next; some time later it is back.
    /// </summary>
    private void PowerOff(TimeSpan dark)
    {
        record.Follow(disk.Operations);
        var (left, how) = record.Now(cuts);
        var mood = disk.Mood;
        var ignores = disk.IgnoresSyncOf;
        story.Tell($"the power goes for {dark.TotalSeconds:0} s, {how}");
        story.Count("power cuts");
        Gone(cleanly: false);
        disk = left.Resume();
        (disk.Mood, disk.IgnoresSyncOf) = (mood, ignores);
        record = new PowerCut([]);
        record.Follow(disk.Operations);
        isOff = true;
        agenda.In(dark, Start);
    }

    /// <summary>An agent that runs on, with a disk that works, has to have seen it and written it down.</summary>
    private void ClockHappened()
    {
        var (by, stretch) = (agent, clocks.Current);
        if (!IsWell(by))
        {
            return;
        }

        agenda.In(ClockBook.WrittenAfter, () =>
        {
            if (agent == by && IsWell(by))
            {
                stretch.IsBinding = true;
            }
        });
    }

    private bool IsWell(SteppedAgent? by) => by is { View: { Fault: null, Storage: "disk" } }
        && disk is { Mood: DiskMood.Works, FailsAfter: null, PowerLastsFor: null };

    private void Kill()
    {
        if (agent is not null)
        {
            story.Tell("kill -9");
            story.Count("kills");
            disk.ReleaseLock();
            Gone(cleanly: false);
            agenda.In(TimeSpan.FromSeconds(2), Start);
        }
    }

    private void Restart()
    {
        if (agent is null)
        {
            return;
        }

        try
        {
            agent.Stop();
        }
        catch (PowerLostException)
        {
            PowerOff(TimeSpan.FromSeconds(30));
            return;
        }

        story.Tell("a clean restart");
        story.Count("restarts");
        books.Observe(agent.View);
        Gone(cleanly: true);
        agenda.In(TimeSpan.FromSeconds(2), Start);
    }

    private void Gone(bool cleanly)
    {
        line.Disconnect();
        agent?.Dispose();
        agent = null;
        books.Ended(cleanly);
    }

    private WorldReport Report(WorldFaultException? fault) => new()
    {
        Seed = settings.Seed,
        Lived = clock.Now,
        Fault = fault,
        Given = books.Given,
        Arrived = books.Arrived,
        Duplicates = mes.Gateway("gw-001").Duplicates,
        Messages = broker.Messages,
        LostInWindow = books.LostInWindow,
        LostWithMemory = books.LostWithMemory,
        LostByBroker = books.Stores.Sum(book => book.LostByBroker.Count),
        Dropped = books.Stores.Sum(book => book.Dropped.Count),
        DroppedFromMemory = books.DroppedFromMemory,
        Corrected = clocks.Corrected,
        ClockNotSet = clocks.NotSet,
        SentBytes = traffic.Bytes,
        BusiestBytesPerSecond = traffic.BusiestBytesPerSecond,
        Counts = story.Counts,
        LastEvents = story.Last,
    };
}
