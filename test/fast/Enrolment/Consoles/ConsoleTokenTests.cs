using System.Text;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Consoles;
using Xunit;

namespace Sluice.Fast.Enrolment.Consoles;

/// <summary>What opens a console, and what does not.</summary>
public sealed class ConsoleTokenTests(BundleBench bench) : IClassFixture<BundleBench>
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    internal static ConsoleToken Right => new()
    {
        Site = BundleBench.Site, Gateway = BundleBench.Gateway, Id = new string('a', 32), Person = "J. Doe",
        From = Now.AddMinutes(-1), Until = Now.AddHours(8), Minutes = 30,
    };

    private ConsoleExpectation Here => new(
        BundleBench.Site, BundleBench.Gateway, bench.Pinned().Pinned, bench.Fresh().Time, []);

    [Fact]
    public void A_token_of_the_plant_for_this_gateway_opens_and_says_for_whom()
    {
        var verdict = ConsoleJudge.Judge(Sealed(Right), Here);
        Assert.Equal("", verdict.Happened);
        Assert.Equal(("J. Doe", 30, Right.Id), (verdict.Token!.Person, verdict.Token.Minutes, verdict.Token.Id));
    }

    [Fact]
    public void Everything_else_is_refused_with_its_own_sentence()
    {
        Refused("believes nobody yet", Sealed(Right), Here with { Pinned = null });
        Refused("is for gw-042 of plant1", Sealed(Right), Here with { Gateway = "gw-043" });
        Refused("is for gw-042 of plant1", Sealed(Right), Here with { Site = "plant2" });
        Refused("counted until", Sealed(Right with { Until = Now.AddSeconds(-1) }), Here);
        Refused("counts from", Sealed(Right with { From = Now.AddHours(1) }), Here);
        Refused("has opened this console before", Sealed(Right), Here with { Used = ["b", Right.Id] });
        Refused("no console token", bench.First, Here);
        Refused("cut short", Sealed(Right)[..^1], Here);
        Refused("something was put behind", [.. Sealed(Right), 0], Here);
        Refused("made it wrong", bench.Seal(EnvelopeKind.Console, "{}"u8.ToArray()), Here);
        Refused("newer form", bench.Seal(EnvelopeKind.Console, "{\"v\":2}"u8.ToArray()), Here);
        Refused("made it wrong", Sealed(Right with { Minutes = 481 }), Here);
        Refused("made it wrong", Sealed(Right with { Id = "../../etc" }), Here);
        Refused("made it wrong", Sealed(Right with { Person = "a\nb" }), Here);
    }

    [Fact]
    public void A_token_of_another_plant_opens_nothing()
    {
        using var other = new BundleBench();
        Refused("does not lead to the root", other.Seal(EnvelopeKind.Console, Right.Write()), Here);
    }

    [Fact]
    [Trait("suite", "world")]
    public void No_byte_of_it_can_be_another_one()
    {
        var whole = Sealed(Right);
        for (var at = 0; at < whole.Length; at++)
        {
            var bytes = whole.ToArray();
            bytes[at] ^= 1;
            Assert.Null(ConsoleJudge.Judge(bytes, Here).Token);
        }
    }

    [Fact]
    public void A_bundle_dressed_as_a_token_is_none()
    {
        byte[] dressed = [.. "SLUICEC1"u8, .. bench.First[8..]];
        Refused("signature is broken", dressed, Here);
        Assert.Null(BundleEnvelope.Open(EnvelopeKind.Bundle, Sealed(Right), out _));
    }

    [Fact]
    public void Under_a_dead_clock_a_token_counts_from_its_own_beginning_and_never_after_the_last_good_time()
    {
        var dead = ValidityTime.Of(DateTimeOffset.UnixEpoch, false, DateTimeOffset.UnixEpoch, null, null);
        Assert.NotNull(ConsoleJudge.Judge(Sealed(Right), Here with { Time = dead }).Token);
        var kept = ValidityTime.Of(DateTimeOffset.UnixEpoch, false, Now.AddDays(2), null, null);
        Refused("counted until", Sealed(Right), Here with { Time = kept });
    }

    private byte[] Sealed(ConsoleToken token) => bench.Seal(EnvelopeKind.Console, token.Write());

    private static void Refused(string words, byte[] token, ConsoleExpectation expected)
    {
        var verdict = ConsoleJudge.Judge(token, expected);
        Assert.Null(verdict.Token);
        Assert.Contains(words, verdict.Happened, StringComparison.Ordinal);
        Assert.NotEqual("", verdict.Do);
    }
}
