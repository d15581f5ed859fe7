using Sluice.Agent.Renewal;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Renewal;

public sealed class RenewalTests : IDisposable
{
    private readonly RenewalWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public void A_certificate_is_renewed_by_itself_after_two_thirds_of_its_life_and_before_a_warning_of_days()
    {
        var first = world.Active;
        world.Run(TimeSpan.FromDays(59.9));
        Assert.Equal((first, 0), (world.Active, world.Requests.Count));

        world.Run(TimeSpan.FromDays(3.5));

        Assert.NotEqual(first, world.Active);
        Assert.Equal([world.Active], world.Confirmed);
        Assert.Equal((1, 1), (world.Moves, world.Proofs));
        Assert.Equal(world.Active, world.MainSerial);
        Assert.Equal(new IdentityState(false, null, false, "0002", "0001"), world.State);
        Assert.Equal(ExpiryWarning.None, world.Work.View.Warning);
        Assert.Equal(
            ["request", "answer", "staged", "proof", "activated", "main session", "confirmed", "retired"],
            world.Work.View.Steps.Select(step => step.Name));
        Assert.Empty(new AuditLog(world.Disk).Check(null).Problems);
    }

    [Fact]
    [Trait("suite", "world")]
    public void A_year_of_renewals_goes_by_without_anybody_and_each_has_a_key_of_its_own()
    {
        world.Run(TimeSpan.FromDays(365));

        Assert.InRange(world.Confirmed.Count, 5, 6);
        Assert.Equal(world.Confirmed.Count, world.Confirmed.Distinct().Count());
        var keys = world.Requests.Select(request => KeyRequest.Read(
            System.Buffers.BuffersExtensions.ToArray(request.Payload), out _)!.KeyFingerprint).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.Equal(2, world.Disk.List(IdentityStore.Versions).Count);
    }

    [Fact]
    public void A_plants_gateways_spread_and_one_gateway_does_not_throw_its_dice_again()
    {
        var begin = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var end = begin + TimeSpan.FromDays(360);
        var due = Enumerable.Range(0, 200).Select(gateway => RenewalTimes.Due(
            begin, end, RenewalTimes.DiceOf($"gw-{gateway}", "0A"))).ToList();

        Assert.All(due, at => Assert.InRange((at - begin).TotalDays, 240, 252));
        Assert.True(due.Select(at => at.Date).Distinct().Count() >= 10);
        Assert.Equal(RenewalTimes.DiceOf("gw-1", "0A"), RenewalTimes.DiceOf("gw-1", "0A"));
        Assert.NotEqual(RenewalTimes.DiceOf("gw-1", "0A"), RenewalTimes.DiceOf("gw-1", "0B"));
    }

    [Theory]
    [InlineData(360, 200, ExpiryWarning.None)]
    [InlineData(360, 121, ExpiryWarning.None)]
    [InlineData(360, 120, ExpiryWarning.Third)]
    [InlineData(360, 15, ExpiryWarning.Third)]
    [InlineData(360, 14, ExpiryWarning.Fortnight)]
    [InlineData(360, 3, ExpiryWarning.Days)]
    [InlineData(360, 0, ExpiryWarning.Expired)]
    [InlineData(9, 8, ExpiryWarning.None)]
    [InlineData(9, 3, ExpiryWarning.Days)]
    public void Warnings_come_at_a_third_at_fourteen_days_and_at_three(int life, int left, object warning)
    {
        var begin = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var end = begin + TimeSpan.FromDays(life);

        Assert.Equal(warning, RenewalTimes.Warning(begin, end, end - TimeSpan.FromDays(left)));
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(2025)]
    [InlineData(2038)]
    public void Nothing_is_renewed_while_the_clock_is_not_set(int year)
    {
        world.Machine.Reboot(new DateTimeOffset(year, 1, 20, 0, 0, 0, TimeSpan.Zero), isSynchronised: false);
        world.Start();
        world.Run(TimeSpan.FromDays(2));
        Assert.Empty(world.Requests);
        Assert.Equal(ExpiryWarning.None, world.Work.View.Warning);

        world.AskNow();
        Assert.Empty(world.Requests);
        Assert.Contains("the clock is not set", world.Work.View.Sentence);

        world.Machine.Step(new DateTimeOffset(2027, 5, 8, 0, 0, 0, TimeSpan.Zero) - world.Machine.GetUtcNow());
        world.Machine.Synchronised = true;
        world.Run(TimeSpan.FromDays(1));
        Assert.Equal("0002", world.State.Active);
    }

