using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provision.Authority;
using Sluice.Provision.Registration;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.Provisioning.Registration;

public sealed class RegistrationTests : IDisposable
{
    private readonly RegistrationBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public void A_known_gateway_gets_a_certificate_for_its_new_key_and_the_settings_of_its_bundle()
    {
        bench.Change(register => register with
        {
            Broker = new RegisteredBroker("mes-broker.dmz.plant1", ["192.0.2.10"], 8883),
        });
        var request = RegistrationBench.RequestOf(RegistrationBench.Known);
        var csr = bench.Csr(request);

        var answer = bench.Office.Take(csr)!;

        Assert.Equal("sluice/v1/plant1/gw-1/cert/reply", answer.Topic);
        Assert.Equal("application/vnd.sluice.bundle", answer.ContentType);
        Assert.Equal(csr.Correlation.ToArray(), answer.Correlation.ToArray());
        Assert.False(answer.Retain);
        var verdict = Judge(answer, request);
        Assert.True(verdict.IsTaken, verdict.Happened);
        Assert.Equal(2, verdict.Content!.Version);
        Assert.Equal("mes-broker.dmz.plant1", verdict.Content.Broker!.Host);
        Assert.Equal(verdict.Serial, bench.Register.Issued[^1].Serial);
        Assert.Equal(csr.CorrelationText, bench.Register.Issued[^1].Correlation);
        Assert.Equal(["begun", "done"], bench.Acts.Select(act => act.Result));
        Assert.Equal(("gw-1", "mqtt " + csr.CorrelationText, bench.First, verdict.Serial),
            (bench.Acts[1].User, bench.Acts[1].Terminal, bench.Acts[1].OldSerial, bench.Acts[1].NewSerial));
        Assert.Empty(bench.Audit.Problems);
    }

