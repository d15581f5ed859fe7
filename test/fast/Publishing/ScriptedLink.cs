using System.Buffers;
using System.Collections.Concurrent;
using Sluice.Agent.Asking;
using Sluice.Agent.Uplink;
using Sluice.Mes;
using Sluice.Mes.Schemas;

namespace Sluice.Fast.Publishing;

/// <summary>A message as it reached the broker's side.</summary>
/// <param name="Topic">Where to.</param>
/// <param name="Payload">Unpacked where it was compressed.</param>
/// <param name="Retain">To be kept by the broker.</param>
/// <param name="Correlation">Of an answer.</param>
/// <param name="WireBytes">What the payload had on the wire.</param>
/// <param name="Encoding">How it was encoded there; empty where it was not.</param>
internal sealed record Delivered(
    string Topic, byte[] Payload, bool Retain, byte[] Correlation, int WireBytes, string Encoding);

/// <summary>
/// A link without a network: a test says what the broker answers, when the link is lost and whether it can be made. The
/// second implementation of <see cref="IBrokerLink"/>.
/// </summary>
internal sealed class ScriptedLink : IBrokerLink
{
    private readonly ConcurrentQueue<Delivered> accepted = new();
    private volatile TaskCompletionSource<LinkLoss> lost = Fresh();

    public ScriptedLink()
    {
        lost.SetResult(new LinkLoss("there is no connection."));
    }

    /// <summary>Asked for each message; null: no answer ever comes. Called on the publisher's loop.</summary>
    public Func<OutboundMessage, DeliveryOutcome?> Answer { get; set; } = _ => DeliveryOutcome.Accepted;

    /// <summary>Asked for each attempt.</summary>
    public Func<ConnectOutcome> Connect { get; set; } = () => Connected(1000);

    /// <summary>Asked for each connection that is to follow; null: it lies ready.</summary>
    public Func<ConnectOutcome?> Prepare { get; set; } = () => null;

    /// <summary>Sees each message that was accepted, in order.</summary>
    public Action<Delivered> OnAccepted { get; set; } = _ => { };

    public IReadOnlyList<Delivered> Accepted => [.. accepted];

    public int Connections { get; private set; }

    public bool DisconnectedCleanly { get; private set; }

    public OutboundMessage? Will { get; private set; }

    /// <summary>Tests call it to let the MES ask.</summary>
    public Action<InboundMessage> Received { get; set; } = _ => { };

    public Task<LinkLoss> Lost => lost.Task;

    public static ConnectOutcome Connected(int receiveMaximum, int packetBytesMax = int.MaxValue) =>
        new(ConnectVerdict.Connected, "", 0,
            new ConnectTerms(receiveMaximum, packetBytesMax, "TLS 1.3 scripted", "here"));

    public void Cut(string why = "somebody pulled the cable.", int reasonCode = 0, bool takenOver = false) =>
        lost.TrySetResult(new LinkLoss(why, reasonCode, takenOver));

    public ValueTask<ConnectOutcome> ConnectAsync(OutboundMessage will, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var outcome = Connect();
        if (outcome.Verdict == ConnectVerdict.Connected)
        {
            Will = will;
            Connections++;
            lost = Fresh();
        }

        return ValueTask.FromResult(outcome);
    }

    public ValueTask<ConnectOutcome?> PrepareAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(Prepare());

    public async ValueTask<DeliveryOutcome> DeliverAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        var link = lost.Task;
        if (!link.IsCompleted)
        {
            var payload = message.Payload.ToArray();
            if (Answer(message) is { } answer)
            {
                if (answer.Verdict == DeliveryVerdict.Accepted)
                {
                    var opened = new MesMessage(message.Topic, new ReadOnlySequence<byte>(payload))
                    {
                        ContentEncoding = message.ContentEncoding ?? "",
                    }.Opened();
                    var delivered = new Delivered(
                        message.Topic, opened.Payload.ToArray(), message.Retain, message.Correlation.ToArray(),
                        payload.Length, message.ContentEncoding ?? "");
                    accepted.Enqueue(delivered);
                    OnAccepted(delivered);
                }

                await Task.Yield();
                return answer;
            }

            await link.WaitAsync(cancellationToken);
        }

        return new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "lost");
    }

    public ValueTask DisconnectAsync(CancellationToken cancellationToken)
    {
        DisconnectedCleanly = true;
        Cut("the gateway ended the connection.");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Cut();
        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource<LinkLoss> Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
