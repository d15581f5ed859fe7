using System.Buffers;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Uplink;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Plant.World;

/// <summary>
/// The broker in the DMZ and the MES behind it. It answers each message with a reason code, keeps a bounded queue for
/// an absent MES, and may lose that queue after it has answered: what it loses then is written down as its own loss.
/// The MES is the reference receiver, fed with the bytes that came over the line.
/// </summary>
internal sealed class SimulatedBroker(
    WorldClock clock, PlantBooks books, StreamLedger mes, Random random)
{
    private const string Gateway = "gw-001";
    private const int QueueMax = 1000;

    private readonly Queue<Queued> queue = new();
    private readonly Dictionary<string, Queued> retained = new(StringComparer.Ordinal);

    private LedgerMessage? heard;

    private sealed record Queued(OutboundMessage Message, byte[] Bytes, SentBatch? Sent);

    public bool IsDown { get; set; }

    /// <summary>The MES has a session here: messages are kept for it while it is away.</summary>
    public bool HasSession { get; private set; } = true;

    public bool MesIsHere { get; private set; } = true;

    public required ConnectTerms Terms { get; init; }

    /// <summary>Packets above this end the connection, although the broker does not announce it.</summary>
    public required int HiddenPacketBytesMax { get; init; }

    /// <summary>Asked for each message: a reason code other than 0 refuses it.</summary>
    public Func<bool, int> Refuses { get; set; } = _ => 0;

    /// <summary>How long it takes to answer, at most.</summary>
    public TimeSpan SlowestAnswer { get; set; } = TimeSpan.FromMilliseconds(10);

    public long Messages { get; private set; }

    public int LargestBytes { get; private set; }

    /// <summary>Messages that were not taken: their readings may come later, behind younger ones.</summary>
    public long Refusals { get; private set; }

    public TimeSpan AnswerDelay() => SlowestAnswer * random.NextDouble();

    /// <summary>Takes a message and gives its reason code; null where the connection ends instead.</summary>
    public int? Receive(OutboundMessage message, byte[] bytes, SentBatch? sent)
    {
        Messages++;
        LargestBytes = Math.Max(LargestBytes, bytes.Length);
        if (bytes.Length + message.Topic.Length > HiddenPacketBytesMax)
        {
            Refusals++;
            return null;
        }

        var code = Refuses(message.Retain);
        if (code != 0)
        {
            Refusals++;
            return code;
        }

        var queued = new Queued(message, bytes, sent);
        if (message.Retain)
        {
            retained[message.Topic] = queued;
        }

        if (!HasSession)
        {
            Refusals += message.Retain ? 0 : 1;
            return 0x10;
        }

        queue.Enqueue(queued);
        if (queue.Count > QueueMax)
        {
            Lose(queue.Dequeue());
        }

        Drain();
        return 0x00;
    }

    public void MesLeaves() => MesIsHere = false;

    /// <summary>The MES is gone for good, and what the broker kept for it: nobody subscribes any more.</summary>
    public void MesUnsubscribes()
    {
        LoseQueue();
        HasSession = false;
        MesIsHere = false;
    }

    /// <summary>The MES is back: with its session, or without one and then with a new subscription.</summary>
    public void MesComes()
    {
        MesIsHere = true;
        if (!HasSession)
        {
            HasSession = true;
            foreach (var kept in retained.Values)
            {
                queue.Enqueue(kept);
            }
        }

        Drain();
    }

    /// <summary>The process of the broker ends; without persistence it forgets everything.</summary>
    public void Restart(bool forgets)
    {
        if (!forgets)
        {
            return;
        }

        MesUnsubscribes();
        retained.Clear();
    }

    private void LoseQueue()
    {
        while (queue.TryDequeue(out var lost))
        {
            Lose(lost);
        }
    }

    private void Lose(Queued lost)
    {
        if (lost.Sent is { } sent)
        {
            books.LostByBroker(sent.Store, sent.Range);
        }
    }

    private void Drain()
    {
        while (MesIsHere && queue.TryDequeue(out var next))
        {
            var message = new MesMessage(next.Message.Topic, new ReadOnlySequence<byte>(next.Bytes))
            {
                Retained = next.Message.Retain,
                ContentType = next.Message.ContentType,
                Contract = "1",
                ContentEncoding = next.Message.ContentEncoding ?? "",
            };
            mes.Receive(message, clock.TrueUtc);
            if (mes.Gateway(Gateway).Ledger is { } ledger && ledger != heard)
            {
                heard = ledger;
                books.Hears(ledger);
            }

            if (mes.Violations is [var violation, ..])
            {
                var order = violation.Sentence.Contains("out of order", StringComparison.Ordinal);
                throw new WorldFaultException(
                    order ? Checker.Order : Checker.Contract, $"{violation.Topic}: {violation.Sentence}");
            }
        }
    }
}
