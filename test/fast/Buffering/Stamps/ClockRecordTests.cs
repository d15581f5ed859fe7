using CsCheck;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Time;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Stamps;

/// <summary>What a store keeps of its clocks, and what a start behind a kill reads of it: in the same boot, in which
/// times may still be corrected.</summary>
public sealed class ClockRecordTests
{
    private static readonly DateTimeOffset Wrong = new(1970, 1, 1, 0, 0, 20, TimeSpan.Zero);

    private static readonly Guid Boot = new(1, 0, 0, new byte[8]);

    // Between these many small commits a journal becomes full.
    private const int CommitsMin = 95;
    private const int CommitsMax = 110;

    /// <summary>
    /// All that the clock could have corrected was released, so nothing was left to correct, and a journal that began
    /// at that moment said nothing of it: the record in the one before it came back, went on to the end of the store,
    /// and the ledger named corrections that nobody made.
    /// </summary>
    [Fact]
    public void A_clock_record_that_was_over_came_back_when_the_journal_changed_right_behind_it()
    {
        var changed = 0;
        for (var commits = CommitsMin; commits < CommitsMax; commits++)
        {
            var bench = new ClockBench(Wrong);
            for (var i = 0; i < commits; i++)
            {
                bench.Append(1);
                bench.Stores.Commit();
            }

            bench.Send(bench.View.Store, 1, commits);
            var before = bench.Stores.SealStep;
            bench.Synchronise();
            bench.Append(1);
            bench.Stores.Commit();
            changed += bench.Stores.SealStep == before ? 0 : 1;
            bench.Kill();
            bench.Append(1);
            bench.Stores.Commit();

            Assert.Empty(bench.View.Corrections);
            bench.Replay();
        }

        Assert.True(changed > 0, "No journal became full where it mattered.");
    }

    /// <summary>
    /// Only the last frame of a commit said by which clock its readings were stamped. A kill between two frames left
    /// readings whose clock the start behind it took for the one before, and moved by its distance.
    /// </summary>
    [Fact]
    public void A_kill_between_two_frames_of_a_commit_had_readings_corrected_by_another_clocks_distance() =>
        KillInside(
            bench =>
            {
                bench.Append(10);
                bench.Stores.Commit();
                bench.Machine.Step(TimeSpan.FromHours(1));
                bench.Append(2500);
            },
            bench =>
            {
                bench.Synchronise();
                bench.Replay();
                bench.CheckTimes();
            });

    /// <summary>The same without a clock before it: nothing knew that they could be corrected, and they never were.
    /// </summary>
    [Fact]
    public void A_kill_between_two_frames_of_a_commit_left_readings_uncorrected_for_ever() =>
        KillInside(
            bench => bench.Append(2500),
            bench =>
            {
                bench.Synchronise();
                bench.Append(1);
                bench.Stores.Commit();
                bench.Replay();
                for (var position = 1L; position < bench.View.Next; position++)
                {
                    Assert.True(bench[position].Clock.IsSet, $"{position} kept the wrong time");
                }

                bench.CheckTimes();
            });

    [Fact]
    public void A_kill_between_two_frames_of_a_commit_forgot_that_nothing_had_been_recorded() =>
        KillInside(
            bench =>
            {
                bench.Append(5);
                bench.Stop();
                bench.Advance(TimeSpan.FromMinutes(10));
                bench.StartAgain();
                bench.Append(2500);
            },
            bench =>
            {
                bench.Append(1);
                bench.Stores.Commit();
                Assert.Contains(bench.Stores.View.Record!.Gaps, gap =>
                    gap.Reason == GapReason.Stopped && gap.To - gap.From > TimeSpan.FromMinutes(9));
            });

    /// <summary>
    /// Everything that the open stretch had was dropped for room, and the next reading had the right time: the end of
    /// the stretch was never written down.
    /// </summary>
    [Fact]
    public void An_open_stretch_whose_readings_were_all_dropped_was_still_open_on_the_disk()
    {
        var clock = new StoreClock();
        clock.Note(new PositionRange(1, 10), Unset(0));
        clock.Written();

        clock.MoveFirst(11);
        clock.Note(new PositionRange(11, 20), new ReadingClock(Boot, true, 7));

        Assert.False(clock.IsWritten);
    }

