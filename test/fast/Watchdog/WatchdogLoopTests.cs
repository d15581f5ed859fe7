using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Sampling;
using Sluice.Agent.Uplink;
using Sluice.Agent.Watchdog;
using Sluice.Fast.Publishing;
using Sluice.Hal;
using Sluice.Hal.Simulation;
using Xunit;

namespace Sluice.Fast.Watchdog;

/// <summary>The real loops, the real watchdog, hurried time: what feeds it and what does not.</summary>
public sealed class WatchdogLoopTests
{
    private static readonly HurriedClock Clock = new(100);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task A_poll_loop_whose_source_never_comes_back_stops_the_feed_and_is_named()
    {
        var source = new StuckSource();
        await using var sampling = new SamplingBench(source);
        await sampling.StartAsync();
        using var fed = new FedBy(() => [sampling.Sampler.Sign]);
        await fed.StartAsync();
        await fed.ComesOnAsync();

        source.IsStuck = true;
        await PublisherBench.UntilAsync(() => fed.Log.Lines.Any(line =>
            line.Contains("Source plc is stuck: it reads", StringComparison.Ordinal)));
        await fed.StandsStillAsync();
        Assert.Single(fed.Log.Lines);

        // It was late and not dead: whoever comes on is fed for again.
        source.IsStuck = false;
        await fed.ComesOnAsync();
    }

    [Fact]
    public async Task A_source_that_answers_nothing_good_feeds_like_any_other()
    {
        await using var sampling = new SamplingBench(new StuckSource { IsSilent = true });
        await sampling.StartAsync();
        using var fed = new FedBy(() => [sampling.Sampler.Sign]);
        await fed.StartAsync();
        await fed.ComesOnAsync(10);
        Assert.Empty(fed.Log.Lines);
    }

    [Fact]
    public async Task A_publisher_with_nothing_to_do_answers_each_knock_and_one_without_a_broker_comes_on_too()
    {
        foreach (var isThere in (bool[])[true, false])
        {
            await using var bench = new PublisherBench(clock: Clock);
            if (!isThere)
            {
                bench.Link.Connect = () => new ConnectOutcome(ConnectVerdict.Silent, "nobody is there.");
            }

            await bench.StartAsync();
            using var fed = new FedBy(() => [bench.Publisher.Sign], bench.Publisher.Knock);
            await fed.StartAsync();
            await fed.ComesOnAsync(30);
            Assert.Empty(fed.Log.Lines);
        }
    }

    /// <summary>Its client library hangs: the bounds of a link are a promise, and here somebody breaks it.</summary>
    [Fact]
    public async Task A_publisher_whose_link_never_comes_back_stops_the_feed()
    {
        await using var bench = new PublisherBench(clock: Clock);
        using var hanging = new ManualResetEventSlim();
        bench.Link.Connect = () =>
        {
            hanging.Wait(PublisherBench.Bound);
            return ScriptedLink.Connected(16);
        };
        await bench.StartAsync();
        using var fed = new FedBy(() => [bench.Publisher.Sign], bench.Publisher.Knock);
        await fed.StartAsync();
        await PublisherBench.UntilAsync(() => fed.Log.Lines.Any(line =>
            line.Contains("The publisher is stuck: it connects", StringComparison.Ordinal)));
        await fed.StandsStillAsync();
        hanging.Set();
        await fed.ComesOnAsync();
    }

    /// <summary>A disk that hangs: the inlet is full, and whoever samples waits for it as long as it takes.</summary>
    [Fact]
    public async Task A_buffer_that_takes_nothing_is_waited_for_and_fed_for()
    {
        await using var sampling = new SamplingBench(new StuckSource(), isBufferOpen: false);
        await sampling.StartAsync();
        using var fed = new FedBy(() => [sampling.Sampler.Sign]);
        await fed.StartAsync();

        // It hands over as long as the inlet has room, and says each time for a moment that it waits.
        await PublisherBench.UntilAsync(() => sampling.Sampler.Sign.Step == LoopStep.OfTheBuffer);
        long marks;
        do
        {
            marks = sampling.Sampler.Sign.Marks;
            await fed.ComesOnAsync(30);
        }
        while (marks != sampling.Sampler.Sign.Marks || sampling.Sampler.Sign.Step != LoopStep.OfTheBuffer);
        Assert.Empty(fed.Log.Lines);
    }

