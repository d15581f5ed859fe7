using System.Text.Json;
using Sluice.Mes;
using Sluice.Mes.Database;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Mes;

/// <summary>What a ledger says of the recording itself, stored and shown; the field tests hold PostgreSQL to the same.
/// </summary>
public sealed class Mes_recordings : IDisposable
{
    private const string Boot = "61f7ee1de42f4eb6815dff4c9b098423";
    private const string Stop = """
        {"from":"2026-11-22T08:00:00.000Z","to":"2026-11-22T08:00:09.500Z",
         "reason":"Stopped","lossMs":0,"rebooted":false,"clock":"Set"}
        """;

    private const string Cut = """
        {"from":"2026-11-22T09:12:44.310Z","to":"2026-11-22T09:14:02.005Z",
         "reason":"NotClosed","lossMs":1000,"rebooted":true,"clock":"NotSet"}
        """;

    private const string Step = $$"""
        {"boot":"{{Boot}}","at":"2026-11-22T13:58:10.120Z","offsetMs":14400000,"state":"Set"}
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-mes-").FullName;
    private readonly MesDatabase database;
    private readonly MessageWriter writer;

    public Mes_recordings()
    {
        database = MesDatabase.Open($"sqlite:{Path.Combine(directory, "mes.db")}");
        writer = new MessageWriter(database, "plant1");
    }

    [Fact]
    public async Task Verify_shows_when_nothing_was_recorded_how_the_clock_was_moved_and_what_was_corrected()
    {
        Write(1, interrupted: 2, $"{Stop},{Cut}", stepped: 1, Step, Correction(1, 3));
        var (code, text) = await VerifyAsync();
        Assert.Equal(0, code);
        Assert.Contains("from 2026-11-22 08:00:00Z to 2026-11-22 08:00:09Z: the agent was stopped", text);
        Assert.Contains("02Z: not closed, readings of the last 1000 ms before it may be lost, the machine", text);
        Assert.Contains("the clock was moved by +14400.000 s and showed 2026-11-22 13:58:10Z", text);
        Assert.Contains("+14400.000 s were added to the times of", text);
        Assert.DoesNotContain("never received", text);
    }

    [Fact]
    public async Task The_proof_as_json_has_them_too()
    {
        Write(1, interrupted: 1, Cut, stepped: 1, Step, Correction(1, 3));
        var (_, text) = await VerifyAsync("--json");
        using var json = JsonDocument.Parse(text);
        var of = json.RootElement.GetProperty("recordings");
        var gap = of.GetProperty("gaps")[0].GetProperty("gap");
        Assert.Equal("NotClosed", gap.GetProperty("reason").GetString());
        Assert.Equal(1000, gap.GetProperty("lossMilliseconds").GetInt64());
        var step = of.GetProperty("steps")[0].GetProperty("step");
        Assert.Equal(14400000, step.GetProperty("offsetMilliseconds").GetInt64());
        var rule = of.GetProperty("corrections")[0];
        Assert.Equal(Spoken.Store, rule.GetProperty("store").GetString());
        Assert.Equal(3, rule.GetProperty("correction").GetProperty("range").GetProperty("to").GetInt64());
        Assert.True(json.RootElement.GetProperty("isWhole").GetBoolean());
    }

    [Fact]
    public async Task What_the_ledger_folded_stays_and_what_it_folded_before_anybody_heard_is_said()
    {
        Write(1, interrupted: 1, Stop, stepped: 0, "", "");
        Write(2, interrupted: 3, Cut, stepped: 2, Step, "");
        var (_, text) = await VerifyAsync();
        Assert.Equal(2, Recordings.Of(database).Gaps.Count);
        Assert.Contains("count 3 interruptions and 2 steps of the clock: what is not listed was never received", text);
    }

    [Fact]
    public void The_same_ledger_again_tells_nothing_new_and_an_older_one_takes_nothing_back()
    {
        Write(2, interrupted: 2, $"{Stop},{Cut}", stepped: 1, Step, Correction(1, 3));
        Write(2, interrupted: 2, $"{Stop},{Cut}", stepped: 1, Step, Correction(1, 3));
        Write(1, interrupted: 1, Stop, stepped: 0, "", "");
        var of = Recordings.Of(database);
        Assert.Equal((2, 1, 1), (of.Gaps.Count, of.Steps.Count, of.Corrections.Count));
        Assert.Equal((2, 1), (of.Interrupted, of.Stepped));
    }

    [Fact]
    public void A_correction_whose_oldest_positions_the_gateway_let_go_is_still_one_rule_for_all_of_them()
    {
        Write(1, interrupted: 0, "", stepped: 0, "", Correction(1, 3));
        Write(2, interrupted: 0, "", stepped: 0, "", Correction(2, 3));
        Write(3, interrupted: 0, "", stepped: 0, "", Correction(1, 5));
        Assert.Equal(new Positions(1, 5), Assert.Single(Recordings.Of(database).Corrections).Correction.Range);
    }

    public void Dispose()
    {
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static string Correction(long from, long to) =>
        $$"""{"boot":"{{Boot}}","from":{{from}},"to":{{to}},"offsetMs":14400000}""";

    private void Write(long number, int interrupted, string gaps, int stepped, string steps, string corrections)
    {
        writer.Write(Spoken.Data(false, Spoken.Reading(1, "1"), Spoken.Reading(2, "2"), Spoken.Reading(3, "3")));
        writer.Write(Spoken.Message("ledger", $$"""
            {"v":1,"gateway":"gw-042","run":"{{Spoken.Run}}","number":{{number}},"sent":"2026-11-22T14:00:01.250Z",
             "waiting":0,"stores":[{"store":"{{Spoken.Store}}","volatile":false,"first":1,"next":4,
             "acknowledged":[[1,3]],"waiting":0,"dropped":0,"drops":[]{{(corrections.Length == 0
                ? "" : $",\"corrections\":[{corrections}]")}} }],
             "clock":{"state":"Set","boot":"{{Boot}}","stepped":{{stepped}},"steps":[{{steps}}]},
             "interrupted":{{interrupted}},"gaps":[{{gaps}}]}
            """));
        Assert.Equal(0, Completeness.Of(database).Violations);
    }

    private async Task<(int Code, string Said)> VerifyAsync(params string[] more)
    {
        using var said = new StringWriter();
        var code = await new MesCommandLine(said, TimeProvider.System).InvokeAsync(
            ["verify", "--database", $"sqlite:{Path.Combine(directory, "mes.db")}", .. more], CancellationToken.None);
        return (code, said.ToString());
    }
}