    /// <summary>
    /// A copy does not know what was sent after it was made: a correction now could give a key that the MES has
    /// another time.
    /// </summary>
    [Fact]
    public void A_directory_that_was_copied_back_corrected_readings_that_had_been_sent_as_they_were()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(10);
        bench.Stores.Commit();
        var store = bench.View.Store;
        var backup = bench.Disk.CopyOfEverything();
        Assert.Equal(10, bench.Send(store, 1, 10));

        bench.KillOver(backup);
        Assert.NotEqual(store, bench.View.Store);
        bench.Synchronise();

        Assert.Equal(10, bench.Send(store, 1, 10));
        bench.CheckTimes();
    }

    [Fact]
    public void What_says_that_it_is_written_is_what_a_start_reads() => Gen
        .Select(Gen.Int[0, 6], Gen.Int[1, 9], Gen.Int[0, 3]).Array[1, 30].Sample(Live, iter: 3000);

    private static ReadingClock Unset(int distance) => new(Boot, false, distance);

    private static bool Live((int Action, int Amount, int Which)[] life)
    {
        var kept = new KeptClock();
        return life.All(step => kept.Do(step.Action, step.Amount, step.Which));
    }

    private static string Text(ClockRecord record) =>
        $"{string.Join(", ", record.Stretches)}; {record.IsOpen}; {string.Join(", ", record.Released)}; "
        + string.Join(", ", record.Corrections);

    /// <summary>The process dies at any of the disk's operations inside a commit, and is started again.</summary>
    private static void KillInside(Action<ClockBench> before, Action<ClockBench> after)
    {
        for (var operations = 0; ; operations++)
        {
            var bench = new ClockBench(Wrong);
            before(bench);
            bench.Disk.PowerLastsFor = operations;
            try
            {
                bench.Stores.Commit();
                Assert.True(operations > 3, "The commit had one frame only.");
                return;
            }
            catch (PowerLostException)
            {
                bench.Disk.PowerLastsFor = null;
                bench.Kill();
                after(bench);
            }
        }
    }

    /// <summary>A StoreClock as a store has it; what was committed is read back after each step.</summary>
    private sealed class KeptClock
    {
        private StoreClock clock = new();
        private ClockRecord written = new StoreClock().Record;
        private Guid boot = Boot;
        private long first = 1;
        private long next = 1;

        /// <summary>False where a start would read another clock than the one that says it is written.</summary>
        public bool Do(int action, int amount, int which)
        {
            switch (action)
            {
                case 0 or 1:
                    var by = new ReadingClock(boot, IsSet: which == 3, OffsetMilliseconds: which);
                    clock.Note(new PositionRange(next, next + amount - 1), by);
                    next += amount;
                    Commit();
                    break;
                case 2 when next > first:
                    var from = Math.Max(first, next - amount);
                    clock.Release(new PositionRange(from, Math.Min(next - 1, from + which)));
                    Commit();
                    break;
                case 3:
                    clock.Correct(new ReadingClock(boot, true, 1000 * amount));
                    break;
                case 4:
                    // Room was needed. What stays first is in the same frame as the clock.
                    first = Math.Min(next, first + amount);
                    clock.MoveFirst(first);
                    break;
                case 5:
                    boot = new Guid(2 + which, 0, 0, new byte[8]);
                    clock.Forget(boot);
                    break;
                case 6:
                    // A start that finds less than was given: the end was torn.
                    Commit();
                    next = Math.Max(first, next - which);
                    clock = Read();
                    break;
            }

            return !clock.IsWritten || Text(Read().Record) == Text(clock.Record);
        }

        private void Commit()
        {
            if (!clock.IsWritten)
            {
                written = clock.Record;
                clock.Written();
            }
        }

        private StoreClock Read()
        {
            var read = new StoreClock();
            read.Restore(written, next);
            read.MoveFirst(first);
            return read;
        }
    }
}
