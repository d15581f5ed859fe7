using Npgsql;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field;

/// <summary>The receiver as its users run it: a process, mosquitto with mutual TLS, a PostgreSQL.</summary>
public sealed class Reference_receiver
{
    [Fact]
    public async Task Killed_with_its_database_it_proves_afterwards_that_nothing_is_missing()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        var receiver = new ReferenceReceiver(plant, server.Where);
        await using (receiver.Start())
        {
            plant.Gateway.Start();
            await plant.ServesAsync(20);
        }

        // The receiver was killed: the broker keeps its session. Then the database goes, in mid-stream.
        await plant.ServesAsync(20);
        await using var again = receiver.Start();
        await plant.ServesAsync(10);
        await server.KillAsync();
        await plant.ServesAsync(10);
        await server.RunAsync();
        await plant.ServesAsync(10);
        Assert.Equal(0, await plant.Gateway.StopAsync());
        await receiver.IsWholeAsync(FieldPlant.Soon);

        // The plant's own record, value by value, against the rows.
        var stored = await RowsAsync(server, "SELECT v FROM reading WHERE signal = 'plc/count' AND q = 'Good'");
        Assert.All(plant.Machine.Record().Where(served => !plant.Gateway.WasOnItsWayAtAStop(served)),
            served => Assert.Contains(served.Count.ToString(), stored));
        Assert.True((await receiver.ProofAsync()).GetProperty("isWhole").GetBoolean());

        // And the proof has teeth: one row less, and it names the position.
        var gone = Assert.Single(await RowsAsync(server, "DELETE FROM reading WHERE p = 7 RETURNING CAST(p AS TEXT)"));
        var (code, text) = await receiver.VerifyAsync();
        Assert.Equal(1, code);
        Assert.Contains($"lost {gone}", text);
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
