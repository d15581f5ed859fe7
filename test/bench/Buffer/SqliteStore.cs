using Microsoft.Data.Sqlite;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// The usual choice: one row a reading in SQLite, write-ahead log, synchronous=FULL, one transaction a commit.
/// </summary>
internal sealed class SqliteStore : IContestant
{
    private readonly SqliteConnection connection;
    private readonly SqliteCommand insert;
    private readonly SqliteParameter[] values;
    private SqliteTransaction? transaction;

    public SqliteStore(string directory)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(directory, "readings.db"), Pooling = false,
        }.ToString());
        connection.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
        Execute("CREATE TABLE IF NOT EXISTS readings "
            + "(position INTEGER PRIMARY KEY, signal TEXT, time INTEGER, value REAL, quality INTEGER)");
        insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO readings (signal, time, value, quality) VALUES ($signal, $time, $value, 0)";
        values = [.. new[] { "$signal", "$time", "$value" }.Select(name => new SqliteParameter(name, null))];
        insert.Parameters.AddRange(values);
    }

    public long Syncs => -1;

    public SqliteConnection Connection => connection;

    public void Append(ReadOnlySpan<Reading> readings)
    {
        transaction ??= connection.BeginTransaction();
        insert.Transaction = transaction;
        foreach (ref readonly var reading in readings)
        {
            values[0].Value = reading.Signal.Name;
            values[1].Value = reading.SourceTimestamp.Ticks / TimeSpan.TicksPerMillisecond;
            values[2].Value = reading.Value.AsDouble;
            insert.ExecuteNonQuery();
        }
    }

    public void Commit()
    {
        transaction?.Commit();
        transaction?.Dispose();
        transaction = null;
    }

    public void Dispose()
    {
        insert.Dispose();
        connection.Dispose();
    }

    private void Execute(string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
