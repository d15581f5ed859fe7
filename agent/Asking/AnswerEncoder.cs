using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;

namespace Sluice.Agent.Asking;

/// <summary>Writes answers (WIRE.md). Stateless but for who speaks.</summary>
internal sealed class AnswerEncoder(Speaker speaker)
{
    public void Encode(PayloadBuffer into, Answer answer, DateTime sentUtc)
    {
        using var json = ContractJson.Begin(into, speaker, withSite: false);
        ContractJson.WriteTime(json, "sent"u8, sentUtc);
        if (answer.Word.Length > 0)
        {
            json.WriteString("ask"u8, answer.Word);
        }

        json.WriteString("result"u8, ResultWord(answer.Result));
        if (answer.Refusal is { } refusal)
        {
            json.WriteString("reason"u8, ReasonWord(refusal));
        }

        if (answer.Store is { } store)
        {
            json.WriteString("store"u8, store.ToString());
        }

        Write(json, "ranges"u8, answer.Ranges);
        Write(json, "gone"u8, answer.Gone);
        if (answer.Readings is { } readings)
        {
            json.WriteNumber("readings"u8, readings);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<PositionRange> ranges)
    {
        if (ranges.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var range in ranges)
        {
            json.WriteStartArray();
            json.WriteNumberValue(range.From);
            json.WriteNumberValue(range.To);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static ReadOnlySpan<byte> ResultWord(AnswerResult result) => result switch
    {
        AnswerResult.Accepted => "accepted"u8,
        AnswerResult.Done => "done"u8,
        AnswerResult.Refused => "refused"u8,
        _ => throw new InvalidOperationException($"An answer with the unknown result {result}."),
    };

    private static ReadOnlySpan<byte> ReasonWord(AskRefusal refusal) => refusal switch
    {
        AskRefusal.TooMany => "TooMany"u8,
        AskRefusal.TooLarge => "TooLarge"u8,
        AskRefusal.Retained => "Retained"u8,
        AskRefusal.Foreign => "Foreign"u8,
        AskRefusal.ResponseTopic => "ResponseTopic"u8,
        AskRefusal.Malformed => "Malformed"u8,
        AskRefusal.Unknown => "Unknown"u8,
        AskRefusal.UnknownStore => "UnknownStore"u8,
        AskRefusal.Busy => "Busy"u8,
        AskRefusal.NotInForce => "NotInForce"u8,
        _ => throw new InvalidOperationException($"A refusal with the unknown reason {refusal}."),
    };
}
