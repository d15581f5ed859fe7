using System.Globalization;

namespace Sluice.Mes.Database;

/// <summary>The present value of a signal, by what was stored.</summary>
/// <param name="Signal">The signal.</param>
/// <param name="Value">As the message carried it; <c>null</c> where there is none.</param>
/// <param name="Unit">As the birth described it; empty before a birth.</param>
/// <param name="Quality">Good, Uncertain or Bad.</param>
/// <param name="Reason">Why it is not Good; else empty.</param>
/// <param name="Time">When the gateway read it.</param>
public sealed record LatestReading(
    string Signal, string Value, string Unit, string Quality, string Reason, DateTime Time);

/// <summary>One gateway's present, and how far behind it the database is.</summary>
/// <param name="Gateway">The gateway.</param>
/// <param name="Lag">
/// How old the youngest of the latest readings is. It grows while the gateway, the broker or this receiver is away, and
/// for as long as nothing changes in the plant (<c>atLeastEvery</c> at most). Null where there is no reading.
/// </param>
/// <param name="Waiting">Readings that the gateway held unacknowledged when it last said so.</param>
/// <param name="Signals">By name.</param>
public sealed record GatewayPresent(
    string Gateway, TimeSpan? Lag, long Waiting, IReadOnlyList<LatestReading> Signals);

/// <summary>The latest reading of each signal, and the lag of each gateway.</summary>
public static class LatestReadings
{
    public static IReadOnlyList<GatewayPresent> Of(MesDatabase database, DateTime now)
    {
        var gateways = database.Query(
            row => row.GetString(0), "SELECT gateway FROM account UNION SELECT gateway FROM present ORDER BY 1");
        return [.. gateways.Select(gateway => Of(database, gateway, now))];
    }

    private static GatewayPresent Of(MesDatabase database, string gateway, DateTime now)
    {
        var signals = Signals(database, gateway);
        return new GatewayPresent(
            gateway, signals.Count == 0 ? null : now - signals.Max(signal => signal.Time), Waiting(database, gateway),
            signals);
    }

    private static long Waiting(MesDatabase database, string gateway) =>
        database.Query(row => row.GetInt64(0), "SELECT waiting FROM account WHERE gateway = @a", gateway).Sum();

    private static List<LatestReading> Signals(MesDatabase database, string gateway) => database.Query(
        row => new LatestReading(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4),
            Instant(row.GetString(5))),
        """
        SELECT present.signal, present.v, coalesce(signal.unit, ''), present.q, present.r, present.t
        FROM present LEFT JOIN signal ON signal.gateway = present.gateway AND signal.signal = present.signal
        WHERE present.gateway = @a ORDER BY 1
        """,
        gateway);

    private static DateTime Instant(string text) =>
        DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
}
