using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing;
using Sluice.Agent.Uplink;

namespace Sluice.Plant.World;

/// <summary>
/// The publisher's loop, stepped: the same plans, encoders and <see cref="PublishWork"/> as in the agent. It sleeps as
/// the agent's loop sleeps, so that a wake which is lost is lost here too.
/// </summary>
internal sealed class SteppedPublisher
{
    // The agent's timer rounds up to this (WakeSignal).
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);

    private readonly PublishDesk desk;
    private readonly SteppedBuffer buffer;
    private readonly SimulatedLine line;
    private readonly WorldClock clock;
    private readonly PlantBooks books;
    private readonly Random random;
    private readonly Seams seams;
    private readonly ReconnectSchedule schedule = new();
    private readonly Queue<(HandedOver Handed, DeliveryOutcome Outcome)> answers = new();
    private readonly List<HandedOver> underWay = [];

    private State state = State.Pausing;
    private TimeSpan until;
    private TimeSpan connectedAt;
    private ConnectOutcome? outcome;
    private PublishWork? work;
    private LinkLoss? lost;
    private WorkStep? reply;
    private bool awaitsBuffer;
    private bool asleep;
    private bool woken;
    private long connections;

    public SteppedPublisher(
        WorldSettings settings, PublishDesk desk, SteppedBuffer buffer, SimulatedLine line, WorldClock clock,
        PlantBooks books, Random random)
    {
        this.desk = desk;
        this.buffer = buffer;
        this.line = line;
        this.clock = clock;
        this.books = books;
        this.random = random;
        seams = settings.Seams;
        buffer.Changed = () => woken |= seams.Wakes(connections);
    }

    private enum State
    {
        Pausing,
        Connecting,
        Working,
    }

    public int UnderWay => underWay.Count;

    public TimeSpan DueAt => state switch
    {
        State.Pausing => until,
        State.Working when asleep && !woken && lost is null => until,
        State.Working when awaitsBuffer => TimeSpan.MaxValue,
        State.Working => clock.Now,
        _ => TimeSpan.MaxValue,
    };

    /// <summary>Does one thing. False where it sleeps, or waits for somebody.</summary>
    public bool Step() => state switch
    {
        State.Pausing => Connect(),
        State.Connecting => TakeConnection(),
        _ => Work(),
    };

    /// <summary>A clean stop: whatever has been answered is settled, and the broker hears a last word.</summary>
    public void Stop()
    {
        if (state == State.Working)
        {
            TakeAnswers();
            if (lost is null)
            {
                line.Deliver(work!.Goodbye(desk.Utc), null, _ => { });
                line.Disconnect();
            }
        }

        state = State.Connecting;
        outcome = null;
    }

    private bool Connect()
    {
        if (clock.Now < until)
        {
            return false;
        }

        desk.Journal.Connecting();
        state = State.Connecting;
        outcome = null;
        lost = null;
        line.Connect(desk.Will(), connected => outcome = connected, loss =>
        {
            lost = loss;
            woken = true;
        });
        return true;
    }

    private bool TakeConnection()
    {
        if (outcome is null)
        {
            return false;
        }

        if (outcome.Terms is not { } terms)
        {
            Pause(schedule.AfterFailure(random.NextDouble()));
            desk.Journal.NotConnected(outcome, until - clock.Now);
            return true;
        }

        state = State.Working;
        connectedAt = clock.Now;
        connections++;
        work = new PublishWork(desk, terms, buffer.View);
        (asleep, woken, awaitsBuffer, reply) = (false, false, false, null);
        return true;
    }

    private bool Work()
    {
        if (awaitsBuffer)
        {
            if (reply is not { } step)
            {
                return false;
            }

            (awaitsBuffer, reply) = (false, null);
            Do(step);
            return true;
        }

        if (asleep)
        {
            if (!woken && clock.Now < until)
            {
                return false;
            }

            (asleep, woken) = (false, false);
        }

        if (lost is not null)
        {
            EndSession(lost);
            return true;
        }

        TakeAnswers();
        work!.Observe(buffer.View);
        Do(seams.Step(work.Next(clock.Now, desk.Utc)));
        return true;
    }

    private void Do(WorkStep step)
    {
        switch (step.Kind)
        {
            case WorkKind.Sleep:
                asleep = true;
                until = step.Wait is { } wait ? clock.Now + wait + TimerGrain : TimeSpan.MaxValue;
                break;
            case WorkKind.ReadPresent:
                awaitsBuffer = true;
                buffer.Present(present => reply = work!.Announce(present, clock.Now, desk.Utc));
                break;
            case WorkKind.ReadReadings:
                awaitsBuffer = true;
                var (store, from, readingsMax) = step.Wanted;
                buffer.Peek(store, from, readingsMax, desk.Peeked,
                    fault => reply = work!.Send(fault, clock.Now, desk.Utc));
                break;
            case WorkKind.Deliver:
                HandOver(step.Message!, step.Handed!);
                break;
        }
    }

    private void HandOver(OutboundMessage message, HandedOver handed)
    {
        underWay.Add(handed);
        WorldFaultException.Require(underWay.Count <= Math.Min(17, outcome!.Terms!.ReceiveMaximum), Checker.Bounds,
            () => $"{underWay.Count} messages are under way");
        if (handed.Sent is { } sent && seams.AcknowledgedAtOnce(sent) is { } range)
        {
            books.Acknowledged(sent.Store, range);
            buffer.Acknowledge(sent.Store, range);
        }

        line.Deliver(message, handed.Sent, answered =>
        {
            underWay.Remove(handed);
            answers.Enqueue((handed, answered));
            woken = true;
        });
    }

    private void TakeAnswers()
    {
        while (answers.TryDequeue(out var answer))
        {
            var accepted = work!.Settle(answer.Handed, seams.Answer(answer.Outcome), clock.Now);
            if (answer.Handed.Sent is { } sent && seams.Acknowledged(sent.Store, accepted) is { } range)
            {
                books.Acknowledged(sent.Store, range);
                buffer.Acknowledge(sent.Store, range);
            }
        }
    }

    private void EndSession(LinkLoss loss)
    {
        foreach (var handed in underWay)
        {
            answers.Enqueue((handed, new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "the link is gone.")));
        }

        underWay.Clear();
        TakeAnswers();
        work!.Ended();
        work = null;
        var contest = desk.Journal.Judge(loss);
        var pause = schedule.AfterLoss(clock.Now - connectedAt, loss.TakenOver, random.NextDouble(), contest);
        desk.Lost(loss);
        desk.Journal.Lost(loss, pause);
        Pause(pause);
    }

    private void Pause(TimeSpan pause)
    {
        state = State.Pausing;
        until = clock.Now + pause;
    }
}
