using Sluice.Agent.Health;
using Sluice.Agent.Updating;
using Sluice.Agent.Updating.Slots;
using Sluice.Agent.Updating.Trial;
using Sluice.Fast.Doctor;
using Sluice.Fast.Health;
using Sluice.Provisioning.Verbs;
using Xunit;

namespace Sluice.Fast.Updating;

/// <summary>A new version has to do what the one before did; what became of it is known after any power cut.</summary>
public sealed class TrialTests
{
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);
    private readonly HandTimers clock = new();
    private readonly SimulatedSlots slots = new();
    private readonly List<UpdateRecord> kept = [];

    public TrialTests() => slots.Files[Tried.FileName] = "the new one";

    private static BootEntry Tried => new(Slot.B, 0, 1);

    [Theory]
    [InlineData("written", 'b', "sluice-b+0-1.conf", "OnTrial")]
    [InlineData("written", 'b', "sluice-b.conf", "FoundGood")]
    [InlineData("written", 'b', "sluice-b.conf sluice-b+0-1.conf", "FoundGood")]
    [InlineData("written", 'a', "sluice-b+0-1.conf", "FellBack")]
    [InlineData("written", 'a', "sluice-b+1.conf", "Waits")]
    [InlineData("written", 'a', "sluice-b+1.conf.new", "Unfinished")]
    [InlineData("written", 'a', "", "Unfinished")]
    [InlineData("begun", 'a', "", "Unfinished")]
    [InlineData("good", 'b', "sluice-b.conf", "Settled")]
    [InlineData("good", 'a', "sluice-b.conf", "Settled")]
    [InlineData("fell back", 'a', "sluice-b+0-1.conf", "Settled")]
    [InlineData("unfinished", 'a', "", "Settled")]
    public void What_became_of_it_is_read_off_record_slot_and_entries(
        string state, char runs, string entries, string expected) => Assert.Equal(expected, TrialStates.Of(
            Latest() with { State = state }, new Slot(runs), ["sluice-a.conf", "other.conf", .. entries.Split(' ')])
            .ToString());

    [Fact]
    public void Without_an_update_nothing_is_on_trial() =>
        Assert.Equal(TrialState.Settled, TrialStates.Of(null, Slot.A, ["sluice-a.conf"]));

    [Theory]
    [InlineData("sluice-a.conf", true, null, 0)]
    [InlineData("sluice-b+1.conf", true, 1, 0)]
    [InlineData("sluice-b+0-1.conf", true, 0, 1)]
    [InlineData("sluice-b+2-11.conf", true, 2, 11)]
    [InlineData("sluice-c.conf", false, null, 0)]
    [InlineData("sluice-a", false, null, 0)]
    [InlineData("sluice-a+.conf", false, null, 0)]
    [InlineData("sluice-a+1-2-3.conf", false, null, 0)]
    [InlineData("sluice-a+1+2.conf", false, null, 0)]
    [InlineData("debian.conf", false, null, 0)]
    public void An_entry_is_known_by_its_name(string name, bool isOurs, int? left, int done)
    {
        var entry = BootEntry.Read(name);
        Assert.Equal(isOurs, entry is not null);
        if (entry is not null)
        {
            Assert.Equal((left, done, name), (entry.Left, entry.Done, entry.FileName));
        }
    }

    [Fact]
    public async Task A_version_that_does_what_the_one_before_did_is_kept()
    {
        var report = await ConfirmAsync(Latest(), at => at.TotalSeconds < 20 ? null : Well);
        Assert.Equal("Version 0.2.0 is kept. The broker acknowledged its readings; hmi1 delivered.", report.Sentence);
        Assert.Contains("sluice-b.conf", slots.Files.Keys);
        Assert.DoesNotContain(Tried.FileName, slots.Files.Keys);
        Assert.Equal(UpdateRecord.Good, kept[^1].State);
    }

    [Fact]
    public async Task An_agent_that_does_not_answer_falls_back_after_the_time() =>
        await FallsBackAsync(_ => null, "The agent does not answer.", Within);

    [Fact]
    public async Task A_source_that_is_silent_and_was_not_falls_back() => await FallsBackAsync(
        _ => Well with { Sources = [Source("hmi1", good: 0), Source("new", good: 3)] },
        "Nothing comes from hmi1, which delivered before.", Within);

    [Fact]
    public async Task A_broker_that_takes_nothing_any_more_falls_back_with_its_own_words() => await FallsBackAsync(
        _ => Well with { Uplink = Away with { Sentence = "It does not trust our certificate." } },
        "The broker acknowledged nothing yet: It does not trust our certificate.", Within);

    [Fact]
    public async Task A_broker_that_was_away_before_is_waited_for_and_a_power_cut_meanwhile_costs_no_try()
    {
        var isArmedAt = TimeSpan.MaxValue;
        var record = Latest() with { Before = new(true, false, ["hmi1"]) };
        var report = await ConfirmAsync(record, at =>
        {
            if (at > TimeSpan.Zero && isArmedAt == TimeSpan.MaxValue)
            {
                isArmedAt = slots.Files.ContainsKey("sluice-b+1.conf") ? at : TimeSpan.MaxValue;
            }

            return at < Day ? Well with { Uplink = Away } : Well;
        });
        Assert.True(report.Worked);
        Assert.True(isArmedAt < TimeSpan.FromSeconds(5));
        Assert.Equal(["sluice-a.conf", "sluice-b.conf"], slots.Files.Keys.Order());
    }

    [Fact]
    public async Task A_machine_that_is_switched_off_while_the_broker_is_waited_for_does_not_bring_the_old_one_back()
    {
        var record = Latest() with { Before = new(true, false, ["hmi1"]) };
        var report = await ConfirmAsync(record, at => at < Day
            ? Well with { Uplink = Away, Sources = [Source("hmi1", good: at.TotalMinutes < 1 ? 3 : 0)] }
            : Well with { Sources = [Source("hmi1", good: 0)] });
        Assert.True(report.Worked, report.Sentence);
    }

    [Fact]
    public async Task An_agent_that_misses_one_answer_after_hours_of_waiting_does_not_bring_the_old_one_back()
    {
        var record = Latest() with { Before = new(true, false, ["hmi1"]) };
        var report = await ConfirmAsync(record, at => at >= Day ? Well
            : at.TotalHours is > 5 and < 5.1 ? null : Well with { Uplink = Away });
        Assert.True(report.Worked, report.Sentence);
    }

    [Fact]
    public async Task An_agent_that_dies_for_good_while_the_broker_is_waited_for_falls_back()
    {
        var record = Latest() with { Before = new(true, false, ["hmi1"]) };
        var report = await ConfirmAsync(record, at => at.TotalHours < 5 ? Well with { Uplink = Away } : null);
        Assert.False(report.Worked);
    }

    [Fact]
    public async Task A_machine_that_was_off_before_may_stay_off()
    {
        var record = Latest() with { Before = new(true, true, []) };
        var report = await ConfirmAsync(record, _ => Well with { Sources = [Source("hmi1", good: 0)] });
        Assert.Equal("Version 0.2.0 is kept. The broker takes its session.", report.Sentence);
    }

    [Fact]
    public async Task A_gateway_without_an_identity_keeps_a_version_that_comes_up()
    {
        var report = await ConfirmAsync(Latest() with { Before = TrialJudge.Look(null) }, _ => null);
        Assert.True(report.Worked);
        Assert.Equal(UpdateRecord.Good, kept[^1].State);
    }

    [Fact]
    public async Task After_it_fell_back_the_old_one_tells_why()
    {
        var report = await ConfirmAsync(Latest() with { Said = "Nothing comes from hmi1." }, _ => null, Slot.A);
        Assert.Equal("Version 0.2.0 did not hold. Nothing comes from hmi1.", report.Sentence);
        Assert.True(report.Worked);
        Assert.Equal(UpdateRecord.FellBack, kept.Single().State);
        Assert.Equal(TrialState.Settled, TrialStates.Of(kept[^1], Slot.A, slots.Entries()));
    }

    [Fact]
    public async Task One_that_hung_before_it_could_say_anything_is_told_of_as_well()
    {
        var report = await ConfirmAsync(Latest(), _ => null, Slot.A);
        Assert.Contains("It said nothing", report.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_power_cut_while_it_is_kept_is_made_good_at_the_next_start(int steps)
    {
        slots.StepsLeft = steps;
        var asked = await Xunit.Record.ExceptionAsync(() => ConfirmAsync(Latest(), _ => Well));
        slots.StepsLeft = int.MaxValue;

        // Before the rename the loader takes the old one, after it the new one.
        var isGood = slots.Files.ContainsKey("sluice-b.conf");
        Assert.Equal(steps > 0, isGood);
        var next = await ConfirmAsync(
            kept[^1] with { State = UpdateRecord.Written }, _ => Well, isGood ? Slot.B : Slot.A);
        Assert.True(next.Worked);
        Assert.Equal(isGood ? UpdateRecord.Good : UpdateRecord.FellBack, kept[^1].State);
        Assert.Equal(steps == 0, asked is PowerCutException);
    }

    [Fact]
    public void What_the_gateway_does_before_an_update_is_what_it_has_to_do_after_it()
    {
        var before = TrialJudge.Look(Well with { Sources = [Source("hmi1", good: 3), Source("off", good: 0)] });
        Assert.True(before.Agent);
        Assert.True(before.Broker);
        Assert.Equal(["hmi1"], before.Sources);
        Assert.False(TrialJudge.Look(Well with { Uplink = Away }).Broker);
        Assert.False(TrialJudge.Look(null).Agent);
    }

    private static StatusReport Well => SoundGateway.Report with
    {
        Sources = [Source("hmi1", good: 3)],
        Uplink = SoundGateway.Report.Uplink with { State = "connected", Acknowledged = 17 },
    };

    private static UplinkStatus Away => Well.Uplink with { State = "connecting", Acknowledged = 0 };

    private static UpdateRecord Latest() => new()
    {
        Version = "0.2.0", From = "0.1.0", Slot = 'b', Digest = "d", At = SoundGateway.Now.UtcDateTime,
        Before = new(true, true, ["hmi1"]), State = UpdateRecord.Written,
    };

    private static SourceStatus Source(string name, int good) =>
        new(name, "connected", "", good, 0, 3 - good, "", 0.004, 0, 900, new Dictionary<string, long>());

    private async Task FallsBackAsync(Func<TimeSpan, StatusReport?> says, string why, TimeSpan after)
    {
        var began = clock.GetTimestamp();
        var report = await ConfirmAsync(Latest(), says);
        Assert.False(report.Worked);
        Assert.Contains(why, report.Sentence, StringComparison.Ordinal);
        Assert.InRange(clock.GetElapsedTime(began), after, after + TimeSpan.FromSeconds(3));

        // The entry stays as the loader counted it: the next start is the old one's, which reads why.
        Assert.Contains(Tried.FileName, slots.Files.Keys);
        Assert.Equal((UpdateRecord.Written, why), (kept[^1].State, kept[^1].Said));
    }

    private async Task<VerbReport> ConfirmAsync(
        UpdateRecord record, Func<TimeSpan, StatusReport?> says, Slot? runs = null)
    {
        var began = clock.GetTimestamp();
        var confirm = new ConfirmUpdate(slots, runs ?? Slot.B, kept.Add, clock).RunAsync(
            record, _ => Task.FromResult(says(clock.GetElapsedTime(began))), Within, CancellationToken.None);
        while (!confirm.IsCompleted)
        {
            clock.Advance(await clock.NextAsync());
        }

        return await confirm;
    }
}
