using System.Data;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Sluice.Mes.Database;

/// <summary>
/// The MES's database: SQLite in a file, or PostgreSQL by a connection string. Both take the same statements, so that
/// what is proved on one holds on the other. One connection, one owner; every message is one transaction.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>(gateway, store, p) is the key of a reading: what comes again is recognised, compared, and changes nothing.
/// </item>
/// <item>History never touches <c>present</c>.</item>
/// <item>A drop, a gap, a step of the clock or a correction that the ledger named once stays, although the ledger may
/// fold it later.</item>
/// <item>A reading is described by the lowest end above its position in its store, whichever birth comes when.</item>
/// </list>
/// </summary>
public sealed class MesDatabase : IDisposable
{
    private const string SqlitePrefix = "sqlite:";
    private const string PostgresPrefix = "postgres:";

    private static readonly string[] Tables =
    [
        """
        CREATE TABLE IF NOT EXISTS reading (
            gateway TEXT NOT NULL, store TEXT NOT NULL, p BIGINT NOT NULL, signal TEXT NOT NULL, t TEXT NOT NULL,
            v TEXT NOT NULL, q TEXT NOT NULL, r TEXT NOT NULL, historical INTEGER NOT NULL,
            PRIMARY KEY (gateway, store, p))
        """,
        """
        CREATE TABLE IF NOT EXISTS present (
            gateway TEXT NOT NULL, signal TEXT NOT NULL, store TEXT NOT NULL, p BIGINT NOT NULL, t TEXT NOT NULL,
            v TEXT NOT NULL, q TEXT NOT NULL, r TEXT NOT NULL,
            PRIMARY KEY (gateway, signal))
        """,
        """
        CREATE TABLE IF NOT EXISTS account (
            gateway TEXT NOT NULL, store TEXT NOT NULL, run TEXT NOT NULL, number BIGINT NOT NULL,
            first BIGINT NOT NULL, next BIGINT NOT NULL, waiting BIGINT NOT NULL, dropped BIGINT NOT NULL,
            acknowledged TEXT NOT NULL,
            PRIMARY KEY (gateway, store))
        """,
        """
        CREATE TABLE IF NOT EXISTS dropped (
            gateway TEXT NOT NULL, store TEXT NOT NULL, from_p BIGINT NOT NULL, to_p BIGINT NOT NULL,
            readings BIGINT NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (gateway, store, from_p, to_p))
        """,
        """
        CREATE TABLE IF NOT EXISTS memory (
            gateway TEXT NOT NULL, store TEXT NOT NULL, run TEXT NOT NULL,
            PRIMARY KEY (gateway, store))
        """,
        """
        CREATE TABLE IF NOT EXISTS present_run (gateway TEXT NOT NULL PRIMARY KEY, run TEXT NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS signal (
            gateway TEXT NOT NULL, signal TEXT NOT NULL, type TEXT NOT NULL, unit TEXT NOT NULL,
            description TEXT NOT NULL,
            PRIMARY KEY (gateway, signal))
        """,
        """
        CREATE TABLE IF NOT EXISTS counter (
            gateway TEXT NOT NULL, signal TEXT NOT NULL, bits INTEGER NOT NULL,
            PRIMARY KEY (gateway, signal))
        """,
        """
        CREATE TABLE IF NOT EXISTS posture (
            gateway TEXT NOT NULL, run TEXT NOT NULL, sent TEXT NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (gateway))
        """,
        """
        CREATE TABLE IF NOT EXISTS described (
            gateway TEXT NOT NULL, signal TEXT NOT NULL, store TEXT NOT NULL, before_p BIGINT NOT NULL,
            type TEXT NOT NULL, unit TEXT NOT NULL, description TEXT NOT NULL, bits INTEGER NOT NULL,
            epoch TEXT NOT NULL,
            PRIMARY KEY (gateway, signal, store, before_p))
        """,
        """
        CREATE TABLE IF NOT EXISTS recording (
            gateway TEXT NOT NULL, run TEXT NOT NULL, number BIGINT NOT NULL, interrupted BIGINT NOT NULL,
            stepped BIGINT NOT NULL, clock TEXT NOT NULL, boot TEXT NOT NULL,
            PRIMARY KEY (gateway))
        """,
        """
        CREATE TABLE IF NOT EXISTS gap (
            gateway TEXT NOT NULL, from_t TEXT NOT NULL, to_t TEXT NOT NULL, reason TEXT NOT NULL,
            loss_ms BIGINT NOT NULL, rebooted INTEGER NOT NULL, clock TEXT NOT NULL,
            PRIMARY KEY (gateway, from_t, to_t))
        """,
        """
        CREATE TABLE IF NOT EXISTS clock_step (
            gateway TEXT NOT NULL, boot TEXT NOT NULL, at TEXT NOT NULL, offset_ms BIGINT NOT NULL, clock TEXT NOT NULL,
            PRIMARY KEY (gateway, boot, at, offset_ms))
        """,
        """
        CREATE TABLE IF NOT EXISTS correction (
            gateway TEXT NOT NULL, store TEXT NOT NULL, from_p BIGINT NOT NULL, to_p BIGINT NOT NULL,
            boot TEXT NOT NULL, offset_ms BIGINT NOT NULL,
            PRIMARY KEY (gateway, store, from_p))
        """,
        """
        CREATE TABLE IF NOT EXISTS audit_head (
            gateway TEXT NOT NULL, number BIGINT NOT NULL, line BIGINT NOT NULL, hash TEXT NOT NULL, sent TEXT NOT NULL,
            PRIMARY KEY (gateway, number))
        """,
        """
        CREATE TABLE IF NOT EXISTS audit_finding (
            gateway TEXT NOT NULL, number BIGINT NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (gateway, number))
        """,
        """
        CREATE TABLE IF NOT EXISTS tally (
            gateway TEXT NOT NULL, what TEXT NOT NULL, count BIGINT NOT NULL, last TEXT NOT NULL,
            PRIMARY KEY (gateway, what))
        """,
    ];

