using System.Globalization;
using Npgsql;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Xunit;

namespace Sluice.Field.Mes;

/// <summary>The receiver as its users run it: a process, mosquitto with mutual TLS, a PostgreSQL.</summary>
public sealed class Reference_receiver
{
    [Fact]
    public async Task Killed_with_its_database_it_proves_afterwards_that_nothing_is_missing()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        var receiver = new ReferenceReceiver(plant, server.Where);
        Assert.Equal(1, (await receiver.VerifyAsync()).Code);
        await using (receiver.Start())
        {
            plant.Gateway.Start();
            await HasRowsAsync(server, 20);
        }

        // The receiver was killed: the broker keeps its session. Then the database goes, in mid-stream.
        var before = await CountAsync(server);
        await plant.ServesAsync(20);
        await using var again = receiver.Start();
        await HasRowsAsync(server, before + 20);
        await server.KillAsync();
        await using (var early = receiver.Start("--client", "mes-2"))
        {
            await early.SaysAsync("The database cannot be opened, and is tried again", FieldPlant.Soon);
        }

        await plant.ServesAsync(10);
        await server.RunAsync();
        await plant.ServesAsync(10);

        // The plant's own record, value by value, against the rows.
        var record = plant.Machine.Record();
        HashSet<string> stored = [];
        for (var turn = 0; turn < 200 && !record.All(Arrived); turn++)
        {
            await Task.Delay(100);
            stored = await RowsAsync(server, "SELECT v FROM reading WHERE signal = 'plc/count' AND q = 'Good'");
        }

        Assert.True(record.All(Arrived), $"{stored.Count} of {record.Count} values arrived. The receiver said:\n"
            + again.Tail());
        await IsJudgedAsync(server, receiver);
        await receiver.IsWholeAsync(FieldPlant.Soon);
        Assert.True((await receiver.ProofAsync()).GetProperty("isWhole").GetBoolean());

        var latest = (await receiver.LatestAsync())[0].GetProperty("signals").EnumerateArray()
            .Single(signal => signal.GetProperty("signal").GetString() == "plc/count");
        Assert.InRange(long.Parse(latest.GetProperty("value").GetString()!), record[^1].Count, long.MaxValue);

        await TellsOfTheRecordingAsync(plant, receiver);

        // And the proof has teeth: one row less, and it names the position.
        var gone = Assert.Single(await RowsAsync(server, "DELETE FROM reading WHERE p = 7 RETURNING CAST(p AS TEXT)"));
        var (code, text) = await receiver.VerifyAsync();
        Assert.Equal(1, code);
        Assert.Contains($"lost {gone}", text);

        bool Arrived(Served served) => stored.Contains(served.Count.ToString());
    }

    [Fact]
    public async Task A_broker_that_lost_its_queue_after_its_word_is_made_good_by_a_replay()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        plant.Configure(plant.Configuration with { AcknowledgedBy = "mes", Compress = "gzip" });
        var receiver = new ReferenceReceiver(plant, server.Where);
        Assert.Equal(1, (await receiver.VerifyAsync()).Code);
        await using (receiver.Start("--acknowledge"))
        {
            plant.Gateway.Start();
            await HasRowsAsync(server, 20);
        }

        // The MES is away, and the broker gives its word for what it queues. Then its power goes, and the queue too.
        var before = await CountAsync(server);
        await plant.ServesAsync(40);
        await plant.Broker.KillAsync();
        await plant.Broker.StartAsync();
        await using var again = receiver.Start("--acknowledge");
        await HasRowsAsync(server, before + 10);
        await IsJudgedAsync(server, receiver);
        var (code, text) = await receiver.VerifyAsync();
        Assert.True(code == 1, $"nothing was missing, so nothing is tested: {text}");

        (code, text) = await receiver.ReplayAsync();
        Assert.True(code == 0, $"{text}\n{plant.Gateway.Process.Tail()}");
        await receiver.IsWholeAsync(FieldPlant.Soon);
        var stored = await RowsAsync(server, "SELECT v FROM reading WHERE signal = 'plc/count' AND q = 'Good'");
        var last = stored.Max(value => long.Parse(value));
        Assert.All(plant.Machine.Record().Where(served => served.Count < last),
            served => Assert.Contains(served.Count.ToString(), stored));

        // And the gateway forgot only what the MES has: all of it, although asks were lost while it was away.
        await Eventually.HoldsAsync(
            async () =>
            {
                var status = await plant.Gateway.StatusJsonAsync();
                return status.GetProperty("buffer").GetProperty("waiting").GetInt64() < 40;
            },
            FieldPlant.Later, () => $"the gateway still waits for its acknowledgement:\n{again.Tail()}");
    }

    /// <summary>The gateway is killed: the receiver shows when nothing was recorded, and counts on across it.</summary>
    private static async Task TellsOfTheRecordingAsync(FieldPlant plant, ReferenceReceiver receiver)
    {
        await plant.Gateway.KillAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(20);
        await Eventually.HoldsAsync(
            async () => (await receiver.ProofAsync()).GetProperty("recordings").GetProperty("gaps")
                .GetArrayLength() == 1,
            FieldPlant.Soon, () => "the receiver shows no gap");
        var (_, text) = await receiver.VerifyAsync();
        Assert.Contains("not closed, readings of the last 200 ms before it may be lost", text);
        await receiver.IsWholeAsync(FieldPlant.Soon);
        var (code, said) = await receiver.ProducedAsync("plc/count", 32);
        Assert.Equal(0, code);
        Assert.Contains(" pieces, 0 rollovers, 0 resets, 0 set back", said);
        Assert.True(long.Parse(said.Split(' ')[0], CultureInfo.InvariantCulture) > 20, said);
    }

    /// <summary>Waits for a ledger that speaks of everything that is stored now.</summary>
    private static async Task IsJudgedAsync(PostgresServer server, ReferenceReceiver receiver)
    {
        var stored = long.Parse(Assert.Single(await RowsAsync(server, "SELECT CAST(max(p) AS TEXT) FROM reading")));
        await Eventually.HoldsAsync(
            async () => (await receiver.ProofAsync()).GetProperty("stores")[0].GetProperty("next").GetInt64() > stored,
            FieldPlant.Soon, () => $"no ledger speaks of position {stored}");
    }

    private static async Task<int> CountAsync(PostgresServer server) =>
        (await RowsAsync(server, "SELECT v FROM reading WHERE signal = 'plc/count'")).Count;

    private static async Task HasRowsAsync(PostgresServer server, int count)
    {
        for (var turn = 0; turn < 300; turn++)
        {
            if (await CountAsync(server) >= count)
            {
                return;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException($"The receiver did not store {count} values.");
    }

    private static async Task<HashSet<string>> RowsAsync(PostgresServer server, string query)
    {
        await using var source = NpgsqlDataSource.Create(server.Where["postgres:".Length..]);
        await using var command = source.CreateCommand(query);
        await using var rows = await command.ExecuteReaderAsync();
        HashSet<string> values = [];
        while (await rows.ReadAsync())
        {
            values.Add(rows.GetString(0));
        }

        return values;
    }
}
