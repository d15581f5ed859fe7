using System.Globalization;
using System.Text.Json;

namespace Sluice.Mes.Database;

/// <summary>The latest readings as a person reads them, or as one JSON document.</summary>
internal static class LatestText
{
    public static void Write(IReadOnlyList<GatewayPresent> gateways, TextWriter output, bool asJson)
    {
        if (asJson)
        {
            output.WriteLine(JsonSerializer.Serialize(gateways, ProofText.Readable));
            return;
        }

        foreach (var gateway in gateways)
        {
            var lag = gateway.Lag is { } behind
                ? string.Create(CultureInfo.InvariantCulture, $"{behind.TotalSeconds:F1} s behind")
                : "no reading yet";
            output.WriteLine($"{gateway.Gateway}: {lag}, {gateway.Waiting} waiting at the gateway");
            foreach (var signal in gateway.Signals)
            {
                var quality = signal.Reason.Length == 0 ? signal.Quality : $"{signal.Quality}/{signal.Reason}";
                var time = signal.Time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
                output.WriteLine($"  {signal.Signal,-32} {signal.Value,14} {signal.Unit,-8} {quality,-20} {time}");
            }
        }
    }
}
