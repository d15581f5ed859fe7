using Sluice.Mes.Schemas;

namespace Sluice.Mes.Database.Writing;

/// <summary>
/// Writes what a ledger says: the account of each store, and when and with which clock the gateway recorded. What it
/// names once stays. In the transaction of its caller.
/// </summary>
internal sealed class LedgerWriter(MesDatabase database)
{
    public void Write(string gateway, LedgerMessage ledger)
    {
        database.Execute(
            """
            INSERT INTO present_run (gateway, run) VALUES (@a, @b)
            ON CONFLICT (gateway) DO UPDATE SET run = excluded.run
            """,
            gateway, ledger.Run);
        foreach (var account in ledger.Stores)
        {
            if (account.IsVolatile)
            {
                Memory(database, gateway, account.Store, ledger.Run);
            }

            // A ledger that was sent again may come behind a younger one of the same run: the younger says all.
            database.Execute(
                """
                INSERT INTO account (gateway, store, run, number, first, next, waiting, dropped, acknowledged)
                VALUES (@a, @b, @c, @d, @e, @f, @g, @h, @i)
                ON CONFLICT (gateway, store) DO UPDATE
                SET run = excluded.run, number = excluded.number, first = excluded.first, next = excluded.next,
                    waiting = excluded.waiting, dropped = excluded.dropped, acknowledged = excluded.acknowledged
                WHERE account.run <> excluded.run OR account.number < excluded.number
                """,
                gateway, account.Store, ledger.Run, ledger.Number, account.First, account.Next, account.Waiting,
                account.Dropped, PositionText.Write(account.Acknowledged));
            foreach (var drop in account.Drops)
            {
                database.Execute(
                    """
                    INSERT INTO dropped (gateway, store, from_p, to_p, readings, reason) VALUES (@a, @b, @c, @d, @e, @f)
                    ON CONFLICT (gateway, store, from_p, to_p) DO UPDATE
                    SET readings = excluded.readings, reason = excluded.reason
                    WHERE excluded.readings > dropped.readings
                    """,
                    gateway, account.Store, drop.Range.From, drop.Range.To, drop.Count, drop.Reason);
            }

            foreach (var rule in account.Corrections)
            {
                Correct(gateway, account.Store, rule);
            }
        }

        Record(gateway, ledger);
    }

    /// <summary>What waits there is gone when this run is: no later one can speak of it.</summary>
    public static void Memory(MesDatabase database, string gateway, string store, string run) => database.Execute(
        "INSERT INTO memory (gateway, store, run) VALUES (@a, @b, @c) ON CONFLICT DO NOTHING", gateway, store, run);

    private void Record(string gateway, LedgerMessage ledger)
    {
        if (ledger.Clock is not { } clock)
        {
            return;
        }

        database.Execute(
            """
            INSERT INTO recording (gateway, run, number, interrupted, stepped, clock, boot)
            VALUES (@a, @b, @c, @d, @e, @f, @g)
            ON CONFLICT (gateway) DO UPDATE
            SET run = excluded.run, number = excluded.number, interrupted = excluded.interrupted,
                stepped = excluded.stepped, clock = excluded.clock, boot = excluded.boot
            WHERE recording.run <> excluded.run OR recording.number < excluded.number
            """,
            gateway, ledger.Run, ledger.Number, ledger.Interrupted, clock.Stepped, ColumnText.Clock(clock.IsSet),
            clock.Boot);
        foreach (var gap in ledger.Gaps)
        {
            database.Execute(
                """
                INSERT INTO gap (gateway, from_t, to_t, reason, loss_ms, rebooted, clock)
                VALUES (@a, @b, @c, @d, @e, @f, @g) ON CONFLICT DO NOTHING
                """,
                gateway, ColumnText.Of(gap.From), ColumnText.Of(gap.To), gap.Reason, gap.LossMilliseconds,
                gap.IsRebooted ? 1 : 0, ColumnText.Clock(gap.IsClockSet));
        }

        foreach (var step in clock.Steps)
        {
            database.Execute(
                """
                INSERT INTO clock_step (gateway, boot, at, offset_ms, clock) VALUES (@a, @b, @c, @d, @e)
                ON CONFLICT DO NOTHING
                """,
                gateway, step.Boot, ColumnText.Of(step.At), step.OffsetMilliseconds, ColumnText.Clock(step.IsSet));
        }
    }

    /// <summary>A rule is told shorter as the gateway lets its oldest positions go: the longest word of it stays.
    /// </summary>
    private void Correct(string gateway, string store, CorrectionAccount rule)
    {
        var known = database.Query(
            row => row.GetInt64(0),
            """
            SELECT from_p FROM correction
            WHERE gateway = @a AND store = @b AND from_p <= @c AND to_p >= @d AND boot = @e AND offset_ms = @f
            """,
            gateway, store, rule.Range.From, rule.Range.To, rule.Boot, rule.OffsetMilliseconds);
        if (known.Count > 0)
        {
            return;
        }

        database.Execute(
            "DELETE FROM correction WHERE gateway = @a AND store = @b AND from_p >= @c AND to_p <= @d",
            gateway, store, rule.Range.From, rule.Range.To);
        database.Execute(
            """
            INSERT INTO correction (gateway, store, from_p, to_p, boot, offset_ms) VALUES (@a, @b, @c, @d, @e, @f)
            ON CONFLICT (gateway, store, from_p) DO UPDATE
            SET to_p = excluded.to_p, boot = excluded.boot, offset_ms = excluded.offset_ms
            """,
            gateway, store, rule.Range.From, rule.Range.To, rule.Boot, rule.OffsetMilliseconds);
    }
}
