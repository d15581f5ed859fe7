using System.Buffers;
using System.Text.Json;
using Sluice.Mes.Schemas;

namespace Sluice.Bench.Uplink;

/// <summary>What was in a message of readings.</summary>
/// <param name="At">When it arrived.</param>
/// <param name="Historical">As the message says of itself.</param>
/// <param name="Stamps">The source timestamp of each reading.</param>
/// <param name="Plain">The JSON.</param>
/// <param name="PayloadBytes">As it went through the broker.</param>
internal sealed record SeenBatch(
    DateTime At, bool Historical, IReadOnlyList<DateTime> Stamps, byte[] Plain, int PayloadBytes)
{
    public static SeenBatch Of(in Arrival arrival)
    {
        var message = new MesMessage("", new ReadOnlySequence<byte>(arrival.Payload))
        {
            ContentEncoding = arrival.Encoding,
        };
        var plain = arrival.Encoding.Length > 0 ? message.Opened().Payload.ToArray() : arrival.Payload;
        var (historical, stamps) = (false, new List<DateTime>());
        var json = new Utf8JsonReader(plain);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (json.ValueTextEquals("t"u8))
            {
                json.Read();
                stamps.Add(json.GetDateTime());
            }
            else if (json.ValueTextEquals("historical"u8))
            {
                json.Read();
                historical = json.GetBoolean();
            }
        }

        return new SeenBatch(arrival.At, historical, stamps, plain, arrival.Payload.Length);
    }

    /// <summary>From source timestamp to arrival, of each reading, in milliseconds.</summary>
    public IEnumerable<double> LatenciesMilliseconds() => Stamps.Select(stamp => (At - stamp).TotalMilliseconds);
}
