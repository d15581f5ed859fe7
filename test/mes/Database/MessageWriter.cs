using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Mes.Database.Writing;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Database;

/// <summary>
/// Writes what one message says into the database, in one transaction: when <see cref="Write"/> returns, it is durable
/// and the message may be acknowledged to the broker. A message that breaks the contract is counted and not stored.
/// </summary>
public sealed class MessageWriter(MesDatabase database, string site)
{
    private const int RowsAtOnce = 40;

    private readonly string root = $"sluice/v1/{site}/";
    private readonly BirthWriter births = new(database);
    private readonly LedgerWriter ledgers = new(database);
    private readonly AuditWriter audits = new(database);
    private readonly List<string> faults = [];
    private readonly List<(string Store, long Position)> kept = [];

    /// <summary>Where to write down what is stored, to tell the gateway; null where nobody tells.</summary>
    public AcknowledgePlan? Acknowledge { get; init; }

    /// <summary>Readings of data messages that had not been stored before, since this writer was made.</summary>
    public long Stored { get; private set; }

    /// <summary>Readings that had been stored before.</summary>
    public long Duplicates { get; private set; }

    public void Write(in MesMessage message)
    {
        var levels = message.Topic.StartsWith(root, StringComparison.Ordinal)
            ? message.Topic[root.Length..].Split('/')
            : [];
        if (levels is not [var gateway, "data" or "birth" or "ledger" or "posture"])
        {
            return;
        }

        faults.Clear();
        kept.Clear();
        using var transaction = database.Begin();
        try
        {
            using var json = JsonDocument.Parse(message.Opened().Payload);
            Take(gateway, levels[1], json.RootElement);
        }
        catch (JsonException exception)
        {
            faults.Add($"not JSON: {exception.Message}");
        }
        catch (InvalidDataException exception)
        {
            faults.Add($"cannot be unpacked: {exception.Message}");
        }

        foreach (var fault in faults)
        {
            Tally(gateway, "violation", fault);
        }

        transaction.Commit();
        foreach (var (store, position) in kept)
        {
            Acknowledge?.Stored(gateway, store, new Positions(position, position));
        }
    }

    private void Take(string gateway, string kind, JsonElement json)
    {
        ContractSchemas.Published.Judge(kind, json, faults);
        switch (kind)
        {
            case "data" when Contract.Data(json, faults) is var data && faults.Count == 0:
                Store(gateway, data);
                break;
            case "birth" when Contract.Birth(json, faults) is var birth && faults.Count == 0:
                births.Write(gateway, birth);
                break;
            case "posture" when Contract.Posture(json, faults) is var posture && faults.Count == 0:
                Keep(gateway, posture);
                break;
            case "ledger" when Contract.Ledger(json, faults) is var ledger && faults.Count == 0:
                foreach (var account in ledger.Stores)
                {
                    Acknowledge?.Ledger(gateway, account);
                }

                ledgers.Write(gateway, ledger);
                break;
        }
    }

    private void Store(string gateway, DataMessage data)
    {
        for (var from = 0; from < data.Readings.Count; from += RowsAtOnce)
        {
            var rows = data.Readings.Skip(from).Take(RowsAtOnce).ToList();
            var stored = Insert(gateway, data, rows);
            Stored += stored.Count;
            foreach (var reading in rows)
            {
                kept.Add((data.Store, reading.Position));
                if (!stored.Contains(reading.Position))
                {
                    Duplicates++;
                    Compare(gateway, data.Store, reading);
                }
                else if (!data.Historical)
                {
                    Present(gateway, data.Store, reading);
                }
            }
        }
    }

    private HashSet<long> Insert(string gateway, DataMessage data, List<MesReading> rows)
    {
        var text = new StringBuilder("INSERT INTO reading (gateway, store, p, signal, t, v, q, r, historical) VALUES ");
        var values = new object[rows.Count * 9];
        for (var row = 0; row < rows.Count; row++)
        {
            var reading = rows[row];
            object[] columns =
            [
                gateway, data.Store, reading.Position, reading.Signal, ColumnText.Of(reading.SourceTimestamp),
                ColumnText.Value(reading), reading.Quality, reading.Reason, data.Historical ? 1 : 0,
            ];
            columns.CopyTo(values, row * 9);
            text.Append(row == 0 ? "(" : ", (")
                .AppendJoin(", ", Enumerable.Range(row * 9, 9).Select(MesDatabase.Name)).Append(')');
        }

        text.Append(" ON CONFLICT DO NOTHING RETURNING p");
        return [.. database.Query(row => row.GetInt64(0), text.ToString(), values)];
    }

    /// <summary>What came again must say the same.</summary>
    private void Compare(string gateway, string store, MesReading reading)
    {
        var before = database.Query(
            row => string.Join('\n', Enumerable.Range(0, 5).Select(row.GetString)),
            "SELECT signal, t, v, q, r FROM reading WHERE gateway = @a AND store = @b AND p = @c",
            gateway, store, reading.Position);
        var now = string.Join(
            '\n', reading.Signal, ColumnText.Of(reading.SourceTimestamp), ColumnText.Value(reading), reading.Quality,
            reading.Reason);
        Tally(gateway, "duplicate", $"{store} {reading.Position}");
        if (before is not [var same] || same != now)
        {
            Tally(gateway, "contradiction", $"{store} {reading.Position}");
        }
    }

    /// <summary>The upsert of a live reading: it is the present value unless a younger one of its store is.</summary>
    private void Present(string gateway, string store, MesReading reading) => database.Execute(
        """
        INSERT INTO present (gateway, signal, store, p, t, v, q, r) VALUES (@a, @b, @c, @d, @e, @f, @g, @h)
        ON CONFLICT (gateway, signal) DO UPDATE
        SET store = excluded.store, p = excluded.p, t = excluded.t, v = excluded.v, q = excluded.q, r = excluded.r
        WHERE present.store <> excluded.store OR present.p < excluded.p
        """,
        gateway, reading.Signal, store, reading.Position, ColumnText.Of(reading.SourceTimestamp),
        ColumnText.Value(reading), reading.Quality, reading.Reason);

    private void Keep(string gateway, PostureMessage posture)
    {
        var kept = database.Execute(
            """
            INSERT INTO posture (gateway, run, sent, text) VALUES (@a, @b, @c, @d)
            ON CONFLICT (gateway) DO UPDATE SET run = excluded.run, sent = excluded.sent, text = excluded.text
            WHERE posture.run <> excluded.run OR posture.sent <= excluded.sent
            """,
            gateway, posture.Run, ColumnText.Of(posture.Sent), posture.Text);
        if (kept > 0 && posture.Audit is { } head)
        {
            audits.Write(gateway, head, posture.Sent);
        }
    }

    private void Tally(string gateway, string what, string last) => database.Execute(
        """
        INSERT INTO tally (gateway, what, count, last) VALUES (@a, @b, 1, @c)
        ON CONFLICT (gateway, what) DO UPDATE SET count = tally.count + 1, last = excluded.last
        """,
        gateway, what, last);
}
