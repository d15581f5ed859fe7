using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Agent.Configuration.Schema;

namespace Sluice.Agent.Configuration;

/// <summary>
/// gateway.json after the walk took out what is wrong and put in the defaults, bound by source generation. Whatever may
/// have been taken out is nullable: the checks that look at several keys at once work on what is left.
/// </summary>
internal sealed record GatewayDraft
{
    [JsonPropertyName("$schema")]
    public string? Schema { get; init; }

    public NameDraft? Gateway { get; init; }

    public BrokerDraft? Broker { get; init; }

    public TimeDraft? Time { get; init; }

    public IdentityDraft? Identity { get; init; }

    public BufferDraft? Buffer { get; init; }

    public PublishDraft? Publish { get; init; }

    public string? Jail { get; init; }

    public LightDraft? Light { get; init; }

    public Dictionary<string, SourceDraft>? Sources { get; init; }
}

internal sealed record NameDraft(string? Site, string? Id);

internal sealed record BrokerDraft
{
    public string? Host { get; init; }

    public IReadOnlyList<IPAddress>? Addresses { get; init; }

    public int? Port { get; init; }

    public IPNetwork? Network { get; init; }

    public string? Interface { get; init; }

    public TimeSpan? KeepAlive { get; init; }

    public string? TlsMin { get; init; }
}

internal sealed record TimeDraft(IReadOnlyList<IPAddress>? Servers, string? Clock);

internal sealed record LightDraft(string? Chip, string? Line);

internal sealed record IdentityDraft(string? Directory, string? Key, TimeSpan? CrlWarn, TimeSpan? CrlGrace);

internal sealed record BufferDraft
{
    public string? Directory { get; init; }

    [JsonConverter(typeof(SizeConverter))]
    public long? SizeMax { get; init; }

    public TimeSpan? CommitEvery { get; init; }

    [JsonConverter(typeof(SizeConverter))]
    public long? FlashEndurance { get; init; }
}

internal sealed record PublishDraft
{
    public string? Format { get; init; }

    public string? AcknowledgedBy { get; init; }

    public double? BackfillShare { get; init; }

    [JsonConverter(typeof(SizeConverter))]
    public long? MessageBytesMax { get; init; }

    [JsonConverter(typeof(RateConverter))]
    public long? RateMax { get; init; }

    public string? Compress { get; init; }
}

/// <summary>
/// A source of any kind: the keys of all of them. The walk has seen to it that each has its own only.
/// </summary>
internal sealed record SourceDraft
{
    public string? Kind { get; init; }

    public IPAddress? Address { get; init; }

    public PortDraft? Port { get; init; }

    public int? Baud { get; init; }

    public string? Parity { get; init; }

    public int? StopBits { get; init; }

    public bool? Rs485 { get; init; }

    public byte? UnitId { get; init; }

    public string? Profile { get; init; }

    public string? Chip { get; init; }

    public TimeSpan? Every { get; init; }

    public TimeSpan? Timeout { get; init; }

    public TimeSpan? Turnaround { get; init; }

    public int? Window { get; init; }

    public string? Signals { get; init; }

    public IReadOnlyList<GuardDraft>? Guards { get; init; }

    public QuirksDraft? Quirks { get; init; }

    /// <summary>True for every kind that has Modbus addresses.</summary>
    public bool IsModbus() => Kind is "modbus-tcp" || IsRtu();

    /// <summary>True for both kinds of RTU bus.</summary>
    public bool IsRtu() => Kind is "modbus-rtu" or "modbus-rtu-over-tcp";
}

/// <summary>The key <c>port</c>: the number of a TCP port, or the device file of a serial one.</summary>
[JsonConverter(typeof(PortConverter))]
internal readonly record struct PortDraft(int Tcp, string? Serial);

internal sealed record GuardDraft
{
    public string? Signal { get; init; }

    public TimeSpan? ChangesWithin { get; init; }

    // Not named as it stands in the file: every object has a method of that name.
    [JsonPropertyName("equals")]
    public double? EqualTo { get; init; }
}

internal sealed record QuirksDraft
{
    public bool? OneRequestPerSignal { get; init; }

    public bool? Identify { get; init; }

    public TimeSpan? PauseBetweenRequests { get; init; }

    public TimeSpan? PauseAfterConnect { get; init; }

    public TimeSpan? ListenFirst { get; init; }

    public int? RegistersMax { get; init; }

    public int? GapRegistersMax { get; init; }
}

/// <summary>
/// Binds what the walk accepted; a key that it does not know, or a value that it cannot take, is our fault.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(DurationConverter), typeof(AddressConverter), typeof(NetworkConverter)])]
[JsonSerializable(typeof(GatewayDraft))]
internal sealed partial class GatewayDraftContext : JsonSerializerContext
{
    /// <summary>Walks a file against the schema and binds what is right of it.</summary>
    public static GatewayDraft Bind(FileNode root, ProblemList problems)
    {
        var accepted = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(accepted))
        {
            GatewaySchema.Root.Walk(root, "", null, new SchemaWalk(problems, writer));
            if (writer.BytesCommitted + writer.BytesPending == 0)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
        }

        return JsonSerializer.Deserialize(accepted.WrittenSpan, Default.GatewayDraft)!;
    }
}
