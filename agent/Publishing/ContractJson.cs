using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Hal;

namespace Sluice.Agent.Publishing;

/// <summary>The pieces that every message of contract v1 is made of (WIRE.md).</summary>
internal static class ContractJson
{
    public const int Version = 1;

    /// <summary>
    /// Text stays as it is written; only what JSON itself demands is escaped. Nobody puts this into a web page.
    /// </summary>
    public static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>
    /// UTC with three digits of milliseconds and Z, always: the same instant is always the same bytes.
    /// </summary>
    public static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTime utc)
    {
        Span<byte> text = stackalloc byte[24];
        if (!utc.TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture))
        {
            throw new InvalidOperationException("A time took more than 24 characters.");
        }

        json.WriteString(name, text[..length]);
    }

    /// <summary>
    /// Position, signal, time, value and, where it is not good, quality. A function of the reading alone.
    /// </summary>
    public static void WriteReading(Utf8JsonWriter json, in StoredReading reading)
    {
        json.WriteStartObject();
        json.WriteNumber("p"u8, reading.Position);
        json.WriteString("s"u8, reading.Signal);
        WriteMeasured(json, reading);
        json.WriteEndObject();
    }

    public static void WriteMeasured(Utf8JsonWriter json, in StoredReading reading)
    {
        WriteTime(json, "t"u8, reading.SourceTimestamp);
        json.WritePropertyName("v"u8);
        WriteValue(json, reading.Value);
        if (!reading.Quality.IsGood)
        {
            json.WriteString("q"u8, reading.Quality.Level == QualityLevel.Bad ? "Bad"u8 : "Uncertain"u8);
            if (reading.Quality.Reason != QualityReason.None)
            {
                json.WriteString("r"u8, ReasonWord(reading.Quality.Reason));
            }
        }
    }

    private static void WriteValue(Utf8JsonWriter json, in SignalValue value)
    {
        switch (value.Kind)
        {
            case ValueKind.None:
                json.WriteNullValue();
                break;
            case ValueKind.Boolean:
                json.WriteBooleanValue(value.AsBoolean);
                break;
            case ValueKind.Signed:
                json.WriteNumberValue(value.AsSigned);
                break;
            case ValueKind.Unsigned:
                json.WriteNumberValue(value.AsUnsigned);
                break;
            case ValueKind.Single:
                json.WriteNumberValue(value.AsSingle);
                break;
            case ValueKind.Double:
                json.WriteNumberValue(value.AsDouble);
                break;
            case ValueKind.Text:
                json.WriteStringValue(value.AsText);
                break;
            default:
                throw new InvalidOperationException($"A value of the unknown kind {value.Kind}.");
        }
    }

    private static ReadOnlySpan<byte> ReasonWord(QualityReason reason) => reason switch
    {
        QualityReason.Timeout => "Timeout"u8,
        QualityReason.DeviceException => "DeviceException"u8,
        QualityReason.Checksum => "Checksum"u8,
        QualityReason.Disconnected => "Disconnected"u8,
        QualityReason.OutOfRange => "OutOfRange"u8,
        QualityReason.NotRead => "NotRead"u8,
        QualityReason.Stale => "Stale"u8,
        QualityReason.LayoutChanged => "LayoutChanged"u8,
        QualityReason.EdgesLost => "EdgesLost"u8,
        QualityReason.ClockNotSet => "ClockNotSet"u8,
        _ => throw new InvalidOperationException($"A quality with the unknown reason {reason}."),
    };
}
