using Sluice.Agent.Renewal;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Renewal;

/// <summary>
/// The agent is ended at every step of a renewal, and the power goes before every change of the disk: the next start
/// runs on an identity that is whole, goes on, and ends with one that the registration authority knows of.
/// </summary>
[Trait("suite", "world")]
public sealed class KilledRenewals
{
    [Fact]
    public void A_kill_after_each_step_ends_in_a_renewed_gateway_all_the_same()
    {
        var ended = new List<string>();
        for (var at = 1; ; at++)
        {
            using var world = new RenewalWorld();
            world.Machine.Advance(TimeSpan.FromDays(64));
            var steps = 0;
            while (steps < at && world.Step())
            {
                steps++;
            }

            if (steps < at)
            {
                break;
            }

            ended.Add(world.Work.View.Stage.ToString());
            world.Start();
            GoesOn(world, $"killed after step {at}, {ended[^1]}");
        }

        // Every stage but those of a failure was one at which it was ended.
        Assert.Equal(
            ["Activating", "Asking", "Idle", "Moving", "Proving", "Retiring", "Staging"],
            ended.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_power_goes_before_each_change_of_the_disk()
    {
        var disks = 0;
        for (var lasts = 0; ; lasts++)
        {
            using var world = new RenewalWorld();
            world.Machine.Advance(TimeSpan.FromDays(64));
            world.Disk.PowerLastsFor = lasts;
            var isWhole = Runs(world);
            world.Disk.PowerLastsFor = null;
            if (isWhole)
            {
                break;
            }

            var left = world.Disk.AfterPowerCut().ToList();
            disks += left.Count;
            foreach (var disk in left)
            {
                world.Disk = disk;
                var state = world.State;
                Assert.True(state.Active is "0001" or "0002", $"cut before change {lasts}: {state}\n{disk}");
                Assert.NotEmpty(world.Active);
            }

            // What is rarest comes last: everything that was not synced is there, or nothing of it.
            foreach (var disk in new[] { left[0], left[^1] })
            {
                world.Disk = disk;
                world.Start();
                GoesOn(world, $"cut before change {lasts}\n{disk}");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{disks} disks");
        Assert.True(disks > 100, $"{disks} disks only");
    }

    /// <summary>The same with keys in a TPM, whose changes are changes of the same power.</summary>
    [Fact]
    public void The_power_goes_before_each_change_of_disk_and_TPM()
    {
        for (var lasts = 0; ; lasts++)
        {
            var tpm = new SimulatedTpm();
            using var world = new RenewalWorld(tpm: tpm);
            tpm.Change = () => world.Disk.ChangeBeside();
            world.Machine.Advance(TimeSpan.FromDays(64));
            world.Disk.PowerLastsFor = lasts;
            var isWhole = Runs(world);
            world.Disk.PowerLastsFor = null;
            var left = world.Disk.AfterPowerCut().ToList();
            foreach (var disk in new[] { left[0], left[^1] }.Distinct())
            {
                world.Disk = disk;
                world.Tpm = tpm.Copy(() => disk.ChangeBeside());
                world.Start();
                GoesOn(world, $"cut before change {lasts}\n{disk}");

                // A second one retires the first; each has its own key in the TPM, and nothing else is there.
                world.Machine.Advance(TimeSpan.FromDays(70));
                world.Run(TimeSpan.FromDays(3));
                var kept = new IdentityStore(world.Disk).KeysElsewhere().Select(key => key.Handle!.Value).ToList();
                Assert.Equal(2, kept.Distinct().Count());
                Assert.Equal(kept.Order(), world.Tpm.Places.Keys);
            }

            if (isWhole)
            {
                Assert.True(lasts > 10, $"{lasts} changes only");
                return;
            }
        }
    }

    [Fact]
    public void A_confirmation_that_the_broker_never_acknowledged_is_sent_again_after_a_start()
    {
        using var world = new RenewalWorld();
        world.Broker = message => message.Topic.EndsWith("/confirm", StringComparison.Ordinal)
            ? new Agent.Uplink.DeliveryOutcome(Agent.Uplink.DeliveryVerdict.LinkLost, 0, "lost.")
            : Agent.Uplink.DeliveryOutcome.Accepted;
        world.AskNow();
        Assert.Equal((RenewalStage.Confirming, 0), (world.Work.View.Stage, world.Confirmed.Count));

        world.Broker = _ => Agent.Uplink.DeliveryOutcome.Accepted;
        world.Start();
        GoesOn(world, "killed while it confirmed");
        Assert.Single(world.Requests);
    }

    [Fact]
    public void An_agent_that_is_ended_while_the_broker_refuses_the_new_certificate_returns_to_the_old_one()
    {
        using var world = new RenewalWorld();
        var first = world.Active;
        world.LetsIn = serial => serial == first
            ? Agent.Uplink.ConnectVerdict.Connected : Agent.Uplink.ConnectVerdict.CertificateRefused;
        world.Work.Ask(world.Now);
        while (world.Work.View.Stage != RenewalStage.Moving)
        {
            world.Step();
        }

        world.Start();
        world.Run(TimeSpan.FromMinutes(2));

        Assert.Equal((first, first), (world.Active, world.MainSerial));
    }

    private static bool Runs(RenewalWorld world)
    {
        try
        {
            world.Settle();
            return true;
        }
        catch (IdentityPowerLostException)
        {
            return false;
        }
    }

    private static void GoesOn(RenewalWorld world, string how)
    {
        world.Run(TimeSpan.FromHours(1));
        var view = world.Work.View;
        Assert.True(view.Stage == RenewalStage.Idle && world.State.Staged is null,
            $"{how}: {view.Stage} {view.Sentence}");
        Assert.True(IdentityStore.NumberOf(world.State.Active) >= 2, $"{how}: {world.State}");
        Assert.True(world.Confirmed.Contains(world.Active), $"{how}: {world.Active} was never confirmed");
        Assert.Equal(world.Active, world.MainSerial);
        Assert.False(world.State.HasRequest);
        Assert.True(world.Disk.List(IdentityStore.Versions).Count <= 2, how);
        Assert.Empty(new AuditLog(world.Disk).Check(null).Problems);
    }
}
