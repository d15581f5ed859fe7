using System.Text.Json;
using Sluice.Agent.Buffering;

namespace Sluice.Agent.Publishing.Encoding;

/// <summary>Fills a message of readings up to its bounds (WIRE.md, data). Used by one loop.</summary>
internal sealed class BatchEncoder(string gatewayId) : IDisposable
{
    private Utf8JsonWriter? writer;

    /// <summary>
    /// Encodes readings from <paramref name="start"/> on while they follow each other without a hole, at most
    /// <paramref name="readingsMax"/>, and as many as fit into <paramref name="bytesMax"/>; one at least, whatever its
    /// size. Returns how many.
    /// </summary>
    public int Encode(
        PayloadBuffer into,
        StoreId store,
        bool historical,
        DateTime sentUtc,
        IReadOnlyList<StoredReading> readings,
        int start,
        int readingsMax,
        int bytesMax)
    {
        into.Clear();
        var json = Reset(into);
        json.WriteStartObject();
        json.WriteNumber("v"u8, ContractJson.Version);
        json.WriteString("gateway"u8, gatewayId);
        json.WriteString("store"u8, store.ToString());
        json.WriteBoolean("historical"u8, historical);
        ContractJson.WriteTime(json, "sent"u8, sentUtc);
        json.WriteStartArray("readings"u8);
        json.Flush();

        var count = 0;
        while (count < readingsMax && start + count < readings.Count)
        {
            var reading = readings[start + count];
            if (count > 0 && reading.Position != readings[start + count - 1].Position + 1)
            {
                break;
            }

            var before = into.Length;
            if (count > 0)
            {
                into.Append(","u8);
            }

            json = Reset(into);
            ContractJson.WriteReading(json, reading);
            json.Flush();
            if (count > 0 && into.Length + "]}"u8.Length > bytesMax)
            {
                into.CutTo(before);
                break;
            }

            count++;
        }

        into.Append("]}"u8);
        return count;
    }

    public void Dispose() => writer?.Dispose();

    private Utf8JsonWriter Reset(PayloadBuffer into)
    {
        if (writer is null)
        {
            writer = new Utf8JsonWriter(into, ContractJson.Options);
        }
        else
        {
            writer.Reset(into);
        }

        return writer;
    }
}
