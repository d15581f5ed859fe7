using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Agent.Configuration;
using Sluice.Agent.Describing;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Sampling;
using Sluice.Plant.Disk;

namespace Sluice.Plant.World;

/// <summary>
/// One process of the agent: its loops, stepped. Which of those that have something to do goes first is the
/// seed's choice, as it is the scheduler's on a real machine.
/// </summary>
internal sealed class SteppedAgent : IDisposable
{
    // More steps at one instant are a loop that spins.
    private const int StepsMax = 200_000;

    private readonly Random random;
    private readonly WorldClock clock;
    private readonly PublishDesk desk;
    private readonly SteppedBuffer buffer;
    private readonly SteppedPublisher publisher;
    private readonly SteppedSampler sampler;

    public SteppedAgent(
        WorldSettings settings, SimulatedMachine machine, SimulatedLine line, WorldClock clock, PlantBooks books,
        Func<IStorage> openDisk, Random random)
    {
        this.random = random;
        this.clock = clock;
        buffer = new SteppedBuffer(settings, clock, books, openDisk, random);
        Span<byte> run = stackalloc byte[16];
        random.NextBytes(run);
        var configuration = Configuration(settings);
        var name = configuration.Gateway;
        var speaker = new Speaker(name.Site, name.Id, new Guid(run), "0.0.0", configuration.Hash);
        desk = new PublishDesk(
            configuration, new AnnouncementEncoder(
                speaker, [.. machine.Signals.Select(signal => new DescribedSignal(signal, Guid.Empty))]),
            new UplinkJournal(clock, NullLogger.Instance), new DeviceRoll(), clock, NullLogger.Instance);
        desk.Tell(new HostSighting(0, new DiskSpace(settings.SizeBytesMax * 2, settings.SizeBytesMax)));
        publisher = new SteppedPublisher(settings, desk, buffer, line, clock, books, random);
        sampler = new SteppedSampler(machine, buffer, clock);
    }

    public BufferView View => buffer.View;

    /// <summary>The broker found one too large: only the newest part of its lists goes.</summary>
    public bool LedgersAreShort => desk.AnnouncementBytesMax < int.MaxValue;

    public string Uplink => desk.Journal.Health.State;

    /// <summary>The machines stopped: nothing is sampled any more.</summary>
    public bool IsIdle { get; set; }

    public TimeSpan DueAt
    {
        get
        {
            var due = buffer.DueAt < publisher.DueAt ? buffer.DueAt : publisher.DueAt;
            due = due < buffer.SealDueAt ? due : buffer.SealDueAt;
            return IsIdle || due < sampler.DueAt ? due : sampler.DueAt;
        }
    }

    /// <summary>Lets every loop run until all of them sleep.</summary>
    public void Run(Func<bool> isDark)
    {
        var steps = 0;
        while (StepOne())
        {
            if (isDark())
            {
                // Somebody beside the loops was writing when the power went.
                throw new PowerLostException();
            }

            WorldFaultException.Require(++steps < StepsMax, Checker.Sanity,
                () => $"the agent spins: {buffer.InletCount} commands, the publisher is {Uplink}");
            WorldFaultException.Require(buffer.InletCount <= 64, Checker.Bounds,
                () => $"{buffer.InletCount} commands wait for the buffer");
        }
    }

    /// <summary>A clean stop, in the host's order.</summary>
    public void Stop()
    {
        publisher.Stop();
        buffer.Stop();
    }

    public void Dispose()
    {
        buffer.Dispose();
        desk.Dispose();
    }

    private bool StepOne()
    {
        var first = random.Next(4);
        for (var i = 0; i < 4; i++)
        {
            var stepped = ((first + i) % 4) switch
            {
                0 => buffer.Step(),
                1 => publisher.Step(),
                2 => buffer.Seal(),
                _ => !IsIdle && sampler.Step(),
            };
            if (stepped)
            {
                return true;
            }
        }

        return false;
    }

    private static GatewayConfiguration Configuration(WorldSettings settings) => new()
    {
        Gateway = new GatewayName("plant1", "gw-001"),
        Broker = new BrokerSettings { Host = "broker", Addresses = [], Network = default },
        Identity = new IdentitySettings { Directory = "" },
        Buffer = new BufferSettings
        {
            Directory = "", SizeBytesMax = settings.SizeBytesMax, CommitEvery = settings.CommitEvery,
        },
        Publish = new PublishSettings
        {
            RateBytesPerSecondMax = settings.Seams.RateMax(settings.RateBytesPerSecondMax),
        },
        Sources = [],
        Hash = new string('0', 64),
    };
}
