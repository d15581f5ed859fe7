using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>
/// A buffer and a broker that are nothing but numbers, stepped from a seed, around a real <see cref="DeliveryPlan"/>.
/// It checks after every step what must always hold, and at the end, in a kind world, that everything arrived.
/// </summary>
internal sealed class DeliveryWorld
{
    private readonly Random random;
    private readonly DeliveryPlan plan = new(new DeliveryLimits { ReadingsMax = 20, LiveLagMax = 60, WindowMax = 5 });
    private readonly List<ModelStore> stores = [new ModelStore(1)];
    private readonly List<SentBatch> inFlight = [];
    private readonly Dictionary<StoreId, long> liveTo = [];
    private TimeSpan now;
    private bool connected;
    private int window;
    private int storesMade = 1;

    public DeliveryWorld(int seed)
    {
        random = new Random(seed);
    }

    public long DeliveredTwice { get; private set; }

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Step();
            Check();
        }

        Finish();
    }

    private void Step()
    {
        switch (random.Next(24))
        {
            case < 6:
                stores[^1].Next += random.Next(1, 40);
                plan.Observe(View());
                break;
            case < 12:
                Send();
                break;
            case < 18:
                Answer(random.Next(10) < 7 ? DeliveryVerdict.Accepted : (DeliveryVerdict)random.Next(1, 7));
                break;
            case 18:
                Connect();
                break;
            case 19:
                Disconnect();
                break;
            case 20:
                Drop();
                break;
            case 21 when random.Next(4) == 0:
                stores.Add(new ModelStore(++storesMade));
                plan.Observe(View());
                break;
            default:
                now += TimeSpan.FromMilliseconds(random.Next(1, 4000));
                break;
        }
    }

    private void Connect()
    {
        Disconnect();
        connected = true;
        window = random.Next(1, 8);
        plan.Connected(View(), window);
        liveTo.Clear();
        foreach (var store in stores)
        {
            store.LiveFrom = store == stores[^1] ? store.Next : long.MaxValue;
        }

    }

    private void Disconnect()
    {
        connected = false;

        // The broker may have taken it although nobody was told: the worst that comes of it is a second delivery.
        foreach (var sent in inFlight.Where(_ => random.Next(2) == 0))
        {
            Reached(sent);
        }

        inFlight.Clear();
        plan.Disconnected();
    }

    private void Send()
    {
        if (plan.Next(now) is not { } planned)
        {
            return;
        }

        var store = stores.Single(known => known.Id == planned.Store);
        Assert.InRange(planned.ReadingsMax, 1, 20);
        Assert.True(planned.Range.To < store.Next, "planned what is not durable");
        var first = store.FirstHeld(planned.Range.From);
        if (first > planned.Range.From)
        {
            plan.Gone(planned, new PositionRange(planned.Range.From, Math.Min(first - 1, planned.Range.To)));
            return;
        }

        var count = random.Next(1, planned.ReadingsMax + 1);
        var range = new PositionRange(first, first + count - 1);
        Assert.DoesNotContain(inFlight, sent => sent.Store == planned.Store && sent.Range.From <= range.To
            && range.From <= sent.Range.To);
        if (planned.Lane == Lane.Live)
        {
            Assert.True(range.From >= store.LiveFrom, "history went out as live");
        }

        inFlight.Add(plan.Sent(planned, range, 100, now));
    }

    private void Answer(DeliveryVerdict verdict)
    {
        if (inFlight.Count == 0)
        {
            return;
        }

        // Answers come in order from a broker; a refusal may still meet any of them.
        var sent = inFlight[0];
        inFlight.RemoveAt(0);
        var acknowledged = plan.Settle(sent, verdict, now);
        if (verdict != DeliveryVerdict.Accepted)
        {
            Assert.Null(acknowledged);
            return;
        }

        Assert.Equal(sent.Range, acknowledged);
        Reached(sent);
        stores.Single(store => store.Id == sent.Store).Acknowledge(sent.Range);
        if (sent.Lane == Lane.Live)
        {
            Assert.True(sent.Range.From > liveTo.GetValueOrDefault(sent.Store), "live went back in time");
            liveTo[sent.Store] = sent.Range.To;
        }
    }

    private void Reached(SentBatch sent)
    {
        var store = stores.Single(known => known.Id == sent.Store);
        for (var position = sent.Range.From; position <= sent.Range.To; position++)
        {
            DeliveredTwice += store.Arrived.Add(position) ? 0 : 1;
        }
    }

    private void Drop()
    {
        var store = stores[random.Next(stores.Count)];
        store.First = Math.Min(store.Next, store.First + random.Next(1, 30));
        plan.Observe(View());
    }

    private void Check()
    {
        Assert.Equal(inFlight.Count, plan.InFlight);
        Assert.True(inFlight.Count <= Math.Max(window, 0), "more in flight than the window");
    }

    /// <summary>Everybody is kind from now on: whatever is held arrives.</summary>
    private void Finish()
    {
        Connect();
        for (var i = 0; i < 20_000 && (i % 64 > 0 || Undelivered() > 0); i++)
        {
            now += TimeSpan.FromMilliseconds(10);
            Send();
            Answer(DeliveryVerdict.Accepted);
        }

        Assert.True(connected);
        Assert.Equal(0, Undelivered());
    }

    private long Undelivered() => stores.Sum(store => store.Undelivered());

    private BufferView View() => new(stores.Select(store => store.View()).ToArray(), null);

    private sealed class ModelStore(int number)
    {
        private readonly PositionRanges acknowledged = new(10_000);

        public StoreId Id { get; } = new(new Guid(number, 0, 0, new byte[8]));

        public long First { get; set; } = 1;

        public long Next { get; set; } = 1;

        public long LiveFrom { get; set; } = 1;

        public HashSet<long> Arrived { get; } = [];

        public void Acknowledge(PositionRange range) => acknowledged.Add(range);

        public long FirstHeld(long from) => Math.Max(from, First);

        public long Undelivered()
        {
            var missing = 0L;
            for (var position = First; position < Next; position++)
            {
                missing += Arrived.Contains(position) ? 0 : 1;
            }

            return missing;
        }

        public StoreView View() => new()
        {
            Store = Id,
            IsVolatile = false,
            First = First,
            Next = Next,
            Acknowledged = acknowledged.ToList(),
            Drops = [],
            DroppedCount = First - 1,
            SizeBytes = 0,
            Waiting = 0,
        };
    }
}