    private sealed class FedBy(Func<IEnumerable<LoopSign>> signs, Action? knock = null) : IDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private WatchdogLoop? loop;
        private int looks;
        private int feeds;

        public KeptLog<WatchdogLoop> Log { get; } = new();

        public Task StartAsync()
        {
            loop = new WatchdogLoop(Period, signs, Knock, () => Interlocked.Increment(ref feeds), Clock, Log);
            return loop.StartAsync(stop.Token);
        }

        public Task ComesOnAsync(int times = 3)
        {
            var target = Volatile.Read(ref feeds) + times;
            return PublisherBench.UntilAsync(() => Volatile.Read(ref feeds) >= target);
        }

        /// <summary>Looks are made, and none feeds.</summary>
        public async Task StandsStillAsync()
        {
            var before = Volatile.Read(ref feeds);
            var target = Volatile.Read(ref looks) + 5;
            await PublisherBench.UntilAsync(() => Volatile.Read(ref looks) >= target);
            Assert.Equal(before, Volatile.Read(ref feeds));
        }

        public void Dispose()
        {
            stop.Cancel();
            loop?.Dispose();
            stop.Dispose();
        }

        private void Knock()
        {
            knock?.Invoke();
            Interlocked.Increment(ref looks);
        }
    }

    private sealed class SamplingBench : IAsyncDisposable
    {
        private readonly BufferLoop buffer = new(
            StoreSwitch.InMemory(PublisherBench.Store, 16 << 20), TimeSpan.FromMilliseconds(5), TimeProvider.System,
            NullLogger<BufferLoop>.Instance);

        private readonly bool isBufferOpen;
        private readonly StuckSource source;

        public SamplingBench(StuckSource source, bool isBufferOpen = true)
        {
            this.source = source;
            this.isBufferOpen = isBufferOpen;
            var settings = new SimulatedSettings
            {
                Name = source.Name,
                Signals =
                [
                    new SampledSignal(source.Signals[0], TimeSpan.FromMilliseconds(100),
                        new ReportRule(true, 0, TimeSpan.FromMinutes(1))),
                ],
                Shapes = [],
            };
            Sampler = new Sampler(settings, source, buffer, Clock, NullLogger<Sampler>.Instance);
        }

        public Sampler Sampler { get; }

        public async Task StartAsync()
        {
            if (isBufferOpen)
            {
                await buffer.StartAsync(CancellationToken.None);
            }

            await Sampler.StartAsync(CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            source.IsStuck = false;
            await Sampler.StopAsync(CancellationToken.None);
            Sampler.Dispose();
            await buffer.StopAsync(CancellationToken.None);
            buffer.Dispose();
        }
    }

    /// <summary>A driver that does not come back from a call, as long as a test says so.</summary>
    private sealed class StuckSource : ISignalSource
    {
        private volatile bool isStuck;

        public bool IsStuck
        {
            get => isStuck;
            set => isStuck = value;
        }

        public bool IsSilent { get; init; }

        public string Name => "plc";

        public IReadOnlyList<Signal> Signals { get; } =
            [new Signal
        {
            Name = "count", Source = "plc", Type = new SignalType(SignalKind.Int64), EngineeringUnit = "1",
        }];

        public SourceHealth Health => new("connected", "", []);

        public async ValueTask ReadAsync(
            ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken)
        {
            while (isStuck)
            {
                await Task.Delay(1, CancellationToken.None);
            }

            into.Add(new Reading(
                Signals[0], SignalValue.From(1), IsSilent ? Quality.Bad(QualityReason.Timeout) : Quality.Good,
                DateTime.UnixEpoch));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