    [Fact]
    public void The_same_request_gets_the_same_bytes_also_after_the_end_of_the_process()
    {
        var csr = bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known));
        var first = bench.Office.Take(csr)!;
        bench.Restart();
        var again = bench.Office.Take(csr)!;

        Assert.Equal(first.Payload.ToArray(), again.Payload.ToArray());
        Assert.Equal(2, bench.Register.Issued.Count);
        Assert.Equal(2, bench.Acts.Count);
    }

    [Fact]
    public void What_was_signed_and_never_sent_because_the_process_was_killed_is_sent_when_it_is_asked_for_again()
    {
        var request = RegistrationBench.RequestOf(RegistrationBench.Known);
        var csr = bench.Csr(request);
        bench.InCa(authority => authority.Sign(
            request, RegistrationBench.Passphrase, TimeSpan.FromDays(9), csr.CorrelationText));
        bench.Restart();

        var verdict = Judge(bench.Office.Take(csr)!, request);

        Assert.True(verdict.IsTaken, verdict.Happened);
        Assert.Equal(bench.Register.Issued[^1].Serial, verdict.Serial);
        Assert.Equal(2, bench.Register.Issued.Count);
    }

    [Fact]
    public void A_confirmation_is_noted_once_and_only_then_the_old_certificate_is_superseded()
    {
        bench.Office.Take(bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)));
        var serial = bench.Register.Issued[^1].Serial;
        Assert.All(bench.Register.Issued, each => Assert.Null(each.SupersededAt));

        Assert.Null(bench.Office.Take(RegistrationBench.Confirm(RegistrationBench.Known, serial.ToLowerInvariant())));
        Assert.Null(bench.Office.Take(RegistrationBench.Confirm(RegistrationBench.Known, serial)));

        var issued = bench.Register.Issued;
        Assert.NotNull(issued[1].ConfirmedAt);
        Assert.Null(issued[1].SupersededAt);
        Assert.NotNull(issued[0].SupersededAt);
        Assert.Single(bench.Acts, act => act.Verb == "ra confirm");
    }

    [Theory]
    [InlineData("00")]
    [InlineData("the certificate of another one")]
    public void A_confirmation_of_what_a_gateway_does_not_have_changes_nothing(string serial)
    {
        var theirs = serial == "00" ? serial : bench.First;
        var before = bench.Register.Issued[0];

        Assert.Null(bench.Office.Take(RegistrationBench.Confirm("gw-2", theirs)));

        Assert.Equal(before, bench.Register.Issued[0]);
        Assert.Equal("refused", bench.Acts[^1].Result);
    }

    [Fact]
    public void A_request_is_refused_with_all_that_is_wrong_with_it()
    {
        using var rsa = RSA.Create(2048);
        var wrong = new CertificateRequest(
            "O=plant2, CN=gw-9", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var (sentence, retryAfter) = RegistrationBench.Refusal(bench.Office.Take(bench.Csr(
            RegistrationBench.Known, Encoding.ASCII.GetBytes(wrong.CreateSigningRequestPem()))));

        Assert.Contains("names gateway 'gw-9', and came from 'gw-1'", sentence);
        Assert.Contains("names plant 'plant2', and this is the CA of 'plant1'", sentence);
        Assert.Contains("none on the curve P-256", sentence);
        Assert.Equal(86400, retryAfter);
        Assert.Single(bench.Register.Issued);
    }

    [Fact]
    public void Another_curve_a_broken_signature_and_bytes_of_all_kinds_get_a_sentence_and_nothing_else()
    {
        using var large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var other = new CertificateRequest("O=plant1, CN=gw-1", large, HashAlgorithmName.SHA256);
        var request = RegistrationBench.RequestOf(RegistrationBench.Known);
        var broken = request.Der.ToArray();
        broken[^1] ^= 1;
        var pem = PemEncoding.WriteString("CERTIFICATE REQUEST", broken);
        foreach (var (payload, words) in (ReadOnlySpan<(byte[], string)>)
        [
            (Encoding.ASCII.GetBytes(other.CreateSigningRequestPem()), "none on the curve P-256"),
            (Encoding.ASCII.GetBytes(pem), "does not have the key"),
            ([], "no certificate request"),
            ("a recipe for pancakes"u8.ToArray(), "no certificate request"),
            (new byte[200_000], "larger than any request"),
        ])
        {
            Assert.Contains(words, RegistrationBench.Refusal(bench.Office.Take(bench.Csr("gw-1", payload))).Sentence);
        }

        Assert.Single(bench.Register.Issued);
    }

    [Fact]
    public void Messages_that_nobody_can_be_answered_about_get_no_answer()
    {
        var request = RegistrationBench.RequestOf(RegistrationBench.Known);
        var csr = bench.Csr(request);
        Assert.Null(bench.Office.Take(csr with { Correlation = default }));
        Assert.Null(bench.Office.Take(csr with { Retained = true }));
        foreach (var topic in (string[])
        [
            "", "/", "sluice/v1/plant1/gw-1/cert", "sluice/v1/plant2/gw-1/cert/csr", "sluice/v1/plant1/../cert/csr",
            "sluice/v1/plant1/gw-1/cert/csr/more", "sluice/v1/plant1/gw 1/cert/csr", "sluice/v1/plant1/gw-1/cert/reply",
        ])
        {
            Assert.Null(bench.Office.Take(csr with { Topic = topic }));
        }

        Assert.Contains("16 bytes", RegistrationBench.Refusal(
            bench.Office.Take(csr with { Correlation = new byte[4] })).Sentence);
        Assert.Contains("application/pkcs10", RegistrationBench.Refusal(
            bench.Office.Take(csr with { ContentType = "text/plain" })).Sentence);
        Assert.Single(bench.Register.Issued);
    }

    [Fact]
    public void A_key_or_a_correlation_that_was_used_for_something_else_is_refused()
    {
        var request = RegistrationBench.RequestOf(RegistrationBench.Known);
        var csr = bench.Csr(request);
        bench.Office.Take(csr);
        Assert.Contains("used for another key", RegistrationBench.Refusal(bench.Office.Take(
            bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)) with { Correlation = csr.Correlation }))
            .Sentence);
        bench.Office.Take(bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)));
        Assert.Contains("newer certificate", RegistrationBench.Refusal(bench.Office.Take(csr)).Sentence);

        // Somebody who got hold of another one's key names himself in the request.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] Pem(string name) => Encoding.ASCII.GetBytes(
            new CertificateRequest($"O=plant1, CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem());
        Assert.NotNull(bench.Office.Take(bench.Csr("gw-1", Pem("gw-1"))));
        Assert.Contains("belongs to somebody else",
            RegistrationBench.Refusal(bench.Office.Take(bench.Csr("gw-2", Pem("gw-2")))).Sentence);
    }

    [Fact]
    public void Revoked_gateways_clients_and_a_clock_that_is_behind_get_nothing()
    {
        bench.InCa(authority => authority.Issue(
            "mes", "client", [], RegistrationBench.Passphrase, TimeSpan.FromDays(9)));
        Refused("'mes' is no gateway", RegistrationBench.RequestOf("mes"));

        bench.Clock.Set(TimeSpan.FromDays(-800));
        Refused("clock is behind", RegistrationBench.RequestOf(RegistrationBench.Known));
        bench.Clock.Set(TimeSpan.FromDays(800));

        bench.InCa(authority => authority.Revoke(
            new HashSet<string> { bench.First }, "stolen", RegistrationBench.Passphrase, TimeSpan.FromDays(9)));
        Refused("with a stick only", RegistrationBench.RequestOf(RegistrationBench.Known));
    }

    [Fact]
    public void A_gateway_gets_so_many_certificates_in_a_day_and_is_told_when_to_come_again()
    {
        for (var at = 0; at < bench.Policy.PerGatewayAndDay; at++)
        {
            Assert.Equal("application/vnd.sluice.bundle", bench.Office.Take(
                bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)))!.ContentType);
            bench.Clock.Step(TimeSpan.FromHours(1));
        }

        var (sentence, retryAfter) = RegistrationBench.Refusal(bench.Office.Take(
            bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known))));
        Assert.Contains("4 certificates within a day", sentence);
        Assert.Equal(20 * 3600, retryAfter);

        bench.Clock.Step(TimeSpan.FromSeconds(retryAfter + 1));
        Assert.Equal("application/vnd.sluice.bundle", bench.Office.Take(
            bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)))!.ContentType);
    }

    [Fact]
    public void A_flood_is_neither_answered_nor_written_down_and_another_gateway_gets_through()
    {
        var garbage = new byte[300];
        var answered = 0;
        for (var at = 0; at < 5000; at++)
        {
            answered += bench.Office.Take(bench.Csr("gw-666", garbage)) is null ? 0 : 1;
        }

        Assert.Equal(bench.Policy.HeardPerGatewayAndMinute, answered);
        Assert.Equal(answered, bench.Acts.Count);
        Assert.InRange(bench.Said.Count, answered + 1, answered + 20);
        Assert.Equal("application/vnd.sluice.bundle", bench.Office.Take(
            bench.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)))!.ContentType);
        bench.Clock.Step(TimeSpan.FromMinutes(1));
        Assert.NotNull(bench.Office.Take(bench.Csr("gw-666", garbage)));
    }

    [Fact]
    public void All_together_get_so_many_in_a_minute()
    {
        using var slow = new RegistrationBench(new DeskPolicy { SignedPerMinute = 1 });
        Assert.Equal("application/vnd.sluice.bundle", slow.Office.Take(
            slow.Csr(RegistrationBench.RequestOf(RegistrationBench.Known)))!.ContentType);
        var csr = slow.Csr(RegistrationBench.RequestOf(RegistrationBench.Known));
        Assert.Equal(60, RegistrationBench.Refusal(slow.Office.Take(csr)).RetryAfter);
        slow.Clock.Step(TimeSpan.FromMinutes(1));
        Assert.Equal("application/vnd.sluice.bundle", slow.Office.Take(csr)!.ContentType);
    }

    private void Refused(string words, KeyRequest request)
    {
        var count = bench.Register.Issued.Count;
        Assert.Contains(words, RegistrationBench.Refusal(bench.Office.Take(bench.Csr(request))).Sentence);
        Assert.Equal(count, bench.Register.Issued.Count);
    }

    private BundleVerdict Judge(DeskAnswer answer, KeyRequest request)
    {
        var root = BundleEnvelope.Open(answer.Payload, out _)!.Root;
        return BundleJudge.Judge(answer.Payload, new BundleExpectation
        {
            GatewayId = request.GatewayId,
            Site = RegistrationBench.Site,
            VersionMax = 1,
            Pinned = new TrustAnchors([root], []),
            HasKeyOf = certificate => Fingerprint.OfKey(certificate) == request.KeyFingerprint,
            Time = ValidityTime.Of(bench.Clock.GetUtcNow(), true, DateTimeOffset.UnixEpoch, null, null),
        });
    }
}
