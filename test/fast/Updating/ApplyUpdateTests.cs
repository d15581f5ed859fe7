using Sluice.Agent;
using Sluice.Agent.Updating;
using Sluice.Agent.Updating.Files;
using Sluice.Agent.Updating.Slots;
using Sluice.Agent.Updating.Trial;
using Sluice.Provisioning.Verbs;
using Xunit;

namespace Sluice.Fast.Updating;

public sealed class ApplyUpdateTests
{
    private static readonly DateTime Now = new(2026, 11, 23, 12, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Old = ["the version before the one that runs", "one that did not hold"];
    private readonly List<UpdateRecord> kept = [];

    [Fact]
    public void It_is_written_to_the_other_slot_and_may_be_tried_once()
    {
        var made = new MadeUpdate();
        var slots = new SimulatedSlots();
        var report = Apply(made, slots);

        Assert.True(report.Worked, report.Sentence);
        Assert.Equal("Version 0.2.0 is in slot b, and is tried at the next start.", report.Sentence);
        Assert.Equal(["sluice-a.conf", "sluice-b+1.conf"], slots.Files.Keys.Order());
        Assert.Equal(
            "title Sluice 0.2.0\nsort-key sluice\nversion 0.2.0\nlinux /sluice/b/vmlinuz\ninitrd /sluice/b/initrd\n"
            + "options sluice.slot=b quiet panic=10\n", slots.Files["sluice-b+1.conf"]);
        Assert.True(HoldsWhole(slots, made));
        Assert.Equal([UpdateRecord.Begun, UpdateRecord.Written], kept.Select(record => record.State));
    }

    [Fact]
    public void Wherever_the_power_fails_the_old_one_starts_and_the_new_one_only_when_it_is_whole()
    {
        var made = new MadeUpdate();
        for (var steps = 0; ; steps++)
        {
            var slots = new SimulatedSlots { StepsLeft = steps };
            slots.Files["sluice-b.conf"] = Old[0];
            slots.Files["sluice-b+0-1.conf"] = Old[1];
            var isCut = false;
            try
            {
                Apply(made, slots);
            }
            catch (PowerCutException)
            {
                isCut = true;
            }

            Assert.Equal("the one that runs", slots.Files["sluice-a.conf"]);
            var starts = slots.Files.Where(file => BootEntry.Read(file.Key)?.Slot == Slot.B).ToList();
            var areOld = starts.All(file => Old.Contains(file.Value)) && steps < 3;
            Assert.True(starts.Count == 0 || areOld || (starts.Count == 1 && HoldsWhole(slots, made)),
                $"cut after {steps} steps");
            if (!isCut)
            {
                Assert.True(steps > 10, "Nothing was cut.");
                return;
            }
        }
    }

    [Fact]
    public void After_a_power_cut_at_any_step_it_can_be_brought_again()
    {
        var made = new MadeUpdate();
        for (var steps = 0; steps < 12; steps++)
        {
            var slots = new SimulatedSlots { StepsLeft = steps };
            Assert.ThrowsAny<PowerCutException>(() => Apply(made, slots));
            slots.StepsLeft = int.MaxValue;
            Assert.True(Apply(made, slots).Worked);
            Assert.Equal(["sluice-a.conf", "sluice-b+1.conf"], slots.Files.Keys.Order());
        }
    }

    [Fact]
    public void A_damaged_file_changes_nothing()
    {
        var made = new MadeUpdate();
        var bytes = made.Bytes();
        bytes[^1] ^= 1;
        var slots = new SimulatedSlots { StepsLeft = 0 };
        var report = Apply(UpdateFile.Open(new MemoryStream(bytes), [made.Key]).File!, slots);
        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.Contains("damaged", report.Sentence, StringComparison.Ordinal);
        Assert.Empty(kept);
    }

    [Fact]
    public void Everything_that_speaks_against_it_is_told_at_once()
    {
        var made = new MadeUpdate { Image = "other", Board = "raspberry", Architecture = "amd64", Version = "0.0.9" };
        var report = Apply(made, new SimulatedSlots { Bytes = 1 << 20, StepsLeft = 0 });
        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.All(
            ["for the image other", "the kind raspberry", "for amd64", "versions only go up", "has to be flashed"],
            words => Assert.Contains(words, report.Sentence, StringComparison.Ordinal));
        Assert.Empty(kept);
    }

    [Fact]
    public void The_version_that_runs_is_not_brought_again() => Assert.Contains("runs already",
        Apply(new MadeUpdate { Version = "0.1.0" }, new SimulatedSlots { StepsLeft = 0 }).Sentence,
        StringComparison.Ordinal);

    [Fact]
    public void One_that_fell_back_is_not_tried_again_unless_somebody_says_so()
    {
        var made = new MadeUpdate();
        var file = made.Open();
        var latest = new UpdateRecord
        {
            Version = "0.2.0", From = "0.1.0", Slot = 'b', Digest = file.Digest, At = Now,
            State = UpdateRecord.FellBack, Before = new(true, true, []), Said = "Nothing came from hmi1.",
        };
        var refused = Apply(file, new SimulatedSlots { StepsLeft = 0 }, latest);
        Assert.Contains("did not hold: Nothing came from hmi1.", refused.Sentence, StringComparison.Ordinal);
        Assert.Contains("--again", refused.Do, StringComparison.Ordinal);
        Assert.True(Apply(file, new SimulatedSlots(), latest, again: true).Worked);
        Assert.True(Apply(file, new SimulatedSlots(), latest with { Digest = "another" }).Worked);
    }

    [Fact]
    public void While_the_version_that_runs_is_on_trial_the_only_good_one_is_not_written_over()
    {
        var slots = new SimulatedSlots { StepsLeft = 0 };
        slots.Files["sluice-a+0-1.conf"] = "the one that runs, on trial";
        slots.Files.Remove("sluice-a.conf");
        slots.Files["sluice-b.conf"] = Old[0];
        var latest = new UpdateRecord
        {
            Version = "0.1.0", From = "0.0.9", Slot = 'a', Digest = "d", At = Now, State = UpdateRecord.Written,
            Before = new(true, false, []), Said = "The broker was away.",
        };
        var report = Apply(new MadeUpdate().Open(), slots, latest);
        Assert.Contains("on trial itself: The broker was away.", report.Sentence, StringComparison.Ordinal);
        Assert.Empty(kept);
    }

    [Fact]
    public void A_medium_that_gives_something_else_back_is_told_of_and_not_started()
    {
        var slots = new SimulatedSlots { Forgets = true };
        var report = Apply(new MadeUpdate(), slots);
        Assert.Equal(ExitCode.Storage, report.ExitCode);
        Assert.Equal(["sluice-a.conf"], slots.Files.Keys);
        Assert.Equal(UpdateRecord.Unfinished, kept[^1].State);
    }

    [Fact]
    public void A_stick_that_is_pulled_while_it_is_read_leaves_the_old_one()
    {
        var made = new MadeUpdate();
        var stream = new PulledStream(made.Bytes(), readsWhole: 1);
        var slots = new SimulatedSlots();
        var report = Apply(UpdateFile.Open(stream, [made.Key]).File!, slots);
        Assert.False(report.Worked);
        Assert.Equal(["sluice-a.conf"], slots.Files.Keys);
    }

    private VerbReport Apply(MadeUpdate made, SimulatedSlots slots) => Apply(made.Open(), slots);

    private VerbReport Apply(UpdateFile file, SimulatedSlots slots, UpdateRecord? latest = null, bool again = false)
    {
        Assert.True(SoftwareVersion.TryParse("0.1.0", out var version));
        var running = new RunningImage("sluice-gateway", "generic-uefi", "arm64", version, Slot.A);
        return new ApplyUpdate(slots, running, kept.Add, _ => { }).Run(
            file, latest, new HealthBefore(true, true, ["hmi1"]), Now, again, CancellationToken.None);
    }

    private static bool HoldsWhole(SimulatedSlots slots, MadeUpdate made) => made.Manifest.Parts.All(
        part => slots.Digest(Slot.B, part, CancellationToken.None) == part.Sha256);

    /// <summary>Gives nothing any more once it was read to its end so many times.</summary>
    private sealed class PulledStream(byte[] bytes, int readsWhole) : MemoryStream(bytes)
    {
        private int ends;

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (ends >= readsWhole)
            {
                return 0;
            }

            var read = base.Read(buffer, offset, count);
            ends += Position == Length ? 1 : 0;
            return read;
        }
    }
}