    [Fact]
    public void A_person_may_have_it_now()
    {
        world.AskNow();

        Assert.Equal((1L, "0002"), (world.Work.View.Renewed, world.State.Active));
        Assert.All(world.Work.View.Steps, step => Assert.True(step.Passed, step.Verdict));
    }

    [Fact]
    public void A_request_is_repeated_with_the_same_bytes_ever_more_slowly_until_an_answer_comes()
    {
        var answers = 0;
        var good = world.Answer;
        world.Answer = message => ++answers < 8 ? [] : good(message);
        world.AskNow();
        var before = world.Now;
        while (world.State.Active == "0001")
        {
            world.Run(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(8, world.Requests.Count);
        Assert.Single(world.Requests.Select(request => Convert.ToHexString(request.Correlation.Span)).Distinct());
        Assert.Single(world.Requests.Select(request => Convert.ToHexString(
            System.Buffers.BuffersExtensions.ToArray(request.Payload))).Distinct());
        Assert.InRange((world.Now - before).TotalSeconds, 300, 1000);
        Assert.Equal(RenewalStage.Idle, world.Work.View.Stage);
    }

    [Fact]
    public void An_authority_that_is_away_costs_nothing_and_is_named()
    {
        world.Broker = message => message.Topic.EndsWith("/csr", StringComparison.Ordinal)
            ? new DeliveryOutcome(DeliveryVerdict.Unheard, 0x10, "nobody.") : DeliveryOutcome.Accepted;
        world.AskNow();
        world.Run(TimeSpan.FromDays(3));

        Assert.Equal("0001", world.State.Active);
        Assert.Contains("no registration authority listens", world.Work.View.Sentence);

        world.Broker = _ => DeliveryOutcome.Accepted;
        world.Run(TimeSpan.FromHours(2));
        Assert.Equal("0002", world.State.Active);
    }

    [Fact]
    public void A_refusal_is_told_and_tried_again_when_the_authority_says()
    {
        var good = world.Answer;
        world.Answer = message => [RenewalWorld.Refusal(message, "not before Monday", 7200)];
        world.AskNow();
        Assert.Equal("the registration authority says: not before Monday", world.Work.View.Sentence);
        Assert.Equal(RenewalStage.Idle, world.Work.View.Stage);

        world.Answer = good;
        world.Machine.Advance(TimeSpan.FromDays(64));
        world.Settle();
        Assert.Equal("0002", world.State.Active);
    }

    [Fact]
    public void What_is_held_for_a_person_is_repeated_as_the_same_request_so_that_an_approval_still_fits()
    {
        var good = world.Answer;
        world.Answer = message => [RenewalWorld.Refusal(message, "held for a person's approval", 3600)];
        world.AskNow();
        Assert.True(world.Work.View.IsHeld);
        world.Run(TimeSpan.FromHours(5));
        Assert.InRange(world.Requests.Count, 5, 6);

        world.Answer = good;
        world.Run(TimeSpan.FromHours(2));
        Assert.Equal("0002", world.State.Active);
        Assert.Single(world.Requests.Select(request => Convert.ToHexString(request.Correlation.Span)).Distinct());
    }

    [Fact]
    public void The_proof_fails_and_what_is_in_use_stays()
    {
        world.Proof = () => false;
        world.AskNow();
        world.Run(TimeSpan.FromMinutes(2));

        Assert.Equal((RenewalPlan.ProofsMax, 0, "0001"), (world.Proofs, world.Moves, world.State.Active));
        Assert.Equal(("proof", false), (world.Work.View.Steps[^1].Name, world.Work.View.Steps[^1].Passed));

        world.Proof = () => true;
        world.AskNow();
        Assert.Equal("0003", world.State.Active);
    }

    [Fact]
    public void A_main_session_that_is_refused_with_the_new_certificate_returns_to_the_old_one()
    {
        var first = world.Active;
        world.LetsIn = serial => serial == first ? ConnectVerdict.Connected : ConnectVerdict.CertificateRefused;
        world.AskNow();
        world.Run(TimeSpan.FromSeconds(10));

        Assert.Equal((first, first), (world.Active, world.MainSerial));
        Assert.Empty(world.Confirmed);
        Assert.Contains("version 0001 is in use again", world.Work.View.Sentence);
        Assert.Equal(RenewalStage.Idle, world.Work.View.Stage);
    }

    [Theory]
    [InlineData(ConnectVerdict.Refused)]
    [InlineData(ConnectVerdict.Silent)]
    [InlineData(ConnectVerdict.Unreachable)]
    [InlineData(ConnectVerdict.Unavailable)]
    public void A_broker_that_goes_away_at_the_swap_is_waited_for(ConnectVerdict verdict)
    {
        var first = world.Active;
        var isAway = true;
        world.LetsIn = serial => isAway && serial != first ? verdict : ConnectVerdict.Connected;
        world.AskNow();
        world.Run(TimeSpan.FromHours(2));
        Assert.Equal(RenewalStage.Moving, world.Work.View.Stage);
        isAway = false;
        world.Run(TimeSpan.FromHours(8));

        Assert.Equal("0002", world.State.Active);
        Assert.Equal([world.Active], world.Confirmed);
    }

    [Fact]
    public void A_verb_at_work_is_waited_for_and_what_a_person_imported_is_not_swept_away()
    {
        world.IsLocked = true;
        world.AskNow();
        world.Run(TimeSpan.FromMinutes(1));
        Assert.Equal(RenewalStage.Staging, world.Work.View.Stage);
        world.IsLocked = false;
        world.Run(TimeSpan.FromSeconds(5));
        Assert.Equal("0002", world.State.Active);

        var made = KeyRequest.MakeKeyAndRequest(RenewalWorld.Gateway, RenewalWorld.Site);
        world.Import(made, world.Authority.Sign(
            KeyRequest.Read(made, out _)!, RenewalWorld.Passphrase, RenewalWorld.Life).Bundle);
        world.AskNow();
        Assert.Contains("version 0003 was imported and waits", world.Work.View.Sentence);
        Assert.Equal(("0003", "0002"), (world.State.Staged, world.State.Active));

        // But not until the certificate has run out: it is taken over from 14 days on.
        world.Run(TimeSpan.FromDays(89));
        Assert.Equal("0004", world.State.Active);
    }

    [Fact]
    public void A_full_disk_changes_nothing_and_is_tried_again()
    {
        world.Disk.Fails = true;
        world.AskNow();
        Assert.Contains("No space left", world.Work.View.Sentence);
        Assert.Equal("0001", world.State.Active);

        world.Disk.Fails = false;
        world.AskNow();
        Assert.Equal((1L, 2), (world.Work.View.Renewed, world.Requests.Count));
    }

    [Fact]
    public void A_disk_that_fails_before_anything_began_is_said_and_not_passed_over()
    {
        world.IsUnreadable = true;
        world.AskNow();
        Assert.Contains("the disk failed: Input/output error", world.Work.View.Sentence);
        Assert.Equal("0001", world.State.Active);

        // What was asked for is done when the disk is back: nobody has to ask again, and it is done once.
        world.IsUnreadable = false;
        world.Run(TimeSpan.FromMinutes(2));
        Assert.Equal(("0002", 1L), (world.State.Active, world.Work.View.Renewed));
        Assert.Empty(world.Work.View.Sentence);
    }

    /// <summary>A verb was at the directory when the version was to be retired. The pause of a second was over by the
    /// time that the loop asked how long to sleep, and it slept for a minute.</summary>
    [Fact]
    public void A_pause_that_ends_while_the_disk_is_looked_at_was_slept_through()
    {
        world.Broker = message =>
        {
            world.IsLocked |= message.Topic.EndsWith("/cert/confirm", StringComparison.Ordinal);
            return DeliveryOutcome.Accepted;
        };
        world.AskNow();
        Assert.Equal(RenewalStage.Retiring, world.Work.View.Stage);
        world.IsLocked = false;
        world.LookTakes = TimeSpan.FromMilliseconds(5);
        world.Machine.Advance(RenewalPlan.BusyPause - TimeSpan.FromMilliseconds(3));
        Assert.False(world.Step());
        Assert.Equal(TimeSpan.FromMilliseconds(3), world.Wait);

        world.Machine.Advance(TimeSpan.FromMilliseconds(3));
        world.Settle();
        Assert.Equal((RenewalStage.Idle, 1L), (world.Work.View.Stage, world.Work.View.Renewed));
    }

    [Fact]
    public void A_disk_that_fails_when_all_is_done_but_the_last_note_is_said_too()
    {
        world.Broker = message =>
        {
            world.IsUnreadable |= message.Topic.EndsWith("/cert/confirm", StringComparison.Ordinal);
            return DeliveryOutcome.Accepted;
        };
        world.AskNow();
        Assert.Equal(RenewalStage.Retiring, world.Work.View.Stage);
        Assert.Contains("the disk failed: Input/output error", world.Work.View.Sentence);

        world.IsUnreadable = false;
        world.Run(TimeSpan.FromMinutes(1));
        Assert.Equal((RenewalStage.Idle, 1L, ""), (world.Work.View.Stage, world.Work.View.Renewed,
            world.Work.View.Sentence));
    }

    [Fact]
    public void How_a_renewal_ended_and_that_a_person_is_asked_is_one_line_of_the_log_each()
    {
        world.Answer = message => [RenewalWorld.Refusal(message, "held until a person looked", 600)];
        world.AskNow();
        var held = world.Work.TakeOutcome()!;
        Assert.Equal(("renew", "held"), (held.Verb, held.Result));
        Assert.Contains("held until a person looked", held.Text, StringComparison.Ordinal);
        Assert.Equal((world.Active, RenewalWork.From(world.Requests[0].Correlation.Span)), (held.Old, held.From));
        Assert.Null(world.Work.TakeOutcome());

        world.Start();
        world.Answer = message => [RenewalWorld.Refusal(message, "this key belongs to somebody else", 60)];
        world.AskNow();
        var failed = world.Work.TakeOutcome()!;
        Assert.Equal(("renew", "failed"), (failed.Verb, failed.Result));
        Assert.Contains("this key belongs to somebody else", failed.Text, StringComparison.Ordinal);
        Assert.Equal(RenewalWork.From(world.Requests[^1].Correlation.Span), failed.From);
        Assert.Null(world.Work.TakeOutcome());

        // What was renewed is written with the change of the disk itself, and not a second time.
        world.Start();
        world.Answer = message => [RenewalWorld.Bundle(message, world.Sign(message))];
        world.AskNow();
        Assert.Equal(1, world.Work.View.Renewed);
        Assert.Null(world.Work.TakeOutcome());
        Assert.Contains(new AuditLog(world.Disk).Newest(20), line => line is { Verb: "renew", Result: "done" });
    }

    [Fact]
    public void A_configuration_in_a_bundle_that_comes_in_band_is_left_alone_and_one_that_is_here_goes_along()
    {
        world.Answer = message =>
        [
            RenewalWorld.Bundle(message, world.Resign(world.Sign(message), content => content with
            {
                Configuration = new BundleConfiguration("{}"u8.ToArray(), []),
            })),
        ];
        world.AskNow();
        Assert.Equal("0002", world.State.Active);
        Assert.Null(world.Disk.Read($"versions/0002/{IdentityStore.ConfigurationFile}", 10_000));

        world.Disk.Write($"versions/0002/{IdentityStore.ConfigurationFile}", "mine"u8, isSecret: false);
        world.AskNow();
        Assert.Equal("0003", world.State.Active);
        Assert.Equal("mine"u8.ToArray(), world.Disk.Read($"versions/0003/{IdentityStore.ConfigurationFile}", 10_000));
    }

    [Fact]
    public void No_key_lies_anywhere_until_its_certificate_is_staged()
    {
        world.Answer = _ => [];
        var before = world.Disk.ToString();
        world.AskNow();

        Assert.Single(world.Requests);
        Assert.Equal(before, world.Disk.ToString());
        Assert.Null(world.Disk.Read(IdentityStore.PendingFile, 1000));
        Assert.Equal("0001", new IdentityStore(world.Disk).Look().Active);
        Assert.NotNull(world.Disk.Read($"versions/0001/{IdentityDirectory.KeyFile}", 10_000));
    }
}
