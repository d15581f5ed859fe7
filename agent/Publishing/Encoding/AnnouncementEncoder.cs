using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Describing;
using Sluice.Hal;

namespace Sluice.Agent.Publishing.Encoding;

/// <summary>Who speaks, as every announcement says it.</summary>
/// <param name="Site">The plant.</param>
/// <param name="GatewayId">The gateway.</param>
/// <param name="Run">One start of the agent: ledger numbers ascend inside it.</param>
/// <param name="AgentVersion">Version of the agent.</param>
/// <param name="ConfigurationHash">SHA-256 of the configuration and its signal lists.</param>
internal sealed record Speaker(string Site, string GatewayId, Guid Run, string AgentVersion, string ConfigurationHash);

/// <summary>Writes status, birth and ledger (WIRE.md). Stateless but for who speaks.</summary>
internal sealed class AnnouncementEncoder(Speaker speaker, IReadOnlyList<DescribedSignal> signals)
{
    public const string ReasonLost = "lost";
    public const string ReasonStopped = "stopped";
    public const string ReasonRevoked = "revoked";

    public Speaker Speaker => speaker;

    public int SignalCount => signals.Count;

    public void Online(PayloadBuffer into, DateTime sentUtc) => Status(into, "online", null, sentUtc);

    public void Offline(PayloadBuffer into, string reason, DateTime? sentUtc) =>
        Status(into, "offline", reason, sentUtc);

