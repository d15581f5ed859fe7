using Sluice.Mes.Schemas;

namespace Sluice.Mes.Database.Writing;

/// <summary>
/// Writes what a birth says: what the signals are, what they were for readings that may still come, and the present
/// values. In the transaction of its caller.
/// </summary>
internal sealed class BirthWriter(MesDatabase database)
{
    public void Write(string gateway, BirthMessage birth)
    {
        foreach (var store in birth.Memories)
        {
            LedgerWriter.Memory(database, gateway, store, birth.Run);
        }

        foreach (var signal in birth.Signals)
        {
            foreach (var store in birth.Stores)
            {
                Describe(gateway, signal, new StoreEnd(store, long.MaxValue));
            }

            database.Execute(
                """
                INSERT INTO signal (gateway, signal, type, unit, description) VALUES (@a, @b, @c, @d, @e)
                ON CONFLICT (gateway, signal) DO UPDATE
                SET type = excluded.type, unit = excluded.unit, description = excluded.description
                """,
                gateway, signal.Name, signal.Type, signal.Unit, signal.Description);
            if (signal.CounterBits > 0)
            {
                database.Execute(
                    """
                    INSERT INTO counter (gateway, signal, bits) VALUES (@a, @b, @c)
                    ON CONFLICT (gateway, signal) DO UPDATE SET bits = excluded.bits
                    """,
                    gateway, signal.Name, signal.CounterBits);
            }

            if (signal.Last is { } last)
            {
                // The birth's last reading is also sent as data: it fills in what is not known, and replaces only an
                // older reading of the same store.
                database.Execute(
                    """
                    INSERT INTO present (gateway, signal, store, p, t, v, q, r) VALUES (@a, @b, @c, @d, @e, @f, @g, @h)
                    ON CONFLICT (gateway, signal) DO UPDATE
                    SET p = excluded.p, t = excluded.t, v = excluded.v, q = excluded.q, r = excluded.r
                    WHERE present.store = excluded.store AND present.p < excluded.p
                    """,
                    gateway, signal.Name, signal.LastStore, last.Position, ColumnText.Of(last.SourceTimestamp),
                    ColumnText.Value(last), last.Quality, last.Reason);
            }
        }

        foreach (var signal in birth.Retired)
        {
            foreach (var end in signal.Until)
            {
                Describe(gateway, signal, end);
            }
        }
    }

    private void Describe(string gateway, BirthSignal signal, StoreEnd end) => database.Execute(
        """
        INSERT INTO described (gateway, signal, store, before_p, type, unit, description, bits, epoch)
        VALUES (@a, @b, @c, @d, @e, @f, @g, @h, @i)
        ON CONFLICT (gateway, signal, store, before_p) DO UPDATE
        SET type = excluded.type, unit = excluded.unit, description = excluded.description, bits = excluded.bits,
            epoch = excluded.epoch
        """,
        gateway, signal.Name, end.Store, end.Before, signal.Type, signal.Unit, signal.Description, signal.CounterBits,
        signal.Epoch);
}
