using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Publishing;
using Sluice.Hal;
using Sluice.Hal.Simulation;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Fast.Publishing;

/// <summary>
/// A publisher over a real buffer loop in memory and a scripted link, with the reference receiver behind it.
/// </summary>
internal sealed class PublisherBench : IAsyncDisposable
{
    public const string Base = "sluice/v1/plant1/gw-042";
    public static readonly StoreId Store = new(new Guid("0199c6f1-0000-7000-8000-000000000001"));
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly Signal signal = Named("line/count");

    private readonly StreamLedger mes = new("plant1");
    private readonly ConcurrentDictionary<long, int> arrived = new();
    private readonly int silentSignals;
    private readonly TimeProvider clock;
    private long appended;

    /// <param name="publish">Or the defaults.</param>
    /// <param name="bufferBytesMax">Memory for readings.</param>
    /// <param name="silentSignals">Signals that are in the list and never read.</param>
    /// <param name="clock">The publisher's; or the real one.</param>
    public PublisherBench(
        PublishSettings? publish = null, long bufferBytesMax = 16 << 20, int silentSignals = 0,
        TimeProvider? clock = null)
    {
        this.silentSignals = silentSignals;
        this.clock = clock ?? TimeProvider.System;
        Buffer = new BufferLoop(
            StoreSwitch.InMemory(Store, bufferBytesMax), TimeSpan.FromMilliseconds(5), TimeProvider.System,
            NullLogger<BufferLoop>.Instance);
        Publisher = Make(publish);
        Link.OnAccepted = Receive;
    }

    public ScriptedLink Link { get; } = new();

    /// <summary>What the publisher told the journal.</summary>
    public KeptLog<Publisher> Log { get; } = new();

    public BufferLoop Buffer { get; }

    public Publisher Publisher { get; private set; }

    /// <summary>How often each position arrived.</summary>
    public IReadOnlyDictionary<long, int> Arrived => arrived;

    public StoreView View => Buffer.View.Stores[^1];

    public async Task StartAsync()
    {
        await Buffer.StartAsync(CancellationToken.None);
        await Publisher.StartAsync(CancellationToken.None);
    }

    /// <summary>Another start of the agent over the same buffer.</summary>
    public async Task RestartAsync()
    {
        await Publisher.StopAsync(CancellationToken.None);
        Publisher.Dispose();
        Publisher = Make(null);
        await Publisher.StartAsync(CancellationToken.None);
    }

    public async Task AppendAsync(int count)
    {
        var readings = new Reading[count];
        for (var i = 0; i < count; i++)
        {
            var at = DateTime.UnixEpoch.AddMilliseconds(++appended);
            readings[i] = new Reading(signal, SignalValue.From(appended), Quality.Good, at);
        }

        await Buffer.AppendAsync(readings, CancellationToken.None);
        await UntilAsync(() => View.Next == appended + 1);
    }

    /// <summary>Waits for a condition, woken by whatever the buffer does; never longer than the bound.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), bound.Token);
        }
    }

    /// <summary>What the reference receiver found wrong, and how many positions it misses.</summary>
    public (IReadOnlyList<string> Violations, GatewayStream Stream) Mes()
    {
        lock (mes)
        {
            return ([.. mes.Violations.Select(one => $"{one.Topic}: {one.Sentence}")], mes.Gateway("gw-042"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Publisher.StopAsync(CancellationToken.None);
        Publisher.Dispose();
        await Buffer.StopAsync(CancellationToken.None);
        Buffer.Dispose();
    }

    private Publisher Make(PublishSettings? publish) => new(
        Configuration(publish ?? new PublishSettings()), Buffer, Link, clock, new Calm(),
        Log);

    private static Signal Named(string name) => new()
    {
        Name = name,
        Source = "line",
        Type = new SignalType(SignalKind.Int64),
        EngineeringUnit = "1",
    };

    private static SampledSignal Sampled(Signal signal) =>
        new(signal, TimeSpan.FromSeconds(1), new ReportRule(true, 0, TimeSpan.FromSeconds(60)));

    private GatewayConfiguration Configuration(PublishSettings publish) => new()
    {
        Gateway = new GatewayName("plant1", "gw-042"),
        Broker = new BrokerSettings
        {
            Host = "broker",
            Addresses = [IPAddress.Loopback],
            Network = IPNetwork.Parse("127.0.0.0/8"),
        },
        Identity = new IdentitySettings { Directory = "none" },
        Buffer = new BufferSettings { Directory = "none" },
        Publish = publish,
        Sources =
        [
            new SimulatedSettings
            {
                Name = "line",
                Signals =
                [
                    Sampled(signal),
                    .. Enumerable.Range(0, silentSignals).Select(i => Sampled(Named($"line/silent{i}"))),
                ],
                Shapes = [new SimulatedSignal { Signal = signal, Shape = SimulatedShape.Counter }],
            },
        ],
        Hash = new string('0', 64),
    };

    private void Receive(Delivered message)
    {
        lock (mes)
        {
            mes.Receive(
                new MesMessage(message.Topic, new ReadOnlySequence<byte>(message.Payload))
                {
                    Retained = message.Retain,
                    ContentType = "application/json",
                    Contract = "1",
                },
                DateTimeOffset.UnixEpoch);
        }

        if (message.Topic == $"{Base}/data")
        {
            foreach (var position in Wire.Positions(message.Payload))
            {
                arrived.AddOrUpdate(position, 1, (_, times) => times + 1);
            }
        }
    }

    /// <summary>The shortest waits that the schedule allows.</summary>
    private sealed class Calm : Random
    {
        public override double NextDouble() => 0;
    }
}
