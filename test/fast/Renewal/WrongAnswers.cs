using System.Text;
using Sluice.Agent.Asking;
using Sluice.Agent.Renewal;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Renewal;

/// <summary>
/// A registration authority that errs, or somebody who speaks for it: nothing of it changes what is in use, each has
/// its sentence, and the right answer is still taken.
/// </summary>
public sealed class WrongAnswers : IDisposable
{
    private readonly RenewalWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public void A_certificate_for_another_key() => Refused("a key that this gateway does not have", message =>
        world.Authority.Sign(Other(RenewalWorld.Gateway), RenewalWorld.Passphrase, RenewalWorld.Life).Bundle);

    [Fact]
    public void A_bundle_for_another_gateway() => Refused("is for gateway 'gw-666'", message =>
        world.Authority.Sign(Other("gw-666"), RenewalWorld.Passphrase, RenewalWorld.Life).Bundle);

    [Fact]
    public void A_bundle_for_another_plant() => Refused("is for plant 'plant2'", message =>
        world.Resign(world.Sign(message), content => content with { Site = "plant2" }));

    [Fact]
    public void A_certificate_with_another_subject() => Refused("OU=night shift", message =>
    {
        using var renamed = world.SignAs(message, "CN=gw-042, OU=night shift, O=plant1");
        return world.Resign(world.Sign(message), content => content with
        {
            Chain = [renamed.RawData, .. content.Chain.Skip(1)],
        });
    });

    [Fact]
    public void A_bundle_of_another_CA()
    {
        using var others = new RenewalWorld();
        others.Sign(Message(Other(RenewalWorld.Gateway)));
        Refused("does not lead to the root that this gateway trusts", message =>
        {
            var foreign = others.Sign(message);
            return others.Resign(foreign, content => content with { Version = 9 });
        });
    }

    [Fact]
    public void An_old_version() => Refused("already taken in version 1", message =>
        world.Resign(world.Sign(message), content => content with { Version = 1 }));

    [Fact]
    public void A_bundle_of_the_far_future() => Refused("counts from", message =>
        world.Resign(world.Sign(message), content => content with
        {
            NotBefore = world.Machine.GetUtcNow() + TimeSpan.FromDays(20_000),
        }));

    [Fact]
    public void A_certificate_of_the_far_future() => Refused("is valid from 2030-", message =>
    {
        // The authority's clock is wrong by years.
        world.Machine.Step(TimeSpan.FromDays(1200));
        var bundle = world.Sign(message);
        world.Machine.Step(TimeSpan.FromDays(-1200));
        return world.Resign(bundle, content => content with { NotBefore = world.Machine.GetUtcNow() });
    });

    [Fact]
    public void A_certificate_that_nobody_would_ever_renew() => Refused("longer than any authority signs", message =>
        world.Sign(message, TimeSpan.FromDays(3600)));

    [Fact]
    public void A_certificate_that_would_be_due_at_once() => Refused("due for renewal at once", message =>
        world.Sign(message, TimeSpan.FromMinutes(20)));

    [Fact]
    public void A_broken_signature() => Refused("signature is broken", message =>
    {
        var bundle = world.Sign(message).ToArray();
        bundle[^80] ^= 1;
        return bundle;
    });

    [Fact]
    public void Something_that_is_no_bundle_at_all() =>
        Refused("cannot be read as a bundle", _ => "a recipe for pancakes"u8.ToArray());

    [Fact]
    public void Something_larger_than_any_bundle() =>
        Refused("larger than any bundle", _ => new byte[BundleEnvelope.BytesMax + 1]);

    [Theory]
    [InlineData("application/json", "[]")]
    [InlineData("application/json", """{"v":2,"refused":"no"}""")]
    [InlineData("application/json", """{"v":1,"refused":7}""")]
    [InlineData("application/json", """{"v":1,"refused":"no","retryAfterSeconds":"soon"}""")]
    [InlineData("application/json", "")]
    [InlineData("text/plain", "hello")]
    [InlineData("", "")]
    public void An_answer_that_the_contract_does_not_know(string type, string payload)
    {
        world.Answer = message => [Reply(message, type, Encoding.UTF8.GetBytes(payload))];
        world.AskNow();

        Assert.Equal(("answer", false), (world.Work.View.Steps[^1].Name, world.Work.View.Steps[^1].Passed));
        StaysAndThenRenews();
    }

    [Fact]
    public void A_refusal_that_wants_to_silence_the_gateway_for_ever_is_asked_again_within_a_day()
    {
        world.Machine.Advance(TimeSpan.FromDays(64));
        var good = world.Answer;
        world.Answer = message => [RenewalWorld.Refusal(message, "never", int.MaxValue)];
        world.Settle();
        Assert.Single(world.Requests);

        world.Answer = good;
        world.Run(TimeSpan.FromDays(1.5));
        Assert.Equal("0002", world.State.Active);
    }

    [Fact]
    public void Old_answers_that_are_played_again_are_counted_and_change_nothing()
    {
        var old = new List<InboundMessage>();
        var good = world.Answer;
        world.Answer = message =>
        {
            old.AddRange(good(message));
            return [old[^1]];
        };
        world.AskNow();
        Assert.Equal("0002", world.State.Active);

        // While nothing is asked, before the right answer to the next request, and as a retained message.
        world.Work.Take(old[0], world.Now);
        world.Answer = message => [old[0], old[0] with { Retained = true },
            .. good(message).Select(answer => answer with { Retained = true }), .. good(message)];
        world.AskNow();

        Assert.Equal("0003", world.State.Active);
        Assert.Equal(4, world.Work.View.Foreign);
        Assert.Equal(2, world.Confirmed.Count);
    }

    [Fact]
    public void An_answer_of_before_a_restart_is_not_taken_for_a_new_request()
    {
        InboundMessage? late = null;
        var good = world.Answer;
        world.Answer = message =>
        {
            late ??= good(message).First();
            return [];
        };
        world.AskNow();
        world.Start();
        world.AskNow();
        world.Work.Take(late!, world.Now);
        world.Settle();

        Assert.Equal(("0001", 1L), (world.State.Active, world.Work.View.Foreign));
    }

    private static KeyRequest Other(string gateway) =>
        KeyRequest.Read(KeyRequest.MakeKeyAndRequest(gateway, RenewalWorld.Site), out _)!;

    private static OutboundMessage Message(KeyRequest request) => new()
    {
        Topic = "",
        Payload = new System.Buffers.ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(request.Pem)),
        Retain = false,
    };

    private static InboundMessage Reply(OutboundMessage to, string type, byte[] payload) =>
        RenewalWorld.Bundle(to, payload) with { ContentType = type };

    private void Refused(string words, Func<OutboundMessage, byte[]> answer)
    {
        world.Answer = message => [RenewalWorld.Bundle(message, answer(message))];
        world.AskNow();

        var last = world.Work.View.Steps[^1];
        Assert.False(last.Passed, last.Verdict);
        Assert.Contains(words, last.Verdict, StringComparison.Ordinal);
        StaysAndThenRenews();
    }

    private void StaysAndThenRenews()
    {
        Assert.Equal(("0001", null, 0, 0),
            (world.State.Active, world.State.Staged, world.Proofs, world.Moves));
        Assert.Equal((RenewalStage.Idle, 1), (world.Work.View.Stage, world.Work.View.Failures));
        world.Answer = message => [RenewalWorld.Bundle(message, world.Sign(message))];
        world.AskNow();
        Assert.Equal(1, world.Work.View.Renewed);
    }
}
