using System.Globalization;
using Sluice.Mes.Database.Writing;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Database;

/// <summary>An interval in which a gateway recorded nothing.</summary>
public sealed record GapProof(string Gateway, GapAccount Gap);

/// <summary>A gateway's clock was moved.</summary>
public sealed record StepProof(string Gateway, StepAccount Step);

/// <summary>Readings whose time was corrected before they were sent.</summary>
public sealed record CorrectionProof(string Gateway, string Store, CorrectionAccount Correction);

/// <summary>
/// What the ledgers said of the recording itself: no reading is missing for it, because none was made, or its time was
/// moved. It stands beside the proof and does not change it.
/// </summary>
/// <param name="Gaps">By gateway and time.</param>
/// <param name="Steps">By gateway and time.</param>
/// <param name="Corrections">By gateway, store and position.</param>
/// <param name="Interrupted">Gaps by the last ledgers' count: more than listed, where some were told to nobody.</param>
/// <param name="Stepped">Steps, the same.</param>
public sealed record Recordings(
    IReadOnlyList<GapProof> Gaps, IReadOnlyList<StepProof> Steps, IReadOnlyList<CorrectionProof> Corrections,
    long Interrupted, long Stepped)
{
    public static Recordings Of(MesDatabase database)
    {
        var totals = database.Query(
            row => (row.GetInt64(0), row.GetInt64(1)),
            """
            SELECT CAST(COALESCE(sum(interrupted), 0) AS BIGINT), CAST(COALESCE(sum(stepped), 0) AS BIGINT)
            FROM recording
            """)[0];
        return new Recordings(
            database.Query(
                row => new GapProof(row.GetString(0), new GapAccount(
                    Time(row.GetString(1)), Time(row.GetString(2)), row.GetString(3), row.GetInt64(4),
                    row.GetInt32(5) == 1, row.GetString(6) == ColumnText.Clock(true))),
                "SELECT gateway, from_t, to_t, reason, loss_ms, rebooted, clock FROM gap ORDER BY gateway, to_t"),
            database.Query(
                row => new StepProof(row.GetString(0), new StepAccount(
                    row.GetString(1), Time(row.GetString(2)), row.GetInt64(3),
                    row.GetString(4) == ColumnText.Clock(true))),
                "SELECT gateway, boot, at, offset_ms, clock FROM clock_step ORDER BY gateway, at"),
            database.Query(
                row => new CorrectionProof(row.GetString(0), row.GetString(1), new CorrectionAccount(
                    row.GetString(4), new Positions(row.GetInt64(2), row.GetInt64(3)), row.GetInt64(5))),
                """
                SELECT gateway, store, from_p, to_p, boot, offset_ms FROM correction ORDER BY gateway, store, from_p
                """),
            totals.Item1, totals.Item2);
    }

    private static DateTime Time(string text) => DateTime.Parse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
}
