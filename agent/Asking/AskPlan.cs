using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;

namespace Sluice.Agent.Asking;

/// <summary>What an ask leads to.</summary>
/// <param name="Ask">What was understood and granted; null where it was refused.</param>
/// <param name="Refusal">Why not.</param>
/// <param name="Address">Where its answers go; null where nobody wants one, or none is given.</param>
/// <param name="Word">The ask's own word, as far as it could be read.</param>
internal readonly record struct AskVerdict(Ask? Ask, AskRefusal? Refusal, AnswerAddress? Address, string Word = "");

/// <summary>
/// Decides what the MES's asks lead to, and keeps the answers until they are sent. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Nothing that arrives can change what is read, what is stored, or where anything goes but below the gateway's
/// own <c>answer</c>.</item>
/// <item>What is kept is bounded: asks by a rate, answers by <see cref="AnswersMax"/>.</item>
/// <item>Every refusal is counted; none is obeyed in part.</item>
/// </list>
/// </summary>
/// <param name="baseTopic">sluice/v1/SITE/GATEWAY.</param>
/// <param name="acknowledgedByMes">Whether the MES's word lets readings be forgotten.</param>
internal sealed class AskPlan(string baseTopic, bool acknowledgedByMes)
{
    public const int AnswersMax = 64;
    public const int CorrelationBytesMax = 256;
    public const int ResponseTopicCharactersMax = 256;

    /// <summary>So many at once, and so many a second for ever: an MES needs one a second at most.</summary>
    public const int Burst = 20;
    public const double PerSecond = 5;

    private readonly long[] refused = new long[Enum.GetValues<AskRefusal>().Length];
    private readonly Queue<Answer> answers = new();
    private double allowance = Burst;
    private TimeSpan countedAt;

    public string Topic { get; } = $"{baseTopic}/ask";

    /// <summary>Asks that were granted.</summary>
    public long Granted { get; private set; }

    public long Refused => refused.Sum();

    /// <summary>Answers that nobody fetched in time, or that the broker did not take.</summary>
    public long AnswersLost { get; private set; }

    public long RefusedFor(AskRefusal refusal) => refused[(int)refusal];

    public AskVerdict Take(InboundMessage message, BufferView view, TimeSpan now)
    {
        if (!Allowed(now))
        {
            return Refuse(AskRefusal.TooMany, null, "");
        }

        if (message.Topic != Topic)
        {
            return Refuse(AskRefusal.Foreign, null, "");
        }

        if (message.ResponseTopic.Length > 0 && !IsOurs(message.ResponseTopic))
        {
            return Refuse(AskRefusal.ResponseTopic, null, "");
        }

        if (message.Correlation.Length > CorrelationBytesMax)
        {
            return Refuse(AskRefusal.TooLarge, null, "");
        }

        AnswerAddress? address = message.ResponseTopic.Length > 0
            ? new AnswerAddress(message.ResponseTopic, message.Correlation)
            : null;
        if (message.Retained)
        {
            return Refuse(AskRefusal.Retained, address, "");
        }

        if (message.Payload.Length > AskReader.PayloadBytesMax)
        {
            return Refuse(AskRefusal.TooLarge, address, "");
        }

        var ask = AskReader.Read(message.Payload, out var word, out var refusal);
        if (ask is null)
        {
            return Refuse(refusal, address, word);
        }

        if (Objection(ask, view) is { } objection)
        {
            return Refuse(objection, address, word);
        }

        Granted++;
        return new AskVerdict(ask, null, address);
    }

    /// <summary>So many came faster than anybody looked at them.</summary>
    public void Overrun(long count) => refused[(int)AskRefusal.TooMany] += count;

    /// <summary>A granted ask that cannot be done after all.</summary>
    public void TakeBack(AskRefusal refusal, AnswerAddress? address, string word)
    {
        Granted--;
        Refuse(refusal, address, word);
    }

    /// <summary>An answer that is to be sent; where so many wait already, it is counted and lost.</summary>
    public void Say(Answer answer)
    {
        if (answers.Count >= AnswersMax)
        {
            AnswersLost++;
            return;
        }

        answers.Enqueue(answer);
    }

    public int Answers => answers.Count;

    public Answer NextAnswer() => answers.Dequeue();

    /// <summary>The broker did not take an answer. The MES asks again; nothing waits for it here.</summary>
    public void NotTaken() => AnswersLost++;

    private bool IsOurs(string topic) =>
        topic.Length <= ResponseTopicCharactersMax
        && topic.StartsWith($"{baseTopic}/answer/", StringComparison.Ordinal)
        && topic.Length > baseTopic.Length + "/answer/".Length
        && topic.IndexOfAny(['+', '#', '\0']) < 0;

    private AskRefusal? Objection(Ask ask, BufferView view)
    {
        var store = ask switch
        {
            Ask.Replay replay => replay.Store,
            Ask.Acknowledge acknowledge => acknowledge.Store,
            _ => (StoreId?)null,
        };
        return ask is Ask.Acknowledge && !acknowledgedByMes ? AskRefusal.NotInForce
            : store is { } known && !view.Stores.Any(each => each.Store == known) ? AskRefusal.UnknownStore
            : null;
    }

    private AskVerdict Refuse(AskRefusal refusal, AnswerAddress? address, string word)
    {
        refused[(int)refusal]++;
        if (address is { } there)
        {
            Say(new Answer(there, word, AnswerResult.Refused) { Refusal = refusal });
        }

        return new AskVerdict(null, refusal, address, word);
    }

    private bool Allowed(TimeSpan now)
    {
        allowance = Math.Min(Burst, allowance + ((now - countedAt).TotalSeconds * PerSecond));
        countedAt = now;
        if (allowance < 1)
        {
            return false;
        }

        allowance--;
        return true;
    }
}
