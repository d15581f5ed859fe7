using System.Numerics;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Auditing;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Asking;

/// <summary>What the MES acknowledged of one store.</summary>
internal readonly record struct MesAcknowledgement(StoreId Store, PositionRange Range);

/// <summary>
/// Does what an ask leads to, as far as it is done without waiting: announcements become due, replays are lined up,
/// answers wait to be sent. Stepped, like everything that the publisher's loop asks.
/// </summary>
internal sealed class AskWork(
    AskPlan plan, ReplayLane replays, AnnouncementPlan announcements, AnswerEncoder encoder, ILogger logger)
{
    /// <summary>The view names 1,000 drops at most; one more for what lies before the first position.</summary>
    private const int StoreDropsMax = 1_001;

    public AskPlan Plan => plan;

    /// <summary>The audit log's ear: each ask that was refused.</summary>
    public Action<AuditNote> Audit { get; set; } = _ => { };

    /// <summary>Takes a message. What it gives back, the buffer may forget: the MES has it.</summary>
    public IReadOnlyList<MesAcknowledgement> Take(InboundMessage message, BufferView view, TimeSpan now)
    {
        var verdict = plan.Take(message, view, now);
        if (verdict.Refusal is { } refusal)
        {
            Tell(refusal, 1, message.Correlation, verdict.Word);
        }

        switch (verdict.Ask)
        {
            case Ask.Birth:
                announcements.AskBirth();
                Say(verdict.Address, address => new Answer(address, "birth", AnswerResult.Done));
                break;
            case Ask.Ledger:
                announcements.AskLedger();
                Say(verdict.Address, address => new Answer(address, "ledger", AnswerResult.Done));
                break;
            case Ask.Replay replay:
                Replay(replay, verdict.Address, view);
                break;
            case Ask.Acknowledge acknowledge:
                return Acknowledge(acknowledge, verdict.Address, view);
        }

        return [];
    }

    /// <summary>Asks that nobody could look at: refused as a flood is.</summary>
    public void Overrun(long count)
    {
        plan.Overrun(count);
        Tell(AskRefusal.TooMany, count, default, "");
    }

    /// <summary>Whether an answer waits to be sent; takes in the replays that are done.</summary>
    public bool HasAnswer
    {
        get
        {
            while (replays.TakeDone() is { } done)
            {
                Log.Replayed(logger, done.Readings, done.Store, done.Range.From, done.Range.To);
                Say(done.Address, address => new Answer(address, "replay", AnswerResult.Done)
                {
                    Store = done.Store,
                    Ranges = [done.Range],
                    Readings = done.Readings,
                });
            }

            return plan.Answers > 0;
        }
    }

    /// <summary>Writes the next answer, and says where it goes.</summary>
    public AnswerAddress NextAnswer(PayloadBuffer into, DateTime utc)
    {
        var answer = plan.NextAnswer();
        encoder.Encode(into, answer, utc);
        return answer.Address;
    }

    /// <summary>What became of an answer. It is not sent again: the MES asks again.</summary>
    public void Settle(DeliveryVerdict verdict)
    {
        if (verdict != DeliveryVerdict.Accepted)
        {
            plan.NotTaken();
        }
    }

    private void Replay(Ask.Replay ask, AnswerAddress? address, BufferView view)
    {
        var store = view.Stores.First(each => each.Store == ask.Store);
        var (held, gone) = Split(ask.Range, store);
        if (held.Count == 0)
        {
            Say(address, there => new Answer(there, "replay", AnswerResult.Done)
            {
                Store = ask.Store, Gone = gone, Readings = 0,
            });
            return;
        }

        var range = new PositionRange(held[0].From, held[^1].To);
        if (!replays.Add(ask.Store, range, address))
        {
            plan.TakeBack(AskRefusal.Busy, address, "replay");
            Tell(AskRefusal.Busy, 1, address?.Correlation ?? default, "replay");
            return;
        }

        Log.ReplayAsked(logger, ask.Store, range.From, range.To);
        Say(address, there => new Answer(there, "replay", AnswerResult.Accepted)
        {
            Store = ask.Store, Ranges = held, Gone = gone,
        });
    }

    private IReadOnlyList<MesAcknowledgement> Acknowledge(
        Ask.Acknowledge ask, AnswerAddress? address, BufferView view)
    {
        // What is not durable yet was never published: nobody can have it.
        var store = view.Stores.First(each => each.Store == ask.Store);
        var held = new PositionRange(store.First, store.Next - 1);
        var ranges = ask.Ranges
            .Select(range => new PositionRange(Math.Max(range.From, held.From), Math.Min(range.To, held.To)))
            .Where(range => range.To >= range.From).ToList();
        Say(address, there => new Answer(there, "acknowledge", AnswerResult.Done)
        {
            Store = ask.Store, Ranges = ranges,
        });
        return [.. ranges.Select(range => new MesAcknowledgement(ask.Store, range))];
    }

    /// <summary>The held and the gone parts of a range; what is above the store's end was never there.</summary>
    private static (List<PositionRange> Held, List<PositionRange> Gone) Split(PositionRange asked, StoreView store)
    {
        var dropped = new PositionRanges(StoreDropsMax);
        foreach (var drop in store.Drops.Where(drop => drop.IsWhole))
        {
            dropped.Add(drop.Range);
        }

        if (store.First > 1)
        {
            dropped.Add(new PositionRange(1, store.First - 1));
        }

        var range = asked with { To = Math.Min(asked.To, store.Next - 1) };
        if (range.To < range.From)
        {
            return ([], []);
        }

        var held = dropped.MissingIn(range).Take(AskReader.RangesMax).ToList();
        var there = new PositionRanges(AskReader.RangesMax);
        held.ForEach(each => there.Add(each));
        return (held, [.. there.MissingIn(range).Take(AskReader.RangesMax)]);
    }

    private void Say(AnswerAddress? address, Func<AnswerAddress, Answer> answer)
    {
        if (address is { } there)
        {
            plan.Say(answer(there));
        }
    }

    /// <summary>
    /// The first of its kind, then each time their number has doubled: a flood must not fill the journal.
    /// </summary>
    private void Tell(AskRefusal refusal, long more, ReadOnlyMemory<byte> correlation, string word)
    {
        // What a stranger sends as its correlation is not longer than the contract allows, or not shown.
        var from = correlation.Length is > 0 and <= AskPlan.CorrelationBytesMax
            ? $"MQTT {Convert.ToHexStringLower(correlation.Span)}" : "MQTT";
        Audit(new AuditNote(AuditKind.Ask, word.Length > 0 ? $"ask {word}" : "ask", "refused",
            $"Refused: {refusal}. Nothing was changed by it.")
        {
            From = from, Counted = refusal.ToString(), Count = more,
        });
        var count = plan.RefusedFor(refusal);
        if (count == more || BitOperations.Log2((ulong)count) > BitOperations.Log2((ulong)(count - more)))
        {
            Log.AskRefused(logger, refusal, count);
        }
    }
}