    private readonly DbConnection connection;

    private MesDatabase(DbConnection connection) => this.connection = connection;

    /// <summary>Opens it and makes the tables that are not there.</summary>
    /// <param name="where"><c>sqlite:FILE</c> or <c>postgres:CONNECTION STRING</c>.</param>
    public static MesDatabase Open(string where)
    {
        var database = new MesDatabase(Connection(where));
        try
        {
            database.Prepare();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private void Prepare()
    {
        connection.Open();
        if (connection is SqliteConnection)
        {
            Execute("PRAGMA journal_mode = WAL");
            Execute("PRAGMA synchronous = FULL");
        }

        foreach (var table in Tables)
        {
            Execute(table);
        }
    }

    /// <summary>The width of a counter as a birth told it; null where none said that this is one.</summary>
    public int? CounterBits(string gateway, string signal) => Query(
        row => row.GetInt32(0), "SELECT bits FROM counter WHERE gateway = @a AND signal = @b", gateway, signal)
        is [var bits] ? bits : null;

    /// <summary>The newest posture of each gateway, as it came.</summary>
    public IReadOnlyList<string> Postures() =>
        Query(row => row.GetString(0), "SELECT text FROM posture ORDER BY gateway");

    /// <summary>What a counter counted from its first reading to its last, by the time of its readings.</summary>
    public Production Produced(string gateway, string signal, int widthBits) => CounterProduction.Count(
        Query(
            row => new CounterReading(
                row.GetString(1) == "Good"
                    && ulong.TryParse(row.GetString(0), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                    ? value
                    : null,
                row.GetString(2)),
            """
            SELECT v, q, COALESCE((
                SELECT d.epoch FROM described AS d
                WHERE d.gateway = r.gateway AND d.signal = r.signal AND d.store = r.store AND d.before_p > r.p
                ORDER BY d.before_p LIMIT 1), '')
            FROM reading AS r WHERE gateway = @a AND signal = @b ORDER BY t, p
            """,
            gateway, signal),
        widthBits);

    /// <summary>
    /// Starts the transaction of one message; dispose without commit forgets it. A connection that the server closed is
    /// made again: a database that was restarted must not need a restart of the receiver.
    /// </summary>
    internal DbTransaction Begin()
    {
        if (connection.State != ConnectionState.Open)
        {
            connection.Close();
            connection.Open();
        }

        return connection.BeginTransaction();
    }

    /// <summary>A statement with parameters <c>@a</c>, <c>@b</c>, ... in order.</summary>
    internal DbCommand Statement(string text, params ReadOnlySpan<object> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        for (var at = 0; at < values.Length; at++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (Name(at), values[at]);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    internal int Execute(string text, params ReadOnlySpan<object> values)
    {
        using var command = Statement(text, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>All rows of a query, read by <paramref name="read"/>.</summary>
    public List<T> Query<T>(Func<DbDataReader, T> read, string text, params ReadOnlySpan<object> values)
    {
        using var command = Statement(text, values);
        using var rows = command.ExecuteReader();
        List<T> all = [];
        while (rows.Read())
        {
            all.Add(read(rows));
        }

        return all;
    }

    /// <summary>The name of the parameter at a place: @a to @z, then @aa and on.</summary>
    internal static string Name(int at) => at < 26 ? $"@{(char)('a' + at)}" : $"@{(char)('a' + (at / 26) - 1)}"
        + (char)('a' + (at % 26));

    public void Dispose() => connection.Dispose();

    private static DbConnection Connection(string where)
    {
        if (where.StartsWith(SqlitePrefix, StringComparison.Ordinal))
        {
            return new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = where[SqlitePrefix.Length..], Pooling = false }
                    .ToString());
        }

        return where.StartsWith(PostgresPrefix, StringComparison.Ordinal)
            ? new NpgsqlConnection(where[PostgresPrefix.Length..])
            : throw new ArgumentException($"'{where}' is neither sqlite:FILE nor postgres:CONNECTION STRING.");
    }
}
