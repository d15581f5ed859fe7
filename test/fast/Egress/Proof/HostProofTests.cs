using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Health;
using Xunit;

namespace Sluice.Fast.Egress.Proof;

public sealed class HostProofTests : IDisposable
{
    private const string Boot = "61f7ee1d-e42f-4eb6-815d-ff4c9b098423";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-host-proof-").FullName;
    private readonly KeptLog<HostProofWatch> log = new();
    private HostBoot now = new(Boot, 1000);

    private string ResultFile => Path.Combine(directory, HostProof.FileName);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>Error, whether it is the answer to something that was sent, and whether this host gave it.</summary>
    [Theory]
    [InlineData(1, false, false, "held")] // sendto: EPERM
    [InlineData(113, true, true, "held")] // prohibited, says this host
    [InlineData(13, true, true, "held")]
    [InlineData(113, true, false, "open")] // prohibited, says a firewall further on
    [InlineData(111, true, false, "open")] // somebody hung up: he was reached
    [InlineData(0, true, false, "open")] // somebody took the connection
    [InlineData(0, false, false, "open")] // it left, and nobody said anything
    [InlineData(101, false, false, "untried")] // no route
    [InlineData(113, false, false, "untried")] // a route that refuses: no rule was asked
    [InlineData(97, false, false, "untried")] // no such socket
    public void Only_this_hosts_own_refusal_counts_for_its_rules(int error, bool isAnswer, bool isOwn, string verdict)
    {
        foreach (var attempt in ProofJudge.AgainstHostRules)
        {
            var judged = HostJudge.Judge(attempt, new HostOutcome(error, isAnswer, isOwn));

            Assert.Equal(verdict, ProofWords.Of(judged.Verdict));
            Assert.Equal(verdict == "held" ? "firewall" : "", judged.By);
        }
    }

    /// <summary>A gateway without a route tries each of its cards.</summary>
    [Fact]
    public void One_card_that_lets_out_is_too_many_and_without_a_card_nothing_was_tried()
    {
        HostOutcome held = new(113, true, true), open = new(0, false, false), down = new(100, false, false);
        static WallVerdict Verdict(params HostOutcome[] ways) =>
            HostJudge.Judge(EscapeAttempt.OtherHost, ways.AsEnumerable()).Verdict;
        Assert.Equal(WallVerdict.Held, Verdict(held, held));
        Assert.Equal(WallVerdict.Held, Verdict(down, held));
        Assert.Equal(WallVerdict.Open, Verdict(held, open));
        Assert.Equal(WallVerdict.Untried, Verdict(down));
        Assert.Equal(WallVerdict.Untried, Verdict());
    }

    [Fact]
    public void What_the_unit_found_out_is_told_by_status_and_journal_once()
    {
        var watch = Watch();
        Assert.Null(watch.View);
        Assert.Null(watch.Attention);

        Proof("held", "held", "held").Write(ResultFile);
        Assert.Equal(3, watch.View!.Attempts.Count);
        Assert.All(watch.View.Attempts, each => Assert.Equal("firewall", each.By));
        Assert.Null(watch.Attention);
        Assert.Single(log.Lines);

        Proof("held", "open", "untried").Write(ResultFile);
        Assert.Contains("could connect to another port", watch.Attention, StringComparison.Ordinal);
        Assert.Contains("firewall apply", watch.Attention, StringComparison.Ordinal);
        Assert.True(watch.View!.IsAlarm);
        Assert.Equal(2, log.Lines.Count);
        Assert.Contains(log.Lines, line => line.StartsWith("Critical", StringComparison.Ordinal));

        var shown = JailText.Render(JailText.Describe(new JailStanding(7, true, ""), watch.View, watch.View));
        Assert.Contains("tried from outside", shown, StringComparison.Ordinal);
        Assert.Contains("NOT STOPPED", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_proof_of_another_boot_is_none_and_an_old_one_is_said_to_be_old()
    {
        Proof("held", "held", "held").Write(ResultFile);
        var watch = Watch();

        now = now with { SecondsAfterBoot = 1000 + HostProof.GoodFor.TotalSeconds + 1 };
        Assert.NotNull(watch.View);
        Assert.Contains("more than a day", watch.Attention, StringComparison.Ordinal);
        _ = watch.Attention;
        Assert.Single(log.Lines, line => line.Contains("more than a day", StringComparison.Ordinal));

        now = new HostBoot("another", 2000);
        Assert.Null(watch.View);
        Assert.Null(watch.Attention);

        // Of this boot, and from the future: nobody knows whose it is.
        now = new HostBoot(Boot, 999);
        Assert.Null(watch.View);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"boot\":null,\"attempts\":null}")]
    [InlineData("[]")]
    [InlineData("not json")]
    public void A_file_that_is_none_of_ours_is_no_proof(string text)
    {
        File.WriteAllText(ResultFile, text);
        Assert.Null(Watch().View);
        File.WriteAllText(ResultFile, new string(' ', 20 << 10));
        Assert.Null(Watch().View);
    }

    [Fact]
    public void Words_of_a_newer_version_are_left_out()
    {
        var proof = Proof("held", "held", "held");
        (proof with { Attempts = [.. proof.Attempts, new("teleport", "held"), new("raw", "melted")] })
            .Write(ResultFile);
        Assert.Equal(3, Watch().View!.Attempts.Count);
    }

    private HostProofWatch Watch() => new(ResultFile, () => now, log);

    private static HostProof Proof(params string[] verdicts) => new()
    {
        Boot = Boot, SecondsAfterBoot = 1000, Utc = DateTime.UnixEpoch,
        Attempts = [.. ProofJudge.AgainstHostRules.Select(ProofWords.Of).Zip(
            verdicts, (attempt, verdict) => new HostProofAttempt(attempt, verdict))],
    };
}
