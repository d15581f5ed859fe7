using System.Buffers;
using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Uplink;

namespace Sluice.Plant.World;

/// <summary>Which way of the line swallows everything without a word.</summary>
[Flags]
internal enum Silence
{
    None,
    Up,
    Down,
}

/// <summary>
/// The network between gateway and broker, as the broker link's contract shows it: connect, deliver in order, be lost.
/// It can be cut, be silent in one direction or both, be thin and be slow.
/// </summary>
internal sealed class SimulatedLine(
    WorldClock clock, Agenda agenda, SimulatedBroker broker, PlantBooks books, TrafficBook traffic, Seams seams,
    Random random)
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ConnectMax = TimeSpan.FromSeconds(10);

    private Connection? current;
    private bool isCut;

    /// <summary>One way.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(20);

    public double BytesPerSecond { get; set; } = 1e6;

    public Silence Silence { get; private set; }

    public long Deliveries { get; private set; }

    public void Connect(OutboundMessage will, Action<ConnectOutcome> done, Action<LinkLoss> lost)
    {
        if (isCut || Silence != Silence.None)
        {
            var silent = Silence != Silence.None || random.Next(2) == 0;
            agenda.In(silent ? ConnectMax : Latency * 2, () => done(new ConnectOutcome(
                silent ? ConnectVerdict.Silent : ConnectVerdict.Unreachable, "nobody answers.")));
            return;
        }

        if (broker.IsDown)
        {
            agenda.In(Latency * 2, () => done(new ConnectOutcome(ConnectVerdict.Refused, "nothing listens there.")));
            return;
        }

        var connection = new Connection(lost, clock.Now);
        current = connection;
        agenda.In(Latency * 4, () => done(connection.IsOpen
            ? new ConnectOutcome(ConnectVerdict.Connected, "", 0, broker.Terms)
            : new ConnectOutcome(ConnectVerdict.Broken, "it ended at once.")));
        _ = will;
    }

    /// <summary>Hands a message over; the answer comes, or the loss of the connection does.</summary>
    public void Deliver(OutboundMessage message, SentBatch? sent, Action<DeliveryOutcome> answered)
    {
        if (current is not { IsOpen: true } connection)
        {
            return;
        }

        Deliveries++;
        traffic.Sends((int)message.Payload.Length);
        var begins = connection.FreeAt > clock.Now ? connection.FreeAt : clock.Now;
        connection.FreeAt = begins + TimeSpan.FromSeconds(message.Payload.Length / BytesPerSecond);
        agenda.At(connection.FreeAt + Latency + seams.Delay(message), () => Reach(connection, message, sent, answered));
    }

    /// <summary>The gateway ends the connection.</summary>
    public void Disconnect()
    {
        if (current is { } connection)
        {
            connection.IsOpen = false;
        }
    }

    public void Cut() => Cut(new LinkLoss("the cable is out."));

    /// <summary>Both ends notice at once; nobody gets through until it is mended.</summary>
    public void Cut(LinkLoss why)
    {
        isCut = true;
        Lose(why);
    }

    /// <summary>Nothing gets through and nobody is told; the keep-alive finds out.</summary>
    public void FallSilent(Silence ways)
    {
        Silence = ways;
        if (current is { IsOpen: true } connection)
        {
            var noticed = KeepAlive + (KeepAlive * random.NextDouble());
            agenda.In(noticed, () => LoseIfSilent(connection));
        }
    }

    public void Mend() => (isCut, Silence) = (false, Silence.None);

    /// <summary>The broker or the network ends this one connection.</summary>
    public void Lose(LinkLoss why)
    {
        if (current is { IsOpen: true } connection)
        {
            Lose(connection, why);
        }
    }

    private static void Lose(Connection connection, LinkLoss why)
    {
        if (connection.IsOpen)
        {
            connection.IsOpen = false;
            connection.Lost(why);
        }
    }

    private void LoseIfSilent(Connection connection)
    {
        if (connection.IsOpen && (Silence != Silence.None || connection.Swallowed != Silence.None))
        {
            Lose(connection, new LinkLoss("the broker does not answer the keep-alive."));
        }
    }

    private void Reach(Connection connection, OutboundMessage message, SentBatch? sent,
        Action<DeliveryOutcome> answered)
    {
        if (!connection.IsOpen || (Silence | connection.Swallowed).HasFlag(Silence.Up))
        {
            Swallow(connection, Silence.Up);
            return;
        }

        // Read now and not when it was handed over: the gateway must not have touched it since.
        var bytes = seams.Bytes(message, message.Payload.ToArray());
        if (broker.Receive(message, bytes, sent) is not { } code)
        {
            Lose(connection, new LinkLoss("the broker ended the connection: packet too large.", 0x95));
            return;
        }

        var verdict = DeliveryOutcome.Of(code, "", message.Topic, message.Retain);
        if (sent is not null && code == 0)
        {
            books.TakenByBroker(sent.Store, sent.Range);
        }

        connection.AnswersAt = Later(connection.AnswersAt, clock.Now + broker.AnswerDelay());
        agenda.At(connection.AnswersAt + Latency, () =>
        {
            if (!connection.IsOpen || (Silence | connection.Swallowed).HasFlag(Silence.Down))
            {
                Swallow(connection, Silence.Down);
                return;
            }

            answered(verdict);
        });
    }

    /// <summary>TCP does not skip: what was swallowed keeps everything behind it, until the connection ends.</summary>
    private void Swallow(Connection connection, Silence way)
    {
        if (connection.IsOpen && !connection.Swallowed.HasFlag(way))
        {
            connection.Swallowed |= way;
            agenda.In(KeepAlive * 2, () => LoseIfSilent(connection));
        }
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private sealed class Connection(Action<LinkLoss> lost, TimeSpan since)
    {
        public Action<LinkLoss> Lost { get; } = lost;

        public bool IsOpen { get; set; } = true;

        /// <summary>The ways on which something got lost.</summary>
        public Silence Swallowed { get; set; }

        /// <summary>When its last byte so far has left.</summary>
        public TimeSpan FreeAt { get; set; } = since;

        public TimeSpan AnswersAt { get; set; } = since;
    }
}
