using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Stamps;

namespace Sluice.Agent.Publishing.Encoding;

/// <summary>What the ledger says of the clock, and when nothing was recorded (WIRE.md, ledger).</summary>
internal static class RecordEncoder
{
    public static void Write(Utf8JsonWriter json, RecordView record, int newest)
    {
        json.WriteStartObject("clock"u8);
        json.WriteString("state"u8, ContractJson.StateWord(record.Clock.IsSet));
        json.WriteString("boot"u8, record.Clock.Boot.ToString("N"));
        json.WriteNumber("stepped"u8, record.StepsTotal);
        json.WriteStartArray("steps"u8);
        foreach (var step in record.Steps.TakeLast(newest))
        {
            json.WriteStartObject();
            json.WriteString("boot"u8, step.Boot.ToString("N"));
            ContractJson.WriteTime(json, "at"u8, step.At);
            json.WriteNumber("offsetMs"u8, step.OffsetMilliseconds);
            json.WriteString("state"u8, ContractJson.StateWord(step.IsSet));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNumber("interrupted"u8, record.GapsTotal);
        json.WriteStartArray("gaps"u8);
        foreach (var gap in record.Gaps.TakeLast(newest))
        {
            json.WriteStartObject();
            ContractJson.WriteTime(json, "from"u8, gap.From);
            ContractJson.WriteTime(json, "to"u8, gap.To);
            json.WriteString("reason"u8, ContractJson.ReasonWord(gap.Reason));
            json.WriteNumber("lossMs"u8, gap.LossMilliseconds);
            json.WriteBoolean("rebooted"u8, gap.IsRebooted);
            json.WriteString("clock"u8, ContractJson.StateWord(!gap.IsClockNotSet));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Left out where there are none, as they are nearly always.</summary>
    public static void WriteCorrections(Utf8JsonWriter json, IReadOnlyList<ClockCorrection> corrections)
    {
        if (corrections.Count == 0)
        {
            return;
        }

        json.WriteStartArray("corrections"u8);
        foreach (var rule in corrections)
        {
            json.WriteStartObject();
            json.WriteString("boot"u8, rule.Boot.ToString("N"));
            json.WriteNumber("from"u8, rule.Range.From);
            json.WriteNumber("to"u8, rule.Range.To);
            json.WriteNumber("offsetMs"u8, rule.OffsetMilliseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
