using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Agent.Configuration;

// What the source-generated binding does not know by itself. The walk has checked every value before, so a value that
// does not read here is our own mistake, and throws.

internal sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        UnitText.TryDuration(reader.GetString()!, out var duration, out var problem)
            ? duration
            : throw new JsonException(problem);

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(UnitText.Format(value));
}

internal sealed class SizeConverter : JsonConverter<long?>
{
    public override long? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        UnitText.TrySize(reader.GetString()!, out var bytes, out var problem)
            ? bytes
            : throw new JsonException(problem);

    public override void Write(Utf8JsonWriter writer, long? value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value is { } bytes ? UnitText.FormatSize(bytes) : null);
}

internal sealed class RateConverter : JsonConverter<long?>
{
    public override long? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        UnitText.TryRate(reader.GetString()!, out var bytes, out var problem)
            ? bytes
            : throw new JsonException(problem);

    public override void Write(Utf8JsonWriter writer, long? value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value is { } bytes ? UnitText.FormatRate(bytes) : null);
}

internal sealed class AddressConverter : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        AddressText.TryAddress(reader.GetString()!, out var address, out var problem)
            ? address
            : throw new JsonException(problem);

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

internal sealed class NetworkConverter : JsonConverter<IPNetwork>
{
    public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        AddressText.TryNetwork(reader.GetString()!, out var network, out var problem)
            ? network
            : throw new JsonException(problem);

    public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

internal sealed class PortConverter : JsonConverter<PortDraft>
{
    public override PortDraft Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? new PortDraft(0, reader.GetString())
            : new PortDraft(reader.GetInt32(), null);

    public override void Write(Utf8JsonWriter writer, PortDraft value, JsonSerializerOptions options)
    {
        if (value.Serial is { } serial)
        {
            writer.WriteStringValue(serial);
        }
        else
        {
            writer.WriteNumberValue(value.Tcp);
        }
    }
}
