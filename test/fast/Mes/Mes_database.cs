using System.Globalization;
using CsCheck;
using Sluice.Mes;
using Sluice.Mes.Database;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Mes;

/// <summary>The receiver's database, in SQLite; the field tests hold PostgreSQL to the same.</summary>
public sealed class Mes_database : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-mes-").FullName;
    private MesDatabase database;
    private MessageWriter writer;

    public Mes_database()
    {
        database = Open();
        writer = new MessageWriter(database, "plant1");
    }

    [Fact]
    public void A_reading_is_stored_once_however_often_it_comes()
    {
        Write(Spoken.Data(false, Spoken.Reading(1, "1"), Spoken.Reading(2, "2")));
        Write(Spoken.Data(true, Spoken.Reading(2, "2"), Spoken.Reading(3, "3")));

        var proof = Completeness.Of(database);
        Assert.Equal((3, 1, 0), (proof.Readings, proof.Duplicates, proof.Contradictions));
    }

    [Fact]
    public void The_same_key_with_another_content_is_a_contradiction_and_the_first_stays()
    {
        Write(Spoken.Data(false, Spoken.Reading(1, "1")));
        Write(Spoken.Data(true, Spoken.Reading(1, "1.0")));

        var proof = Completeness.Of(database);
        Assert.Equal((1, 1, false), (proof.Duplicates, proof.Contradictions, proof.IsWhole));
        Assert.Equal(["1"], Values("SELECT v FROM reading"));
    }

    [Fact]
    public void History_never_touches_the_present()
    {
        Write(Spoken.Data(false, Spoken.Reading(10, "10")));
        Write(Spoken.Data(true, Spoken.Reading(4, "4"), Spoken.Reading(11, "11")));
        Assert.Equal(["10"], Values("SELECT v FROM present"));
    }

    [Fact]
    public void The_latest_reading_of_each_signal_is_told_with_its_unit_and_how_far_behind_it_is()
    {
        Write(Spoken.BirthOf("""{"s":"a/b","source":"a","type":"uint32","unit":"degC"}"""));
        Write(Spoken.Data(false, Spoken.Reading(9, "9"), Spoken.Reading(10, "10")));
        Write(Spoken.Data(true, Spoken.Reading(4, "4")));

        var read = DateTime.Parse(
            Values("SELECT t FROM reading WHERE p = 10").Single(), CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal);
        var present = Assert.Single(LatestReadings.Of(database, read + TimeSpan.FromSeconds(90)));
        Assert.Equal(TimeSpan.FromSeconds(90), present.Lag);
        var latest = Assert.Single(present.Signals);
        Assert.Equal(("10", "degC", "Good", read), (latest.Value, latest.Unit, latest.Quality, latest.Time));
    }

    [Fact]
    public void The_births_last_reading_fills_in_and_never_goes_back()
    {
        var last = $$"""{"store":"{{Spoken.Store}}","p":7,"t":"2026-11-22T14:00:00.000Z","v":7}""";
        Write(Spoken.Birth(last));
        Assert.Equal(["7"], Values("SELECT v FROM present"));
        Write(Spoken.Data(false, Spoken.Reading(9, "9")));
        Write(Spoken.Birth(last));
        Assert.Equal(["9"], Values("SELECT v FROM present"));
    }

    [Fact]
    public void A_new_store_takes_the_present_over_although_its_positions_begin_again()
    {
        Write(Spoken.Data(false, Spoken.Reading(900, "1")));
        Write(Spoken.DataOf(new string('b', 32), false, Spoken.Reading(1, "2")));
        Assert.Equal(["2"], Values("SELECT v FROM present"));
    }

    [Fact]
    public void The_present_follows_a_gateway_into_its_memory_and_back_to_its_disk()
    {
        var memory = new string('b', 32);
        Write(Spoken.Data(false, Spoken.Reading(10, "10")));
        Write(Spoken.DataOf(memory, false, Spoken.Reading(1, "1")));
        Write(Spoken.Data(false, Spoken.Reading(11, "11")));
        Write(Spoken.DataOf(memory, true, Spoken.Reading(2, "2")));
        Write(Spoken.Data(true, Spoken.Reading(12, "12")));
        Assert.Equal(["11"], Values("SELECT v FROM present"));
    }

    [Fact]
    public void A_birth_of_a_new_store_changes_no_value_before_that_stores_first_live_reading()
    {
        var swapped = new string('c', 32);
        Write(Spoken.Data(false, Spoken.Reading(3, "3")));
        Write(Spoken.Birth($$"""{"store":"{{swapped}}","p":7,"t":"2026-11-22T14:00:00.000Z","v":7}"""));
        Assert.Equal(["3"], Values("SELECT v FROM present"));
        Write(Spoken.DataOf(swapped, false, Spoken.Reading(8, "8")));
        Assert.Equal(["8"], Values("SELECT v FROM present"));
    }

    [Fact]
    public void History_alone_is_nobodys_present_value()
    {
        Write(Spoken.Data(true, Spoken.Reading(3, "3")));
        Assert.Empty(Values("SELECT v FROM present"));
        Write(Spoken.Data(false, Spoken.Reading(2, "2")));
        Assert.Equal(["2"], Values("SELECT v FROM present"));
    }

    [Fact]
    public void A_changed_birth_says_what_old_readings_were_whichever_comes_first()
    {
        const string Old = """
            {"s":"a/b","source":"a","type":"uint32","unit":"bar",
             "until":[{"store":"0199c6f1000070008000000000000001","before":5}]}
            """;
        Write(Spoken.BirthOf("""{"s":"a/b","source":"a","type":"uint32","unit":"bar"}"""));
        Write(Spoken.BirthOf("""{"s":"a/b","source":"a","type":"uint32","unit":"kPa"}""", Old));
        Write(Spoken.Data(false, Spoken.Reading(5, "500")));
        Write(Spoken.Data(true, Spoken.Reading(4, "5")));
        Assert.Equal(0, Completeness.Of(database).Violations);
        Assert.Equal(["4 bar", "5 kPa"], Values(
            """
            SELECT CAST(r.p AS TEXT) || ' ' || (
                SELECT d.unit FROM described AS d
                WHERE d.gateway = r.gateway AND d.signal = r.signal AND d.store = r.store AND d.before_p > r.p
                ORDER BY d.before_p LIMIT 1)
            FROM reading AS r ORDER BY r.p
            """));
    }

    [Fact]
    public void An_empty_database_and_readings_without_a_ledger_prove_nothing()
    {
        Assert.False(Completeness.Of(database).IsWhole);
        Write(Spoken.Data(false, Spoken.Reading(1, "1")));
        Assert.False(Completeness.Of(database).IsWhole);
        Write(Spoken.Ledger(1, 1, 2, "[1,1]"));
        Assert.True(Completeness.Of(database).IsWhole);
    }

    [Fact]
    public void A_message_that_breaks_the_contract_is_counted_and_not_stored()
    {
        Write(Spoken.Data(false, Spoken.Reading(1, "1"), Spoken.Reading(1, "1")));
        Write(Spoken.Message("data", "{"));

        var proof = Completeness.Of(database);
        Assert.Equal((0, 2, false), (proof.Readings, proof.Violations, proof.IsWhole));
    }

    [Fact]
    public void A_birth_whose_meanings_the_contract_does_not_allow_is_counted()
    {
        Write(Spoken.BirthOf("""{"s":"a/b","source":"a","type":"uint32","counter":{"bits":24}}"""));
        Write(Spoken.BirthOf("""{"s":"a/b","source":"a","type":"bool","texts":[{"value":0,"text":""}]}"""));
        Assert.NotEqual(0, Completeness.Of(database).Violations);
        Assert.Null(database.CounterBits(Spoken.Gateway, "a/b"));
    }

    [Fact]
    public void A_drop_that_the_ledger_folded_stays_explained()
    {
        Write(Spoken.Data(false, Spoken.Reading(5, "5")));
        Write(Spoken.Ledger(1, 5, 6, "[5,5]", dropped: 4,
            drops: """{"from":1,"to":4,"count":4,"reason":"Overflow"}"""));
        Write(Spoken.Ledger(2, 5, 6, "[5,5]", dropped: 4));
        var store = Assert.Single(Completeness.Of(database).Stores);
        Assert.Equal((4, true), (store.Explained, store.IsWhole));
    }

    [Fact]
    public void What_waited_in_memory_is_explained_when_the_run_that_held_it_is_over()
    {
        const string Memory = "0199c6f100007000800000000000000a";
        Write(Spoken.DataOf(Memory, false, Spoken.Reading(1, "1"), Spoken.Reading(2, "2")));
        Write(LedgerOf(Spoken.Run, Memory, isVolatile: true, next: 6));
        Assert.Equal((3, false), (Open(Memory), Completeness.Of(database).IsWhole));

        Write(LedgerOf("0199c6f122227000800000000000000b", Spoken.Store, isVolatile: false, next: 1));

        Assert.Equal((0, true), (Open(Memory), Completeness.Of(database).IsWhole));
        Assert.Equal(3, Completeness.Of(database).Stores.Single(store => store.Store == Memory).Explained);

        long Open(string store) =>
            Completeness.Of(database).Stores.Single(each => each.Store == store).Open.Sum(range => range.Count);
    }

    [Fact]
    public void A_memory_that_ended_before_its_first_ledger_is_known_by_the_birth()
    {
        const string Memory = "0199c6f100007000800000000000000a";
        Write(Spoken.DataOf(Memory, false, Spoken.Reading(1, "1")));
        Write(LedgerOf("0199c6f122227000800000000000000b", Spoken.Store, isVolatile: false, next: 1));
        Assert.False(Completeness.Of(database).IsWhole);

        Write(Spoken.Message("birth", $$"""
            {"v":1,"gateway":"gw-042","site":"plant1","run":"{{Spoken.Run}}","agent":"0.1.0",
             "config":"{{new string('a', 64)}}","sent":"2026-11-22T14:00:01.250Z","storage":"memory",
             "stores":[{"store":"{{Memory}}","volatile":true}],"signals":[]}
            """));

        Assert.True(Completeness.Of(database).IsWhole);
    }

    [Fact]
    public void What_waits_on_the_disk_is_not_explained_by_another_run()
    {
        Write(LedgerOf(Spoken.Run, Spoken.Store, isVolatile: false, next: 6));
        Write(LedgerOf("0199c6f122227000800000000000000b", Spoken.Store, isVolatile: false, next: 6));

        Assert.Equal(5, Completeness.Of(database).Stores[0].Open.Sum(range => range.Count));
    }

    private static MesMessage LedgerOf(string run, string store, bool isVolatile, long next) =>
        Spoken.Message("ledger", $$"""
            {"v":1,"gateway":"gw-042","run":"{{run}}","number":1,"sent":"2026-11-22T14:00:01.250Z",
             "waiting":{{next - 1}},
             "stores":[{"store":"{{store}}","volatile":{{(isVolatile ? "true" : "false")}},"first":1,"next":{{next}},
             "acknowledged":[],"waiting":{{next - 1}},"dropped":0,"drops":[]}]}
            """);

    [Fact]
    public void A_ledger_that_comes_behind_a_younger_one_changes_nothing()
    {
        Write(Spoken.Data(false, Spoken.Reading(1, "1")));
        Write(Spoken.Ledger(2, 1, 4, "[1,1]", waiting: 2));
        Write(Spoken.Ledger(1, 1, 2, "[1,1]"));
        Assert.Equal(4, Assert.Single(Completeness.Of(database).Stores).Next);
    }

    /// <summary>
    /// Whatever arrives in whatever order, with the receiver killed in between: the database proves what the receiver's
    /// core, which never stopped, proves.
    /// </summary>
    [Fact]
    public void The_database_and_the_core_prove_the_same()
    {
        var step = Gen.Select(Gen.Long[1, 30], Gen.Int[1, 6], Gen.Bool, Gen.Int[0, 9]);
        step.List[1, 12].Sample(
            steps =>
            {
                Reset();
                var core = new StreamLedger("plant1");
                var number = 0;
                foreach (var (from, count, historical, kind) in steps)
                {
                    var message = kind < 7
                        ? Spoken.Data(historical, [.. Enumerable.Range(0, count).Select(
                            offset => Spoken.Reading(from + offset, $"{from + offset}"))])
                        : Spoken.Ledger(
                            ++number, 1 + (from / 3), 36, $"[{1 + (from / 3)},{from + 5}]", dropped: 2,
                            drops: """{"from":2,"to":3,"count":2,"reason":"Overflow"}""");
                    Write(message);
                    core.Receive(message, DateTimeOffset.UnixEpoch);
                    if (kind == 0)
                    {
                        Restart();
                    }
                }

                var proof = Completeness.Of(database);
                var gateway = core.Gateway(Spoken.Gateway);
                Assert.Equal(gateway.Readings, proof.Readings);
                Assert.Equal(gateway.Duplicates, proof.Duplicates);
                Assert.Equal(gateway.Lost, proof.Stores.Sum(store => store.Lost.Sum(range => range.Count)));
                Assert.Equal(
                    gateway.OpenGaps,
                    proof.Stores.Sum(store => store.Lost.Concat(store.Open).Sum(range => range.Count)));
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public async Task The_newest_posture_of_a_gateway_is_kept_and_shown()
    {
        Write(Spoken.Posture("2026-11-22T14:00:01.250Z", 0));
        Write(Spoken.Posture("2026-11-23T14:00:01.250Z", 2));
        Write(Spoken.Posture("2026-11-22T14:00:01.250Z", 0));
        Write(Spoken.Posture("not a time", 7));
        var text = Assert.Single(database.Postures());
        Assert.Contains("\"sent\":\"2026-11-23", text);

        var (code, shown) = await InvokeAsync("posture");
        Assert.Equal(0, code);
        Assert.Contains("gw-042, 2026-11-23T14:00:01.250Z", shown);
        Assert.Contains("listeners      2", shown);
        var (_, json) = await InvokeAsync("posture", "--json");
        Assert.Equal($"[{text}]", json);
        Write(Spoken.Posture("2026-11-22T14:00:01.250Z", 1, run: new string('b', 32)));
        Assert.Contains("\"listeners\":1", Assert.Single(database.Postures()));
    }

    public void Dispose()
    {
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private MesDatabase Open() => MesDatabase.Open($"sqlite:{Path.Combine(directory, "mes.db")}");

    private void Restart()
    {
        database.Dispose();
        database = Open();
        writer = new MessageWriter(database, "plant1");
    }

    private void Reset()
    {
        database.Dispose();
        foreach (var file in Directory.GetFiles(directory))
        {
            File.Delete(file);
        }

        database = Open();
        writer = new MessageWriter(database, "plant1");
    }

    private void Write(MesMessage message) => writer.Write(message);

    private async Task<(int Code, string Said)> InvokeAsync(string verb, params string[] more)
    {
        using var said = new StringWriter();
        var code = await new MesCommandLine(said, TimeProvider.System).InvokeAsync(
            [verb, "--database", $"sqlite:{Path.Combine(directory, "mes.db")}", .. more], CancellationToken.None);
        return (code, said.ToString().Trim());
    }

    private List<string> Values(string query) => database.Query(row => row.GetString(0), query);
}
