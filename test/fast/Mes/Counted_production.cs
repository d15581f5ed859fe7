using Sluice.Mes;
using Sluice.Mes.Database;
using Sluice.Mes.Schemas;
using Xunit;

namespace Sluice.Fast.Mes;

/// <summary>What a counter made, by its readings and by what the births say of it.</summary>
public sealed class Counted_production : IDisposable
{
    private const string NewBoard = "0199c6f1000070008000000000000002";
    private const string NoneSetBack = ", 0 set back by a power cut";
    private const string Epoch = "0199c6f0333370008000000000000007";
    private const string NewEpoch = "0199c6f0333370008000000000000008";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-mes-").FullName;
    private readonly MesDatabase database;
    private readonly MessageWriter writer;

    public Counted_production()
    {
        database = MesDatabase.Open($"sqlite:{Path.Combine(directory, "mes.db")}");
        writer = new MessageWriter(database, "plant1");
    }

    [Fact]
    public async Task Production_is_counted_across_a_rollover_at_the_width_that_the_birth_told()
    {
        Write(Spoken.BirthOf("""{"s":"a/parts","source":"a","type":"uint32","counter":{"bits":16}}"""));
        Write(Spoken.Data(
            false, Spoken.Reading(1, "65530", "a/parts"), Spoken.Reading(2, "65535", "a/parts"),
            Spoken.Reading(3, "3", "a/parts")));
        Assert.Equal(0, Completeness.Of(database).Violations);

        Assert.Equal((0, "9 pieces, 1 rollovers, 0 resets" + NoneSetBack), await ProducedAsync("a/parts"));
        Assert.Equal((0, "8 pieces, 0 rollovers, 1 resets" + NoneSetBack),
            await ProducedAsync("a/parts", "--width", "32"));
    }