    /// <param name="into">Where to.</param>
    /// <param name="view">What the buffer is.</param>
    /// <param name="present">The last durable reading of each signal that has one.</param>
    /// <param name="devices">What the devices told about themselves.</param>
    /// <param name="sentUtc">Now.</param>
    /// <param name="reduced">
    /// Without descriptions, retired signals, last readings and devices, for a broker with a small packet limit.
    /// </param>
    /// <param name="retired">What the list had before, and readings in the buffer still have.</param>
    /// <param name="signalsMax">How many signals are listed, the first of them, where a broker takes no more.</param>
    public void Birth(
        PayloadBuffer into,
        BufferView view,
        IReadOnlyList<PresentReading> present,
        IReadOnlyList<SourceDevice> devices,
        DateTime sentUtc,
        bool reduced,
        IReadOnlyList<RetiredSignal>? retired = null,
        int signalsMax = int.MaxValue)
    {
        var last = new Dictionary<string, PresentReading>(present.Count, StringComparer.Ordinal);
        foreach (var reading in present)
        {
            last[reading.Reading.Signal] = reading;
        }

        using var json = ContractJson.Begin(into, speaker, withSite: true);
        json.WriteString("agent"u8, speaker.AgentVersion);
        json.WriteString("config"u8, speaker.ConfigurationHash);
        ContractJson.WriteTime(json, "sent"u8, sentUtc);
        json.WriteString("storage"u8, view.Storage);
        if (reduced)
        {
            json.WriteBoolean("reduced"u8, true);
        }

        if (signals.Count > signalsMax)
        {
            json.WriteNumber("unlisted"u8, signals.Count - signalsMax);
        }

        json.WriteStartArray("stores"u8);
        foreach (var store in view.Stores)
        {
            json.WriteStartObject();
            json.WriteString("store"u8, store.Store.ToString());
            json.WriteBoolean("volatile"u8, store.IsVolatile);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("signals"u8);
        foreach (var signal in signals.Take(signalsMax))
        {
            WriteSignal(json, signal, last, reduced);
        }

        json.WriteEndArray();
        if (!reduced && retired is { Count: > 0 })
        {
            WriteRetired(json, retired);
        }

        if (!reduced && devices.Count > 0)
        {
            WriteDevices(json, devices);
        }

        json.WriteEndObject();
    }

    /// <param name="into">Where to.</param>
    /// <param name="view">What the buffer is.</param>
    /// <param name="number">Ascends inside a run.</param>
    /// <param name="catchUp">When the backlog is gone, or null.</param>
    /// <param name="sentUtc">Now.</param>
    /// <param name="newest">
    /// How much of each list goes, the newest of it, where a broker takes no more. Drops are folded and not left out.
    /// </param>
    public void Ledger(
        PayloadBuffer into,
        BufferView view,
        long number,
        TimeSpan? catchUp,
        DateTime sentUtc,
        int newest = int.MaxValue)
    {
        using var json = ContractJson.Begin(into, speaker, withSite: false);
        json.WriteNumber("number"u8, number);
        ContractJson.WriteTime(json, "sent"u8, sentUtc);
        json.WriteNumber("waiting"u8, view.Waiting);
        if (catchUp is { } span)
        {
            json.WriteNumber("catchUpSeconds"u8, (long)Math.Ceiling(span.TotalSeconds));
        }

        json.WriteStartArray("stores"u8);
        foreach (var store in view.Stores)
        {
            WriteStore(json, store, newest);
        }

        json.WriteEndArray();
        if (view.Record is { } record)
        {
            RecordEncoder.Write(json, record, newest);
        }

        json.WriteEndObject();
    }

    private static void WriteSignal(
        Utf8JsonWriter json, DescribedSignal signal, Dictionary<string, PresentReading> last, bool reduced)
    {
        json.WriteStartObject();
        DescriptionText.Write(json, signal, reduced);
        if (!reduced && last.TryGetValue(signal.Signal.Name, out var reading))
        {
            json.WriteStartObject("last"u8);
            json.WriteString("store"u8, reading.Store.ToString());
            json.WriteNumber("p"u8, reading.Reading.Position);
            ContractJson.WriteMeasured(json, reading.Reading);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteRetired(Utf8JsonWriter json, IReadOnlyList<RetiredSignal> retired)
    {
        json.WriteStartArray("retired"u8);
        foreach (var each in retired)
        {
            json.WriteStartObject();
            DescriptionText.Write(json, each.Was, reduced: false);
            DescriptionText.WriteUntil(json, each.Until!);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteDevices(Utf8JsonWriter json, IReadOnlyList<SourceDevice> devices)
    {
        json.WriteStartArray("devices"u8);
        foreach (var device in devices)
        {
            json.WriteStartObject();
            json.WriteString("source"u8, device.Source);
            json.WriteNumber("unitId"u8, device.UnitId);
            WriteTold(json, "vendor"u8, device.Vendor);
            WriteTold(json, "product"u8, device.Product);
            WriteTold(json, "revision"u8, device.Revision);
            WriteTold(json, "model"u8, device.Model);
            WriteTold(json, "label"u8, device.Label);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTold(Utf8JsonWriter json, ReadOnlySpan<byte> key, string text)
    {
        if (text.Length > 0)
        {
            json.WriteString(key, text);
        }
    }

    private static void WriteStore(Utf8JsonWriter json, StoreView store, int newest)
    {
        json.WriteStartObject();
        json.WriteString("store"u8, store.Store.ToString());
        json.WriteBoolean("volatile"u8, store.IsVolatile);
        json.WriteNumber("first"u8, store.First);
        json.WriteNumber("next"u8, store.Next);
        json.WriteStartArray("acknowledged"u8);
        foreach (var range in store.Acknowledged.TakeLast(newest))
        {
            json.WriteStartArray();
            json.WriteNumberValue(range.From);
            json.WriteNumberValue(range.To);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteNumber("waiting"u8, store.Waiting);
        json.WriteNumber("dropped"u8, store.DroppedCount);
        json.WriteStartArray("drops"u8);
        var drops = store.Drops.ToList();
        DropFolding.Fold(drops, newest);
        foreach (var drop in drops)
        {
            json.WriteStartObject();
            json.WriteNumber("from"u8, drop.Range.From);
            json.WriteNumber("to"u8, drop.Range.To);
            json.WriteNumber("count"u8, drop.Count);
            json.WriteString("reason"u8, ReasonWord(drop.Reason));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        RecordEncoder.WriteCorrections(json, [.. store.Corrections.TakeLast(newest)]);
        json.WriteEndObject();
    }

    private static ReadOnlySpan<byte> ReasonWord(DropReason reason) => reason switch
    {
        DropReason.Overflow => "Overflow"u8,
        DropReason.Corrupt => "Corrupt"u8,
        DropReason.Volatile => "Volatile"u8,
        DropReason.Torn => "Torn"u8,
        _ => throw new InvalidOperationException($"A drop with the unknown reason {reason}."),
    };

    private void Status(PayloadBuffer into, string state, string? reason, DateTime? sentUtc)
    {
        using var json = ContractJson.Begin(into, speaker, withSite: false);
        json.WriteString("state"u8, state);
        if (reason is not null)
        {
            json.WriteString("reason"u8, reason);
        }

        if (sentUtc is { } sent)
        {
            ContractJson.WriteTime(json, "sent"u8, sent);
        }

        json.WriteEndObject();
    }
}
