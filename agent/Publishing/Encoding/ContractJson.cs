using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Hal;

namespace Sluice.Agent.Publishing.Encoding;

/// <summary>The pieces that every message of contract v1 is made of (WIRE.md).</summary>
internal static class ContractJson
{
    public const int Version = 1;

    /// <summary>
    /// Text stays as it is written; only what JSON itself demands is escaped. Nobody puts this into a web page.
    /// </summary>
    public static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The head of every message in which the gateway speaks of itself.</summary>
    public static Utf8JsonWriter Begin(PayloadBuffer into, Speaker speaker, bool withSite)
    {
        into.Clear();
        var json = new Utf8JsonWriter(into, Options);
        json.WriteStartObject();
        json.WriteNumber("v"u8, Version);
        json.WriteString("gateway"u8, speaker.GatewayId);
        if (withSite)
        {
            json.WriteString("site"u8, speaker.Site);
        }

        json.WriteString("run"u8, speaker.Run.ToString("N"));
        return json;
    }

    /// <summary>
    /// UTC with three digits of milliseconds and Z, always: the same instant is always the same bytes.
    /// </summary>
    public static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTime utc)
    {
        Span<byte> text = stackalloc byte[24];
        FormatTime(utc, text);
        json.WriteString(name, text);
    }

    /// <summary>yyyy-MM-ddTHH:mm:ss.fffZ, by hand: it is half of what a reading costs with a format string.</summary>
    public static void FormatTime(DateTime utc, Span<byte> into)
    {
        "0000-00-00T00:00:00.000Z"u8.CopyTo(into);
        var (year, month, day) = utc;
        Digits(year, 4, into);
        Digits(month, 2, into[5..]);
        Digits(day, 2, into[8..]);
        Digits(utc.Hour, 2, into[11..]);
        Digits(utc.Minute, 2, into[14..]);
        Digits(utc.Second, 2, into[17..]);
        Digits(utc.Millisecond, 3, into[20..]);
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

    public static ReadOnlySpan<byte> StateWord(bool isSet) => isSet ? "Set"u8 : "NotSet"u8;

    public static ReadOnlySpan<byte> ReasonWord(GapReason reason) => reason switch
    {
        GapReason.Stopped => "Stopped"u8,
        GapReason.NotClosed => "NotClosed"u8,
        GapReason.Volatile => "Volatile"u8,
        _ => throw new InvalidOperationException($"A gap with the unknown reason {reason}."),
    };

    private static void Digits(int number, int count, Span<byte> into)
    {
        for (var i = count - 1; i >= 0; i--)
        {
            (number, var digit) = Math.DivRem(number, 10);
            into[i] = (byte)('0' + digit);
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
