using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent;
using Sluice.Agent.Auditing;
using Sluice.Agent.Buffering;
using Sluice.Agent.Time;
using Sluice.Plant.Clock;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.Auditing;

/// <summary>What the running agent writes into the log, stepped, on a disk in memory.</summary>
public sealed class AuditLoopTests
{
    private const string One = "1111111111111111111111111111111111111111111111111111111111111111";
    private const string Two = "2222222222222222222222222222222222222222222222222222222222222222";

    private static readonly Guid Boot = Guid.Parse("61f7ee1d-e42f-4eb6-815d-ff4c9b098423");

    private readonly SimulatedMachine machine = new(new DateTimeOffset(2026, 11, 22, 14, 0, 0, TimeSpan.Zero), true);
    private readonly SimulatedIdentityDisk disk = new();
    private RecordView? record;
    private bool isThere = true;

    private AuditLog Log => new(disk);

    private IEnumerable<string> Told => Log.Newest(100).Select(entry => $"{entry.Verb} {entry.Result}");

    [Fact]
    public void A_start_and_a_stop_are_lines_with_version_and_digest()
    {
        Run(One);

        Assert.Equal(["start done", "stop done"], Told);
        Assert.All(Log.Newest(9), entry => Assert.Equal(("agent", "none", One), (entry.User, entry.Terminal,
            entry.NewSerial)));
        Assert.Contains(AgentVersion.Text, Log.Newest(9)[0].Text, StringComparison.Ordinal);
        Assert.Empty(Log.Check(null).Problems);
    }

    [Fact]
    public void Another_configuration_is_a_line_with_the_old_digest_and_the_new_one()
    {
        Run(One);
        Run(One);
        Run(Two);

        Assert.Equal(
            ["start done", "stop done", "start done", "stop done", "configuration done", "start done", "stop done"],
            Told);
        Assert.Equal((One, Two), (Log.Newest(3)[0].OldSerial, Log.Newest(3)[0].NewSerial));
    }

    [Fact]
    public void A_refused_configuration_is_a_line_with_what_was_refused_and_what_runs()
    {
        Run(One);
        Run(One, new RunOptions
        {
            SocketPath = "none", RefusedBecause = ["gateway.json:3: broker.host is missing"], RefusedHash = Two,
        });

        var refused = Assert.Single(Log.Newest(9), entry => entry.Result == "refused");
        Assert.Equal(("configuration", One, Two), (refused.Verb, refused.OldSerial, refused.NewSerial));
        Assert.Contains("broker.host is missing", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_of_the_clock_is_a_line_once_and_so_is_a_clock_that_is_set()
    {
        using var loop = Loop(One);
        record = View(isSet: false);
        loop.Step();
        loop.Step();
        record = View(isSet: true);
        loop.Step();
        record = View(true, Step(3_600_000));
        loop.Step();
        loop.Step();
        record = View(true, Step(3_600_000), Step(-250));
        loop.Step();

        Assert.Equal(
            ["The clock is set.",
                "The clock was put forward by 3600.000 s, to 2026-11-22 14:00:01Z; it is set after that.",
                "The clock was put back by 0.250 s, to 2026-11-22 14:00:01Z; it is set after that."],
            Log.Newest(3).Select(entry => entry.Text));
        Assert.Equal(4, Log.Check(null).Lines);
    }

    [Fact]
    public void Steps_that_an_earlier_run_told_are_not_told_again()
    {
        record = View(true, Step(1000) with { At = machine.GetUtcNow().UtcDateTime.AddDays(-1) }, Step(2000));
        using var loop = Loop(One);
        loop.Step();

        Assert.Equal(["start done", "clock done"], Told);
        Assert.Contains("2.000 s", Log.Newest(1)[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_keeps_what_was_told_and_the_chain_goes_on_when_there_is_room()
    {
        using var loop = Loop(One);
        loop.Step();
        disk.Fails = true;
        loop.Tell(Ask("first"));
        loop.Step();
        loop.Tell(Ask("second"));
        loop.Step();
        disk.Fails = false;
        loop.Step();
        Assert.Equal(1, Log.Check(null).Lines);
        machine.Advance(AuditLoop.RetryEvery);
        loop.Step();

        Assert.Equal(["first", "second"], Log.Newest(2).Select(entry => entry.Text));
        Assert.Empty(Log.Check(null).Problems);
    }

    [Fact]
    public void A_gateway_without_an_identity_directory_writes_its_start_once_there_is_one()
    {
        isThere = false;
        using var loop = Loop(One);
        loop.Step();
        loop.Tell(Ask("first"));
        loop.Step();
        Assert.Empty(disk.List(""));
        isThere = true;
        loop.Step();

        Assert.Equal(["start done", "ask refused"], Told);
    }

    [Fact]
    public void What_was_only_counted_is_in_the_log_when_the_agent_stops()
    {
        using (var loop = Loop(One))
        {
            for (var at = 0; at < 500; at++)
            {
                loop.Tell(Ask($"{at}"));
            }

            loop.Step();
            loop.Close(Stop());
        }

        Assert.Equal(AuditPlan.Burst + 3, Log.Check(null).Lines);
        Assert.Contains(Log.Newest(2), entry => entry.Text.StartsWith(
            $"{500 - AuditPlan.Burst} more from", StringComparison.Ordinal));
    }

    [Fact]
    public void A_power_cut_at_any_instant_leaves_a_log_that_fits_and_the_next_start_goes_on_with_it()
    {
        for (var lasts = 0; ; lasts++)
        {
            var cut = new SimulatedIdentityDisk { PowerLastsFor = lasts };
            var isWhole = Lives(cut);
            cut.PowerLastsFor = null;
            foreach (var left in cut.AfterPowerCut())
            {
                Assert.Empty(new AuditLog(left).Check(null).Problems);
                Assert.True(Lives(left));
                Assert.Empty(new AuditLog(left).Check(null).Problems);
            }

            if (isWhole)
            {
                return;
            }
        }

        bool Lives(SimulatedIdentityDisk on)
        {
            try
            {
                using var loop = Loop(One, on: on);
                loop.Step();
                loop.Tell(Ask("first"));
                loop.Step();
                loop.Close(Stop());
                return true;
            }
            catch (IdentityPowerLostException)
            {
                return false;
            }
        }
    }

    private static AuditNote Ask(string text) => new(AuditKind.Ask, "ask", "refused", text);

    private static AuditNote Stop() => new(AuditKind.Life, AuditLoop.StopVerb, "done", "The agent was stopped.");

    private void Run(string digest, RunOptions? options = null)
    {
        using var loop = Loop(digest, options);
        loop.Step();
        loop.Close(Stop() with { New = digest });
        machine.Advance(TimeSpan.FromMinutes(1));
    }

    private AuditLoop Loop(string digest, RunOptions? options = null, SimulatedIdentityDisk? on = null) => new(
        new AuditSurroundings
        {
            Disk = on ?? disk,
            IsThere = () => isThere,
            ClockWord = () => "set",
            Record = () => record,
            Configuration = digest,
            Options = options ?? new RunOptions { SocketPath = "none" },
        },
        machine, NullLogger<AuditLoop>.Instance);

    private ClockStep Step(long milliseconds) =>
        new(machine.GetUtcNow().UtcDateTime.AddSeconds(1), Boot, milliseconds, true);

    private static RecordView View(bool isSet, params ClockStep[] steps) =>
        new(new ReadingClock(Boot, isSet, 1), steps, steps.Length, [], 0);
}
