using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Describing;
using Sluice.Agent.Publishing;
using Sluice.Fast.Buffering.Stamps;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Describing;

/// <summary>The file that descriptions outlive a run in, and who writes it.</summary>
public sealed class Kept_descriptions : IDisposable
{
    private static readonly DescribedSignal Full = new(
        new Signal
        {
            Name = "line/state", Source = "line", Type = new SignalType(SignalKind.Uint64),
            EngineeringUnit = "1", Description = "check \"of\"\nÖl \u2028 and more", CounterBits = 64,
            Texts = [new StateText(-1, "Stop"), new StateText(7, "Run ✓")],
        },
        Guid.Parse("0199c6f0-3333-7000-8000-000000000007"));

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("sluice-described-");

    private string First => Path.Combine(directory.FullName, "signals", "described.txt");

    private string Copy => Path.Combine(directory.FullName, "signals", "described-copy.txt");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void What_was_kept_comes_back_word_for_word()
    {
        RetiredSignal[] retired =
        [
            new(Full with { Epoch = Guid.Empty }, [new StoreEnd(Described.Store, 12), new(Described.Younger, 1)]),
            new(Described.As("hmi1/gone"), null),
        ];
        Assert.True(File().Save([Full, Described.As("a")], retired));
        var kept = File().Load();
        Assert.Equal(("", true), (kept.Problem, kept.IsWhole));
        Assert.True(Full.IsSameAs(kept.Present[0]) && Described.As("a").IsSameAs(kept.Present[1]));
        Assert.Equal(2, kept.Retired.Count);
        Assert.True(retired[0].Was.IsSameAs(kept.Retired[0].Was));
        Assert.Equal(retired[0].Until!, kept.Retired[0].Until!);
        Assert.Null(kept.Retired[1].Until);
    }

    [Fact]
    public void Garbage_in_one_file_loses_nothing_and_is_said()
    {
        File().Save([Full], [new RetiredSignal(Described.As("b"), [new StoreEnd(Described.Store, 12)])]);
        var whole = System.IO.File.ReadAllBytes(First);
        foreach (var damaged in new[] { First, Copy })
        {
            for (var at = 0; at < whole.Length; at += 3)
            {
                var bytes = (byte[])whole.Clone();
                bytes[at] ^= 0x04;
                System.IO.File.WriteAllBytes(damaged, bytes);
                var kept = File().Load();
                Assert.Contains(damaged, kept.Problem, StringComparison.Ordinal);
                Assert.Equal((1, 1, false), (kept.Present.Count, kept.Retired.Count, kept.IsWhole));
            }

            System.IO.File.WriteAllBytes(damaged, whole);
        }
    }

    [Fact]
    public void Garbage_in_both_files_is_said_and_the_present_list_is_kept_anew()
    {
        Open([Full]);
        System.IO.File.WriteAllText(First, "garbage");
        System.IO.File.WriteAllText(Copy, "sluice signals 1\nnow {\ncheck 00000000\n");
        var problem = File().Load().Problem;
        Assert.Contains("the readings are all there", problem, StringComparison.Ordinal);
        Assert.Empty(Open([Described.As("a")]).Retired);
        Assert.Equal("", File().Load().Problem);
        Assert.Equal("a", Assert.Single(File().Load().Present).Signal.Name);
    }

    [Fact]
    public void A_list_is_kept_before_the_first_reading_of_it_and_not_written_again_while_it_is_the_same()
    {
        Open([Described.As("a")]);
        Assert.Equal("a", Assert.Single(File().Load().Present).Signal.Name);
        System.IO.File.SetLastWriteTimeUtc(First, DateTime.UnixEpoch);
        Open([Described.As("a")]);
        Assert.Equal(DateTime.UnixEpoch, System.IO.File.GetLastWriteTimeUtc(First));
        Assert.Equal("a", Assert.Single(Open([Described.As("b")]).Retired).Was.Signal.Name);
        Assert.Equal("b", Assert.Single(File().Load().Present).Signal.Name);
        Assert.Equal("a", Assert.Single(Open([Described.As("b")]).Retired).Was.Signal.Name);
    }

    [Fact]
    public void A_file_that_would_be_too_large_goes_without_its_oldest_retired_ones()
    {
        RetiredSignal[] retired =
        [
            .. Enumerable.Range(0, 100).Select(
                number => new RetiredSignal(Described.As($"s{number}"), [new StoreEnd(Described.Store, 12)])),
        ];
        var small = new SignalHistoryFile(Path.Combine(directory.FullName, "signals"), 4096);
        var fit = small.Fit([Full], retired);
        Assert.InRange(fit, 10, 99);
        Assert.True(small.Save([Full], [.. retired.TakeLast(fit)]));
        Assert.False(small.Save([Full], [.. retired.TakeLast(fit + 4)]));
    }

    [Fact]
    public void A_directory_that_takes_no_file_is_asked_again_and_keeps_nothing_from_going()
    {
        var clock = new HandClock();
        System.IO.File.WriteAllText(Path.Combine(directory.FullName, "signals"), "in the way");
        var roll = new SignalRoll([Described.As("a")], File(), clock, NullLogger.Instance);
        roll.Open(Described.View(1, 5));
        roll.Observe(Described.View(1, 6));
        System.IO.File.Delete(Path.Combine(directory.FullName, "signals"));
        roll.Observe(Described.View(1, 7));
        Assert.False(System.IO.File.Exists(First));

        clock.Advance(SignalRoll.SaveAgain);
        roll.Observe(Described.View(1, 8));
        Assert.True(SpinWait.SpinUntil(() => File().Load().IsWhole, TimeSpan.FromSeconds(10)));
    }

    private SignalRoll Open(DescribedSignal[] present)
    {
        var roll = new SignalRoll(present, File(), TimeProvider.System, NullLogger.Instance);
        roll.Open(Described.View(1, 101));
        return roll;
    }

    private SignalHistoryFile File() => new(Path.Combine(directory.FullName, "signals"), 1 << 20);
}
