using Sluice.Fast.Provisioning.Trust;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provision.Registration;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning.Registration;

public sealed class HeldRequestTests : IDisposable
{
    private readonly RegistrationBench bench = new(new DeskPolicy { HeldMax = 2 });

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_new_gateway_is_held_until_a_person_has_compared_its_letters_and_gets_its_certificate_at_once()
    {
        var request = RegistrationBench.RequestOf("gw-new");
        var csr = bench.Csr(request);
        var (sentence, retryAfter) = RegistrationBench.Refusal(bench.Office.Take(csr));
        bench.Office.Take(csr);
        Assert.Contains("held until a person", sentence);
        Assert.Equal(600, retryAfter);
        Assert.Single(bench.Register.Held);
        Assert.Single(bench.Acts);
        Assert.Empty(bench.Office.Approved());

        var (code, said) = await RunAsync("pending");
        Assert.Equal(0, code);
        Assert.Contains($"gw-new", said);
        Assert.Contains(request.KeyFingerprint, said);
        (code, said) = await RunAsync("approve", "gw-new", "--fingerprint", "0000-0000-0000-0000");
        Assert.Equal((65, true), (code, said.Contains("was not approved", StringComparison.Ordinal)));
        (code, _) = await RunAsync("approve", "gw-new");
        Assert.Equal(65, code);
        (code, said) = await RunAsync("approve", "gw-new", "--fingerprint", request.KeyFingerprint);
        Assert.True(code == 0, said);

        var answer = Assert.Single(bench.Office.Approved());
        Assert.Equal("application/vnd.sluice.bundle", answer.ContentType);
        Assert.Equal(csr.Correlation.ToArray(), answer.Correlation.ToArray());
        Assert.Equal(answer.Payload.ToArray(), bench.Office.Take(csr)!.Payload.ToArray());
        Assert.Empty(bench.Office.Approved());
        Assert.Empty(bench.Register.Held);
        (code, said) = await RunAsync("pending");
        Assert.Equal("No request waits.", said.Trim());
        (code, said) = await RunAsync("audit");
        Assert.True(code == 0, said);
        Assert.Contains("ra approve  done", said);
    }

    [Fact]
    public async Task What_a_person_refused_is_not_asked_about_again_and_another_key_is()
    {
        var request = RegistrationBench.RequestOf("gw-new");
        bench.Office.Take(bench.Csr(request));
        Assert.Equal(0, (await RunAsync("refuse", "gw-new")).Code);

        Assert.Contains("refused this key", RegistrationBench.Refusal(
            bench.Office.Take(bench.Csr(request))).Sentence);
        Assert.Equal("No request waits.", (await RunAsync("pending")).Said.Trim());
        Assert.Equal(69, (await RunAsync("approve", "gw-new")).Code);

        bench.Office.Take(bench.Csr(RegistrationBench.RequestOf("gw-new")));
        Assert.Equal("", Assert.Single(bench.Register.Held).Verdict);
    }

