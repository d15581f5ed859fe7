using Sluice.Agent.Configuration;
using Sluice.Agent.Sampling;
using Sluice.Hal;

namespace Sluice.Plant.World;

/// <summary>
/// Machines and their sampler, stepped: the same poll schedule and report filters as in the agent. Every good value is
/// one that the signal never had before, so that the MES can tell any two readings apart.
/// </summary>
internal sealed class SteppedSampler
{
    private readonly WorldClock clock;
    private readonly SimulatedMachine machine;
    private readonly SteppedBuffer buffer;
    private readonly PollSchedule schedule;
    private readonly ReportFilter[] filters;
    private readonly int[] due;
    private readonly ReadingBatch report = new();
    private readonly TimeSpan start;
    private TimeSpan? storesAt;

    public SteppedSampler(SimulatedMachine machine, SteppedBuffer buffer, WorldClock clock)
    {
        this.machine = machine;
        this.buffer = buffer;
        this.clock = clock;
        start = clock.Now;
        schedule = new PollSchedule([.. machine.Sampled.Select(sampled => sampled.Every)], TimeSpan.Zero);
        filters = [.. machine.Sampled.Select(sampled => new ReportFilter(sampled.Report))];
        due = new int[filters.Length];
    }

    public TimeSpan DueAt => storesAt ?? start + schedule.NextDue;

    public bool Step()
    {
        if (DueAt > clock.Now)
        {
            return false;
        }

        if (storesAt is not null)
        {
            storesAt = null;
            buffer.Append(report.Readings);
            return true;
        }

        var now = clock.Now - start;
        var count = schedule.TakeDue(now, due);
        report.Clear();
        foreach (var index in due.AsSpan(0, count))
        {
            filters[index].Observe(machine.Read(index), now, report);
        }

        if (report.Count > 0)
        {
            storesAt = clock.Now + machine.TurnTakes();
        }

        return true;
    }
}

/// <summary>A device with a few signals of all kinds; it can fall silent, and it can be busy.</summary>
internal sealed class SimulatedMachine
{
    private readonly WorldSettings settings;
    private readonly WorldClock clock;
    private readonly ClockBook clocks;
    private readonly Random random;
    private readonly long[] serials;

    public SimulatedMachine(WorldSettings settings, WorldClock clock, ClockBook clocks, Random random)
    {
        this.clocks = clocks;
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        IsBusy = settings.Overflows;
        var seconds = random.Next(4) switch { 0 => 20, 1 => 120, _ => 300 };
        var every = TimeSpan.FromSeconds(settings.Overflows ? 30 : seconds);
        Sampled = [.. Enumerable.Range(0, random.Next(2, 7)).Select(index => Make(index, every))];
        serials = new long[Sampled.Count];
    }

    public IReadOnlyList<SampledSignal> Sampled { get; }

    public IReadOnlyList<Signal> Signals => [.. Sampled.Select(sampled => sampled.Signal)];

    public bool IsSilent { get; set; }

    /// <summary>Everything changes at every turn.</summary>
    public bool IsBusy { get; set; }

    public Reading Read(int index)
    {
        var signal = Sampled[index].Signal;
        var reading = new Reading(
            signal, SignalValue.None, Quality.Bad(QualityReason.Timeout), Reading.Stamp(clock))
        {
            MonotonicMilliseconds = Reading.Monotonic(clock),
        };
        clocks.Read(reading);
        if (IsSilent)
        {
            return reading;
        }

        if (IsBusy || settings.Overflows || random.Next(12) == 0)
        {
            serials[index]++;
        }

        return reading with { Value = Value(signal.Type.Kind, serials[index]), Quality = Quality.Good };
    }

    /// <summary>How long a turn takes until its readings are stored: now and then a device is slow.</summary>
    public TimeSpan TurnTakes() => settings.HasSlowTurns && random.Next(8) == 0
        ? TimeSpan.FromSeconds(10 * random.NextDouble())
        : TimeSpan.Zero;

    private SignalValue Value(SignalKind kind, long serial) => kind switch
    {
        SignalKind.Bool => SignalValue.From(serial % 2 == 0),
        SignalKind.Int32 => SignalValue.From(-serial),
        SignalKind.Uint64 => SignalValue.From(ulong.MaxValue - (ulong)serial),
        SignalKind.Float32 => SignalValue.FromSingle(serial * 0.3f),
        SignalKind.String => SignalValue.From(Text(serial)),
        _ => SignalValue.FromDouble(serial / 7.0),
    };

    /// <summary>Nothing that compresses.</summary>
    private string Text(long serial)
    {
        var noise = new Random((int)serial);
        return string.Create(settings.TextBytes, noise, (text, from) =>
        {
            from.GetItems("abcdefghijklmnopqrstuvwxyz0123456789\"<äß\\ ", text);
            $"{serial}".AsSpan()[..Math.Min(text.Length, $"{serial}".Length)].CopyTo(text);
        });
    }

    private SampledSignal Make(int index, TimeSpan every)
    {
        SignalKind[] kinds =
        [
            SignalKind.String, SignalKind.Float64, SignalKind.Uint64, SignalKind.Bool, SignalKind.Float32,
            SignalKind.Int32,
        ];
        var kind = settings.Overflows ? SignalKind.String : kinds[index % kinds.Length];
        var signal = new Signal
        {
            Name = $"hmi1/signal{index}",
            Source = "hmi1",
            Type = new SignalType(kind, kind == SignalKind.String ? settings.TextBytes : 0),
        };
        var rule = new ReportRule(Always: false, Deadband: 0, AtLeastEvery: TimeSpan.FromHours(1));
        return new SampledSignal(signal, every, rule);
    }
}
