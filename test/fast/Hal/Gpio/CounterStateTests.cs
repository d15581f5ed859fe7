using CsCheck;
using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Xunit;

namespace Sluice.Fast.Hal.Gpio;

public sealed class CounterStateTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("sluice-counters-");

    private static Guid Epoch { get; } = new("0199c6f1-0000-7000-8000-000000000001");

    public void Dispose() => directory.Delete(recursive: true);

    public static TheoryData<string> Kinds => ["file", "memory"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_was_kept_last_comes_back(string kind)
    {
        var state = Make(kind);
        Assert.Empty(state.Load().Totals);
        var total = Gen.Select(Gen.Long[0, long.MaxValue], Gen.Guid, (count, epoch) => new KeptTotal(count, epoch));
        Gen.Dictionary(Gen.String[Gen.Char['!', '~'], 1, 40], total)[0, 20].Sample(
            totals =>
            {
                Assert.True(state.Save(totals));
                var loaded = state.Load();
                return loaded.Problem.Length == 0 && totals.Count == loaded.Totals.Count
                    && totals.All(pair => loaded.Totals[pair.Key] == pair.Value);
            },
            iter: 20, threads: 1);
    }

    [Fact]
    public void A_file_with_any_byte_changed_is_refused_and_said_so()
    {
        var path = Path.Combine(directory.FullName, "counters");
        new FileCounterState(path).Save(
            new Dictionary<string, KeptTotal> { ["line/press gpio:2 Count Rising high"] = new(1204, Epoch) });
        var whole = File.ReadAllBytes(path);
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x04;
            File.WriteAllBytes(path, damaged);
            var loaded = new FileCounterState(path).Load();
            Assert.Empty(loaded.Totals);
            Assert.Contains("Counters begin at 0", loaded.Problem, StringComparison.Ordinal);
        }

        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.NotEqual("", new FileCounterState(path).Load().Problem);
        }
    }

    [Fact]
    public void A_half_written_new_file_does_not_hide_the_old_one()
    {
        var path = Path.Combine(directory.FullName, "counters");
        var state = new FileCounterState(path);
        state.Save(Of(7));
        File.WriteAllText(path + ".next", "sluice counters 2\n9");
        Assert.Equal(new KeptTotal(7, Epoch), state.Load().Totals["a"]);
        Assert.True(state.Save(Of(8)));
        Assert.Equal(new KeptTotal(8, Epoch), state.Load().Totals["a"]);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_an_answer_and_not_an_exception()
    {
        var file = Path.Combine(directory.FullName, "file");
        File.WriteAllText(file, "");
        var state = new FileCounterState(Path.Combine(file, "counters"));
        Assert.False(state.Save(Of(7)));
        Assert.Empty(state.Load().Totals);
    }

    [Fact]
    public void Its_folder_is_made_where_there_is_none()
    {
        var state = new FileCounterState(Path.Combine(directory.FullName, "counters", "line.txt"));
        Assert.True(state.Save(Of(7)));
        Assert.Equal(new KeptTotal(7, Epoch), state.Load().Totals["a"]);
    }

    [Fact]
    public void Totals_that_an_agent_without_epochs_kept_are_carried_on()
    {
        var path = Path.Combine(directory.FullName, "counters");
        var older = new KeptText(path, "sluice counters 1", 1 << 20);
        Assert.True(older.Save(["1204 line/press gpio:2 Count Rising high"]));
        var loaded = new FileCounterState(path).Load();
        Assert.Equal("", loaded.Problem);
        Assert.Equal(new KeptTotal(1204, Guid.Empty), loaded.Totals["line/press gpio:2 Count Rising high"]);
    }

    private static Dictionary<string, KeptTotal> Of(long total) => new() { ["a"] = new KeptTotal(total, Epoch) };

    private ICounterState Make(string kind) => kind == "memory"
        ? new MemoryCounterState()
        : new FileCounterState(Path.Combine(directory.FullName, "counters"));
}