    [Fact]
    public void A_register_that_an_older_version_wrote_lacks_what_came_later_and_works_all_the_same()
    {
        var file = Path.Combine(bench.Ca, "register.json");
        var first = bench.Register.Issued[0];
        File.WriteAllText(file, $$"""
            {"v":1,"site":"plant1","crlNumber":1,"broker":null,"issued":[{"revokedAt":null,"because":null,
            "name":"gw-1","kind":"gateway","serial":"{{first.Serial}}","keyFingerprint":"{{first.KeyFingerprint}}",
            "notBefore":"{{first.NotBefore:O}}","notAfter":"{{first.NotAfter:O}}"}],"bundles":{"gw-1":1}
            }
            """);

        Assert.NotNull(bench.Office.Trust(isFresh: true));
        Assert.Contains("held until a person", RegistrationBench.Refusal(
            bench.Office.Take(bench.Csr(RegistrationBench.RequestOf("gw-new")))).Sentence);
        Assert.Equal("application/vnd.sluice.bundle", bench.Office.Take(
            bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)))!.ContentType);
        Assert.Equal((2, 1), (bench.Register.Issued.Count, bench.Register.Held.Count));
    }

    [Fact]
    public async Task A_verb_waits_its_turn_while_the_authority_is_at_the_folder()
    {
        var folder = AuthorityFolder.Open(bench.Ca);
        var verb = Task.Run(() => RunAsync("pending"), TestContext.Current.CancellationToken);
        await using (var timer = TimeProvider.System.CreateTimer(
            _ => folder.Dispose(), null, TimeSpan.FromMilliseconds(300), Timeout.InfiniteTimeSpan))
        {
            Assert.Equal(0, (await verb).Code);
        }
    }

    [Fact]
    public void An_approval_counts_for_the_key_that_was_compared_and_no_other()
    {
        bench.Office.Take(bench.Csr(RegistrationBench.RequestOf("gw-new")));
        bench.Change(register => register with
        {
            Held = [register.Held[0] with { Verdict = HeldRequest.Approved }],
        });

        Assert.Contains("held until a person", RegistrationBench.Refusal(
            bench.Office.Take(bench.Csr(RegistrationBench.RequestOf("gw-new")))).Sentence);
        Assert.Empty(bench.Office.Approved());
    }

    [Fact]
    public void A_gateway_whose_certificate_expired_is_held_and_not_renewed()
    {
        bench.Clock.Step(TimeSpan.FromDays(101));

        Assert.Contains("not in force any more", RegistrationBench.Refusal(
            bench.Office.Take(bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)))).Sentence);
    }

    [Fact]
    public void Only_so_many_are_held_and_each_gateway_once()
    {
        foreach (var gateway in (string[])["a", "b", "a"])
        {
            Assert.Contains("held until", RegistrationBench.Refusal(
                bench.Office.Take(bench.Csr(RegistrationBench.RequestOf(gateway)))).Sentence);
        }

        Assert.Contains("2 wait already", RegistrationBench.Refusal(
            bench.Office.Take(bench.Csr(RegistrationBench.RequestOf("c")))).Sentence);
        Assert.Equal(2, bench.Register.Held.Count);
    }

    [Fact]
    public void The_trust_bundle_goes_out_at_the_start_and_when_a_list_changed()
    {
        var first = bench.Office.Trust(isFresh: true)!;
        Assert.Equal(("sluice/v1/plant1/trust", true), (first.Topic, first.Retain));
        Assert.Null(bench.Office.Trust(isFresh: false));
        bench.Restart();
        Assert.Equal(first.Payload.ToArray(), bench.Office.Trust(isFresh: true)!.Payload.ToArray());

        bench.InCa(authority => authority.Relist(RegistrationBench.Passphrase, TimeSpan.FromDays(9)));
        Assert.NotEqual(first.Payload.ToArray(), bench.Office.Trust(isFresh: false)!.Payload.ToArray());
    }

    [Fact]
    public async Task The_authority_says_all_that_it_lacks_before_it_begins()
    {
        var pass = Path.Combine(bench.Ca, "pass");
        await File.WriteAllTextAsync(pass, "not it\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(pass, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var (code, said) = await RunAsync("--client", Path.Combine(bench.Ca, "ra.pem"), "--passphrase-file", pass);
        Assert.Equal(69, code);
        Assert.Contains("does not know where the broker is", said);
        Assert.Contains("there is no " + Path.Combine(bench.Ca, "ra.pem"), said);
        Assert.Contains("there is no " + Path.Combine(bench.Ca, "ra.key"), said);
        Assert.Contains("others than its owner can read " + pass, said);
    }

    [Fact]
    public void A_gateway_that_said_that_it_was_wiped_is_held_for_a_person_and_approved_gets_its_certificate()
    {
        bench.Change(register => register with
        {
            Issued = [.. register.Issued.Select(each => each with { WipedAt = bench.Clock.GetUtcNow() })],
        });
        var csr = bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known));

        Assert.Contains("it said that it was wiped", RegistrationBench.Refusal(bench.Office.Take(csr)).Sentence);
        Assert.Equal(RegistrationBench.Known, Assert.Single(bench.Register.Held).Gateway);
        Assert.Contains(bench.Acts, act => act is { Verb: "ra renew", Result: "held" });
        Assert.Single(bench.Register.Issued);

        bench.Change(register => register with
        {
            Held = [.. register.Held.Select(each => each with { Verdict = HeldRequest.Approved })],
        });
        Assert.Equal("application/vnd.sluice.bundle", Assert.Single(bench.Office.Approved()).ContentType);
    }

    [Fact]
    public void What_is_larger_than_a_packet_may_be_is_neither_published_nor_sent_and_the_gateway_is_told_of_the_stick()
    {
        LongLists.LayInto(bench.Ca);

        var refused = Assert.Throws<InvalidDataException>(() => bench.Office.Trust(isFresh: true));
        Assert.Contains("and gateways take 1024 at most: the revocation lists are too long", refused.Message);
        Assert.Equal(0, bench.Register.TrustVersion);
        var (sentence, retryAfter) = RegistrationBench.Refusal(
            bench.Office.Take(bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known))));
        Assert.Contains("more than comes over the broker: bring it on a stick", sentence);
        Assert.Equal(86_400, retryAfter);
    }

    private async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        await using var said = new StringWriter();
        var line = new ToolCommandLine { Output = said, Error = said, IsTerminal = false, Clock = bench.Clock };
        return (await line.InvokeAsync(
            ["ra", .. arguments, "--ca", bench.Ca], TestContext.Current.CancellationToken), said.ToString());
    }
}