    [Fact]
    public async Task A_signal_that_no_birth_called_a_counter_is_not_counted_by_a_guess()
    {
        Write(Spoken.BirthOf(
            """
            {"s":"a/state","source":"a","type":"uint16","texts":[{"value":0,"text":"Stop"},{"value":1,"text":"Run"}]}
            """));
        Assert.Equal(0, Completeness.Of(database).Violations);
        var (code, said) = await ProducedAsync("a/state");
        Assert.Equal(1, code);
        Assert.Contains("--width", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Production_is_counted_across_a_reset_of_the_plc()
    {
        Write(Spoken.BirthOf("""{"s":"a/parts","source":"a","type":"uint32","counter":{"bits":32}}"""));
        Write(Parts(1, Spoken.Store, "a/parts", 500, 512, 3, 8));
        Assert.Equal((0, "20 pieces, 0 rollovers, 1 resets" + NoneSetBack), await ProducedAsync("a/parts"));
    }

    [Fact]
    public async Task Production_is_counted_across_a_swapped_gateway()
    {
        Write(Board(Spoken.Store, Epoch));
        Write(Parts(1, Spoken.Store, "a/press", 5, 9));
        Write(Parts(3, Spoken.Store, "b/parts", 700, 705));

        // The new board counts its own edges from 0; by the time it is heard it has more than the old one had. The PLC
        // counted on meanwhile.
        Write(Board(NewBoard, NewEpoch));
        Write(Parts(5, NewBoard, "a/press", 100, 101));
        Write(Parts(7, NewBoard, "b/parts", 710, 711));

        // Of the old board's last readings some come late, as history.
        Write(Spoken.DataOf(Spoken.Store, true, Spoken.Reading(9, "12", "a/press", second: 4)));
        Assert.Equal(0, Completeness.Of(database).Violations);
        Assert.Equal(
            (0, "108 pieces, 0 rollovers, 1 resets" + NoneSetBack), await ProducedAsync("a/press"));
        Assert.Equal(
            (0, "11 pieces, 0 rollovers, 0 resets" + NoneSetBack), await ProducedAsync("b/parts"));
    }

    [Fact]
    public async Task A_count_whose_file_was_lost_begins_again_where_the_birth_says_and_not_where_it_arrived()
    {
        // The birth that tells of the new epoch comes before the last readings of the old one: they were waiting.
        Write(Spoken.BirthOf($$"""
            {"s":"a/press","source":"a","type":"count","counter":{"bits":64,"epoch":"{{NewEpoch}}"} }
            """, $$"""
            {"s":"a/press","source":"a","type":"count","counter":{"bits":64,"epoch":"{{Epoch}}"},
             "until":[{"store":"{{Spoken.Store}}","before":3}]}
            """));
        Write(Parts(3, Spoken.Store, "a/press", 50, 52));
        Write(Spoken.DataOf(Spoken.Store, true, Spoken.Reading(1, "5", "a/press", second: 1),
            Spoken.Reading(2, "9", "a/press", second: 2)));
        Assert.Equal(0, Completeness.Of(database).Violations);
        Assert.Equal(
            (0, "56 pieces, 0 rollovers, 1 resets" + NoneSetBack), await ProducedAsync("a/press"));
    }

    /// <summary>The count was durable at the MES and the file that keeps it was five seconds older.</summary>
    [Fact]
    public async Task Edges_that_a_power_cut_took_from_the_kept_count_were_counted_a_second_time()
    {
        Write(Board(Spoken.Store, Epoch));
        Write(Parts(1, Spoken.Store, "a/press", 100, 105));
        Write(Parts(3, Spoken.Store, "a/press", 100, 103));
        Assert.Equal(
            (0, "8 pieces, 0 rollovers, 0 resets, 1 set back by a power cut"), await ProducedAsync("a/press"));
    }

    [Theory]
    [InlineData(16, "5 9 20", "a a a", 15UL, 0, 0)]
    [InlineData(16, "65530 65535 4", "a a a", 10UL, 1, 0)]
    [InlineData(16, "500 3 10", "? ? ?", 10UL, 0, 1)]
    [InlineData(16, "40000 3", "? ?", 3UL, 0, 1)]
    [InlineData(16, "5 9 3 7", "a a b b", 11UL, 0, 1)]
    [InlineData(16, "5 - 9", "a a a", 4UL, 0, 0)]
    [InlineData(16, "5 9 100", "a a b", 104UL, 0, 1)]
    [InlineData(64, "18446744073709551615 1", "a a", 2UL, 1, 0)]
    [InlineData(32, "", "", 0UL, 0, 0)]
    [InlineData(64, "100 105 100 103", "a a a a", 8UL, 0, 0, 1)]
    [InlineData(64, "5 9 7 8", "? a a b", 12UL, 0, 1, 1)]
    public void Production_is_counted_across(
        int width, string values, string epochs, ulong pieces, int rollovers, int resets, int setBacks = 0)
    {
        var readings = values.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Zip(epochs.Split(' '), (value, epoch) =>
                new CounterReading(value == "-" ? null : ulong.Parse(value), epoch == "?" ? "" : epoch));
        Assert.Equal(new Production(pieces, rollovers, resets, setBacks), CounterProduction.Count(readings, width));
    }

    public void Dispose()
    {
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static MesMessage Board(string store, string epoch) => Spoken.Message("birth", $$"""
        {"v":1,"gateway":"gw-042","site":"plant1","run":"{{Spoken.Run}}","agent":"0.1.0",
         "config":"{{new string('a', 64)}}","sent":"2026-11-22T14:00:01.250Z","storage":"disk",
         "stores":[{"store":"{{store}}","volatile":false}],"signals":[
         {"s":"a/press","source":"a","type":"count","counter":{"bits":64,"epoch":"{{epoch}}"} },
         {"s":"b/parts","source":"b","type":"uint32","counter":{"bits":32} }]}
        """);

    /// <summary>One reading a second.</summary>
    private static MesMessage Parts(long position, string store, string signal, params int[] values) => Spoken.DataOf(
        store, false,
        [.. values.Select((value, at) => Spoken.Reading(position + at, $"{value}", signal, (int)position + at))]);

    private void Write(MesMessage message) => writer.Write(message);

    private async Task<(int Code, string Said)> ProducedAsync(string signal, params string[] more)
    {
        using var said = new StringWriter();
        var code = await new MesCommandLine(said, TimeProvider.System).InvokeAsync(
            [
                "produced", "--database", $"sqlite:{Path.Combine(directory, "mes.db")}", "--gateway", Spoken.Gateway,
                "--signal", signal, .. more,
            ],
            CancellationToken.None);
        return (code, said.ToString().Trim());
    }
}
