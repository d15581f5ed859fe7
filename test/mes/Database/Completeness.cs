using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Database;

/// <summary>One store as the database proves it against the gateway's ledger.</summary>
/// <param name="Gateway">The gateway.</param>
/// <param name="Store">The store.</param>
/// <param name="Next">The ledger's word: everything below is judged.</param>
/// <param name="Readings">Readings that are in the database.</param>
/// <param name="Explained">Positions that are not there and that the ledger names with a reason, or that waited in the
/// memory of a run that ended.</param>
/// <param name="Open">Not there, and still held by the gateway unacknowledged: on their way.</param>
/// <param name="Lost">Not there, not explained, and acknowledged or not held any more. Anything but none is a bug, or a
/// broker that lost its queue: ask for a replay.</param>
/// <param name="First">The oldest position that can be replayed.</param>
/// <param name="HasAccount">A ledger spoke of this store.</param>
public sealed record StoreProof(
    string Gateway, string Store, long Next, long Readings, long Explained, IReadOnlyList<Positions> Open,
    IReadOnlyList<Positions> Lost, long First, bool HasAccount)
{
    /// <summary>Readings without a ledger's word about them prove nothing.</summary>
    public bool IsWhole => HasAccount && Open.Count == 0 && Lost.Count == 0;
}

/// <summary>The proof for everything in a database.</summary>
public sealed record Completeness(
    IReadOnlyList<StoreProof> Stores, long Readings, long Duplicates, long Contradictions, long Violations,
    Recordings Recordings)
{
    /// <summary>
    /// There is something to judge, nothing is missing without a reason, and nothing said two things. An empty
    /// database is not whole: it proves nothing.
    /// </summary>
    public bool IsWhole =>
        Stores.Count > 0 && Contradictions == 0 && Violations == 0 && Stores.All(store => store.IsWhole);

    public static Completeness Of(MesDatabase database)
    {
        var stores = database.Query(
            row => (Gateway: row.GetString(0), Store: row.GetString(1)),
            """
            SELECT gateway, store FROM account UNION SELECT DISTINCT gateway, store FROM reading ORDER BY 1, 2
            """);
        return new Completeness(
            [.. stores.Select(store => Prove(database, store.Gateway, store.Store))],
            database.Query(row => row.GetInt64(0), "SELECT count(*) FROM reading")[0],
            Tally(database, "duplicate"),
            Tally(database, "contradiction"),
            Tally(database, "violation"),
            Recordings.Of(database));
    }

    /// <summary>
    /// What is stored and, by the last ledger, still held and not acknowledged: a receiver that was killed tells it
    /// again.
    /// </summary>
    public static IEnumerable<(string Gateway, string Store, Positions Range)> Untold(MesDatabase database)
    {
        var stores = database.Query(row => (row.GetString(0), row.GetString(1)), "SELECT gateway, store FROM account");
        foreach (var (gateway, store) in stores)
        {
            var account = Account(database, gateway, store)!;
            var told = new PositionSet(int.MaxValue);
            told.Add(new Positions(0, account.First - 1));
            foreach (var range in account.Acknowledged)
            {
                told.Add(range);
            }

            foreach (var range in Islands(database, gateway, store).SelectMany(told.Missing))
            {
                yield return (gateway, store, range);
            }
        }
    }

    private static StoreProof Prove(MesDatabase database, string gateway, string store)
    {
        var stream = new StoreStream(store);
        foreach (var island in Islands(database, gateway, store))
        {
            stream.Receive(island);
        }

        var account = Account(database, gateway, store);
        if (account is not null)
        {
            stream.Judge(account, []);
        }

        var lost = stream.Lost().ToList();
        var gone = new PositionSet(int.MaxValue);
        lost.ForEach(range => gone.Add(range));
        var missing = account is null ? 0 : account.Next - 1 - stream.ReceivedBelow(account.Next);
        var isEnded = IsEndedMemory(database, gateway, store);
        List<Positions> open = isEnded ? [] : [.. stream.OpenGaps().SelectMany(gone.Missing)];
        var unexplained = open.Sum(gap => gap.Count) + lost.Sum(gap => gap.Count);
        return new StoreProof(
            gateway, store, account?.Next ?? 1, stream.Received, missing - unexplained, open, lost, account?.First ?? 1,
            account is not null || isEnded);
    }

    /// <summary>
    /// The gateway called it volatile, and is not the run any more that held it: what waited there is lost, as the
    /// contract says, and no ledger will speak of it again.
    /// </summary>
    private static bool IsEndedMemory(MesDatabase database, string gateway, string store) => database.Query(
        row => row.GetString(0),
        """
        SELECT memory.run FROM memory JOIN present_run ON present_run.gateway = memory.gateway
        WHERE memory.gateway = @a AND memory.store = @b AND memory.run <> present_run.run
        """,
        gateway, store).Count > 0;

    /// <summary>The ranges without a hole: consecutive positions have the same distance to their row number.</summary>
    private static List<Positions> Islands(MesDatabase database, string gateway, string store) => database.Query(
        row => new Positions(row.GetInt64(0), row.GetInt64(1)),
        """
        SELECT min(p), max(p)
        FROM (SELECT p, p - row_number() OVER (ORDER BY p) AS island
              FROM reading WHERE gateway = @a AND store = @b) AS numbered
        GROUP BY island ORDER BY 1
        """,
        gateway, store);

    private static StoreAccount? Account(MesDatabase database, string gateway, string store)
    {
        var drops = database.Query(
            row => new DropAccount(new Positions(row.GetInt64(0), row.GetInt64(1)), row.GetInt64(2), row.GetString(3)),
            "SELECT from_p, to_p, readings, reason FROM dropped WHERE gateway = @a AND store = @b ORDER BY from_p",
            gateway, store);
        return database.Query(
            row => new StoreAccount(
                store, false, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3),
                PositionText.Read(row.GetString(4)), drops, []),
            "SELECT first, next, waiting, dropped, acknowledged FROM account WHERE gateway = @a AND store = @b",
            gateway, store).SingleOrDefault();
    }

    private static long Tally(MesDatabase database, string what) => database.Query(
        row => row.GetInt64(0), "SELECT COALESCE(CAST(sum(count) AS BIGINT), 0) FROM tally WHERE what = @a", what)[0];
}
