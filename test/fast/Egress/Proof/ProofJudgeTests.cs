using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;
using Xunit;

namespace Sluice.Fast.Egress.Proof;

public sealed class ProofJudgeTests
{
    private static readonly JailStanding Whole = new(7, true, "");

    [Theory]
    [InlineData("OtherPort", 13, "landlock")]
    [InlineData("OtherPort", 113, "firewall")]
    [InlineData("OtherPort", 111, "firewall")]
    [InlineData("OtherPort", 1, "host")] // the unit's IPAddressDeny
    [InlineData("OtherHost", 113, "firewall")]
    [InlineData("OtherHost", 13, "host")] // Landlock allows the broker's port
    [InlineData("Datagram", 13, "seccomp")]
    [InlineData("Datagram", 97, "host")] // the unit's RestrictAddressFamilies
    [InlineData("Datagram", 1, "firewall")]
    [InlineData("Raw", 13, "seccomp")]
    [InlineData("Raw", 1, "host")] // no CAP_NET_RAW
    [InlineData("Netlink", 13, "seccomp")]
    [InlineData("Multipath", 13, "seccomp")]
    [InlineData("Multipath", 93, "host")] // a kernel without MPTCP
    [InlineData("Listen", 13, "seccomp")]
    [InlineData("Service", 13, "seccomp")]
    [InlineData("Exec", 1, "seccomp")]
    [InlineData("Exec", 13, "host")]
    [InlineData("WriteOutside", 13, "landlock")]
    [InlineData("WriteOutside", 30, "host")] // the unit's ProtectSystem
    [InlineData("ReadOutside", 13, "landlock")]
    public void The_kernels_answer_names_the_wall(string attempt, int error, string by)
    {
        var judged = Judge(attempt, new AttemptOutcome(false, error), Whole);

        Assert.Equal((WallVerdict.Held, by), (judged.Verdict, judged.By));
    }

    [Theory]
    [InlineData("OtherPort", 13)]
    [InlineData("Datagram", 13)]
    [InlineData("Exec", 1)]
    [InlineData("WriteOutside", 13)]
    public void A_wall_that_does_not_stand_is_given_no_credit(string attempt, int error) =>
        Assert.Equal(
            attempt == "Datagram" && error == 1 ? "firewall" : "host",
            Judge(attempt, new AttemptOutcome(false, error), JailStanding.None).By);

    [Fact]
    public void What_is_done_is_open_whoever_says_that_a_wall_stands()
    {
        foreach (var attempt in Enum.GetNames<EscapeAttempt>())
        {
            Assert.Equal(
                (WallVerdict.Open, ""),
                (Judge(attempt, AttemptOutcome.Done, Whole).Verdict, Judge(attempt, AttemptOutcome.Done, Whole).By));
        }
    }

    [Fact]
    public void No_way_to_a_network_proves_nothing()
    {
        Assert.Equal(WallVerdict.Untried, Judge("OtherPort", new AttemptOutcome(false, 101), Whole).Verdict);
        Assert.Equal(WallVerdict.Untried, Judge("WriteOutside", AttemptOutcome.Untried, Whole).Verdict);
    }

    /// <summary>Nothing leaves the gateway while it proves its own walls: only what they stop is tried.</summary>
    [Fact]
    public void The_agent_tries_only_what_a_wall_of_its_own_is_there_to_stop()
    {
        Assert.DoesNotContain(EscapeAttempt.OtherHost, ProofJudge.AgainstOwnWalls(Whole));
        Assert.Equal(Enum.GetValues<EscapeAttempt>().Length - 1, ProofJudge.AgainstOwnWalls(Whole).Count());
        Assert.DoesNotContain(EscapeAttempt.OtherPort, ProofJudge.AgainstOwnWalls(new JailStanding(3, true, "")));
        Assert.Equal(
            [EscapeAttempt.OtherPort, EscapeAttempt.WriteOutside, EscapeAttempt.ReadOutside],
            ProofJudge.AgainstOwnWalls(new JailStanding(7, false, "")));
        Assert.Empty(ProofJudge.AgainstOwnWalls(JailStanding.None));
    }

    [Fact]
    public void Words_and_sentences_are_told_apart()
    {
        var attempts = Enum.GetValues<EscapeAttempt>();

        Assert.Equal(attempts.Length, attempts.Select(ProofWords.Of).Distinct().Count());
        Assert.Equal(attempts.Length, attempts.Select(ProofWords.Sentence).Distinct().Count());
    }

    private static ProvedAttempt Judge(string attempt, AttemptOutcome outcome, JailStanding standing) =>
        ProofJudge.Judge(Enum.Parse<EscapeAttempt>(attempt), outcome, standing);
}
