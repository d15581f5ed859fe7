using CsCheck;
using Sluice.Agent.Buffering;
using Sluice.Agent.Describing;
using Xunit;

namespace Sluice.Fast.Describing;

/// <summary>Which descriptions outlive a change of the signal list, and how long.</summary>
public sealed class Retired_signals : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("sluice-described-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void A_removed_signal_stays_described_until_its_readings_are_gone()
    {
        var history = Changed([Described.As("a"), Described.As("b")], [Described.As("b")]);
        Assert.True(history.Observe(Described.View(1, 101)));
        var told = Assert.Single(history.Told);
        Assert.Equal(("a", new StoreEnd(Described.Store, 101)), (told.Was.Signal.Name, Assert.Single(told.Until!)));

        history.Observe(Described.View(100, 500));
        Assert.Same(told, Assert.Single(history.Told));
        history.Observe(Described.View(101, 500));
        Assert.Empty(history.Told);
    }

    [Fact]
    public void The_list_of_those_told_is_another_one_only_where_something_changed()
    {
        var history = Changed([Described.As("a")], []);
        history.Observe(Described.View(1, 101));
        var told = history.Told;
        history.Observe(Described.View(50, 300));
        Assert.Same(told, history.Told);
    }

    [Fact]
    public void A_signal_with_another_unit_is_described_as_it_was_for_what_was_read_before()
    {
        var history = Changed([Described.As("a", "degC")], [Described.As("a", "degF")]);
        history.Observe(Described.View(1, 101));
        Assert.Equal("degC", Described.Of(history, "a", Described.Store, 100)!.Signal.EngineeringUnit);
        Assert.Equal("degF", Described.Of(history, "a", Described.Store, 101)!.Signal.EngineeringUnit);
    }

    [Fact]
    public void A_count_that_began_again_keeps_its_epochs_apart()
    {
        var (before, now) = (Guid.NewGuid(), Guid.NewGuid());
        var history = Changed([Described.As("press", "", before)], [Described.As("press", "", now)]);
        history.Observe(Described.View(1, 101));
        Assert.Equal(before, Described.Of(history, "press", Described.Store, 100)!.Epoch);
        Assert.Equal(now, Described.Of(history, "press", Described.Store, 101)!.Epoch);
    }

    [Fact]
    public void Nothing_is_retired_where_the_list_is_the_same_or_nothing_is_held()
    {
        var same = Changed([Described.As("a")], [Described.As("a")]);
        Assert.False(same.Observe(Described.View(1, 101)));
        Assert.Empty(same.Retired);
        var empty = Changed([Described.As("a")], []);
        empty.Observe(Described.View(101, 101));
        Assert.Empty(empty.Retired);
    }

    [Fact]
    public void A_list_that_was_changed_and_changed_back_has_nothing_retired()
    {
        var history = new SignalHistory([Described.As("a")]);
        history.Restore([], [new RetiredSignal(Described.As("a"), [new StoreEnd(Described.Store, 50)])]);
        history.Observe(Described.View(1, 101));
        Assert.Empty(history.Told);
    }

    [Fact]
    public void While_the_disk_is_away_nothing_is_forgotten_and_what_is_retired_ends_when_it_is_back()
    {
        var history = new SignalHistory([]);
        history.Restore(
            [Described.As("b")], [new RetiredSignal(Described.As("a"), [new StoreEnd(Described.Store, 9)])]);
        history.Observe(Described.View((Described.Younger, 1, 40, true)));
        Assert.Equal(2, history.Retired.Count);

        Assert.True(history.Observe(
            Described.View((Described.Younger, 1, 40, true), (Described.Store, 5, 101, false))));
        Assert.Equal(["a", "b"], history.Told.Select(each => each.Was.Signal.Name));
        Assert.Equal(new StoreEnd(Described.Store, 101), Assert.Single(history.Told[1].Until!));
    }

    [Fact]
    public void An_older_store_keeps_a_description_as_long_as_it_holds_its_readings()
    {
        var history = Changed([Described.As("a")], []);
        history.Observe(Described.View((Described.Store, 1, 50, false), (Described.Younger, 1, 9, false)));
        history.Observe(Described.View((Described.Store, 2, 50, false), (Described.Younger, 9, 20, false)));
        Assert.Equal(new StoreEnd(Described.Store, 50), Assert.Single(Assert.Single(history.Told).Until!));
        history.Observe(Described.View((Described.Younger, 9, 20, false)));
        Assert.Empty(history.Told);
    }

    [Fact]
    public void There_is_a_bound_and_the_oldest_go_first_and_are_counted()
    {
        var history = Changed(
            [.. Enumerable.Range(0, SignalHistory.RetiredMax + 7).Select(number => Described.As($"s{number}"))], []);
        history.Observe(Described.View(1, 101));
        Assert.Equal((SignalHistory.RetiredMax, 7), (history.Told.Count, history.Forgotten));
        Assert.Equal("s7", history.Told[0].Was.Signal.Name);
    }

    /// <summary>
    /// Whatever the lists were and whatever the buffer let go: each reading that is held is described as its signal was
    /// when it was read, through the file that outlives the runs.
    /// </summary>
    [Fact]
    public void Each_held_reading_is_described_as_its_signal_was()
    {
        // Per run: which signals (and with which unit), how many readings, how many of the oldest go.
        var run = Gen.Select(Gen.Int[0, 3].Array[3], Gen.Int[0, 8], Gen.Int[0, 12]);
        run.List[1, 10].Sample(
            runs =>
            {
                var file = new SignalHistoryFile(Fresh(), 1 << 20);
                List<(string Name, string Unit)> stored = [];
                var first = 1L;
                foreach (var (units, count, gone) in runs)
                {
                    DescribedSignal[] list =
                    [
                        .. units.Select((unit, name) => Described.As($"s{name}", $"u{unit}"))
                            .Where((_, at) => units[at] > 0),
                    ];
                    var history = new SignalHistory(list);
                    var kept = file.Load();
                    Assert.Equal("", kept.Problem);
                    history.Restore(kept.Present, kept.Retired);
                    history.Observe(Described.View(first, stored.Count + 1));
                    Assert.True(file.Save(list, history.Retired));
                    stored.AddRange(Enumerable.Range(0, list.Length == 0 ? 0 : count).Select(
                        number => list[number % list.Length].Signal).Select(each => (each.Name, each.EngineeringUnit)));
                    first = Math.Min(first + gone, stored.Count + 1);
                    history.Observe(Described.View(first, stored.Count + 1));
                    for (var position = first; position <= stored.Count; position++)
                    {
                        var (name, unit) = stored[(int)position - 1];
                        Assert.Equal(
                            unit, Described.Of(history, name, Described.Store, position)?.Signal.EngineeringUnit);
                    }

                    if (first > stored.Count)
                    {
                        Assert.Empty(history.Told);
                    }
                }
            },
            iter: 50,
            threads: 1);
    }

    private static SignalHistory Changed(DescribedSignal[] before, DescribedSignal[] now)
    {
        var history = new SignalHistory(now);
        history.Restore(before, []);
        return history;
    }

    private string Fresh() => Path.Combine(directory.FullName, Guid.NewGuid().ToString("N"));
}
