using System.Buffers;
using System.Net;
using Sluice.Bench.Beside;
using Sluice.Field.Parts.Peers;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Plant.Broker;
using Sluice.Plant.Keys;

namespace Sluice.Bench.Uplink;

/// <summary>A message of readings as it came, and when.</summary>
internal readonly record struct Arrival(DateTime At, byte[] Payload, string Encoding);

/// <summary>
/// The receiving end: subscribes at QoS 1 as an MES does, keeps what comes with its time, and looks into it only when
/// asked, so that it takes as little of the machine as a receiver can.
/// </summary>
internal sealed class Receiver(TimeProvider clock) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private List<Arrival> arrivals = [];
    private MesLink? link;
    private long others;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return arrivals.Count;
            }
        }
    }

    /// <summary>Messages of somebody who does not speak the contract.</summary>
    public long Others => Interlocked.Read(ref others);

    public void ForgetOthers() => Interlocked.Exchange(ref others, 0);

    public static async Task<Receiver> StartAsync(
        MosquittoBroker broker, PlantKeys keys, TimeProvider clock, CancellationToken cancel)
    {
        var receiver = new Receiver(clock);
        var identity = keys.Identity(keys.IssueClient("mes"));
        var where = new MesBroker(new IPEndPoint(IPAddress.Loopback, broker.Port), MosquittoBroker.Host);
        receiver.link = await MesLink.ConnectAsync(where, identity, "mes", TimeSpan.Zero, receiver.Hear, cancel);
        return await receiver.link.SubscribeAsync("sluice/v1/#", cancel)
            ? receiver
            : throw new IOException("the broker did not grant the subscription.");
    }

    /// <summary>What came since the last time.</summary>
    public IReadOnlyList<Arrival> Take()
    {
        lock (gate)
        {
            var taken = arrivals;
            arrivals = [];
            return taken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (link is not null)
        {
            await link.DisposeAsync();
        }
    }

    private void Hear(MesMessage message)
    {
        if (!message.Topic.EndsWith("/data", StringComparison.Ordinal))
        {
            if (message.Topic.Contains(IPeer.TopicPart, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref others);
            }

            return;
        }

        var arrival = new Arrival(
            clock.GetUtcNow().UtcDateTime, message.Payload.ToArray(), message.ContentEncoding);
        lock (gate)
        {
            arrivals.Add(arrival);
        }
    }
}
