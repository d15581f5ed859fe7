using CsCheck;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Uplink;

public sealed class UplinkTables
{
    [Fact]
    public void Of_all_256_puback_reasons_only_success_and_unheard_on_retained_topics_may_be_acknowledged()
    {
        for (var code = 0; code < 256; code++)
        {
            var data = DeliveryOutcome.Of(code, "", "base/data", retain: false);
            var retained = DeliveryOutcome.Of(code, "", "base/status", retain: true);
            Assert.Equal(code == 0x00, data.Verdict == DeliveryVerdict.Accepted);
            Assert.Equal(code is 0x00 or 0x10, retained.Verdict == DeliveryVerdict.Accepted);
            if (code != 0)
            {
                Assert.Equal(code, data.ReasonCode);
                Assert.NotEmpty(data.Sentence);
            }
        }
    }

    [Theory]
    [InlineData(0x10, DeliveryVerdict.Unheard)]
    [InlineData(0x80, DeliveryVerdict.Busy)]
    [InlineData(0x83, DeliveryVerdict.Busy)]
    [InlineData(0x87, DeliveryVerdict.Refused)]
    [InlineData(0x90, DeliveryVerdict.Refused)]
    [InlineData(0x91, DeliveryVerdict.Busy)]
    [InlineData(0x95, DeliveryVerdict.TooLarge)]
    [InlineData(0x97, DeliveryVerdict.Busy)]
    [InlineData(0x99, DeliveryVerdict.SetAside)]
    [InlineData(0xEE, DeliveryVerdict.Busy)]
    public void Each_reason_of_the_standard_has_its_verdict_and_the_brokers_words_are_told(
        int code, DeliveryVerdict verdict)
    {
        var outcome = DeliveryOutcome.Of(code, "because", "base/data", retain: false);
        Assert.Equal(verdict, outcome.Verdict);
        Assert.Contains("The broker says: because.", outcome.Sentence);
    }

    /// <summary>MQTT 5, 3.4.2.1 and 3.14.2.1; whatever is not here is a code that nobody has defined for a PUBACK.
    /// </summary>
    [Fact]
    public void Each_of_all_256_reasons_has_the_verdict_of_this_table_whoever_publishes_what()
    {
        Dictionary<int, DeliveryVerdict> table = new()
        {
            [0x00] = DeliveryVerdict.Accepted, [0x10] = DeliveryVerdict.Unheard, [0x87] = DeliveryVerdict.Refused,
            [0x90] = DeliveryVerdict.Refused, [0x95] = DeliveryVerdict.TooLarge, [0x99] = DeliveryVerdict.SetAside,
        };
        for (var code = 0; code < 256; code++)
        {
            var verdict = table.GetValueOrDefault(code, DeliveryVerdict.Busy);
            Assert.Equal(verdict, DeliveryOutcome.Of(code, "", "base/data", retain: false).Verdict);
            Assert.Equal(
                code == 0x10 ? DeliveryVerdict.Accepted : verdict,
                DeliveryOutcome.Of(code, "", "base/status", retain: true).Verdict);
        }
    }

    [Fact]
    public void Each_of_all_reasons_of_a_refused_connect_has_the_verdict_of_this_table()
    {
        Dictionary<ConnectVerdict, int[]> table = new()
        {
            [ConnectVerdict.Protocol] = [0x81, 0x82, 0x84, 0x95, 0x99, 0x9A, 0x9B],
            [ConnectVerdict.NotAuthorized] = [0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90],
        };
        for (var code = 1; code < 256; code++)
        {
            var verdict = table.FirstOrDefault(row => row.Value.Contains(code)).Key;
            var expected = verdict == ConnectVerdict.Connected ? ConnectVerdict.Unavailable : verdict;
            var outcome = BrokerAnswer.Refused(code, "gw-042", "", "192.0.2.12");
            Assert.Equal(expected, outcome.Verdict);
            Assert.Equal(expected != ConnectVerdict.Unavailable, outcome.NeedsPerson);
            Assert.Equal(code is 0x9C or 0x9D ? "192.0.2.12" : "", outcome.Reference);
            Assert.Equal(outcome.Reference, BrokerAnswer.Disconnected(code, "", "192.0.2.12").Reference);
        }
    }

    [Fact]
    public void Of_what_a_broker_says_so_much_is_told_as_fits_a_line()
    {
        var told = DeliveryOutcome.Of(0x97, "a\nb\u001b[2J" + new string('x', 60_000), "base/data", false).Sentence;
        Assert.InRange(told.Length, 200, 600);
        Assert.DoesNotContain(told, char.IsControl);
    }

    [Fact]
    public void Every_refused_connect_has_a_sentence_and_is_never_a_connection()
    {
        for (var code = 1; code < 256; code++)
        {
            var outcome = BrokerAnswer.Refused(code, "gw-042", "because", "192.0.2.12");
            Assert.NotEqual(ConnectVerdict.Connected, outcome.Verdict);
            Assert.Null(outcome.Terms);
            Assert.EndsWith("The broker says: because.", outcome.Sentence);
            Assert.Equal(code, outcome.ReasonCode);
            Assert.Equal(code == 0x8E, BrokerAnswer.Disconnected(code, "").TakenOver);
        }
    }

    [Theory]
    [InlineData("SSL Handshake failed: error:0A000418:SSL routines::tlsv1 alert unknown ca", 48)]
    [InlineData("error:0A000414:SSL routines::sslv3 alert certificate revoked", 44)]
    [InlineData("error:0A000415:SSL routines::sslv3 alert certificate expired", 45)]
    [InlineData("error:0A00045C:SSL routines::tlsv13 alert certificate required", 116)]
    public void An_alert_is_found_however_deep_and_has_its_sentence(string text, int alert)
    {
        var exception = new IOException("outer", new InvalidOperationException("middle", new IOException(text)));
        Assert.Equal(alert, TlsAlert.Of(exception));
        Assert.Equal(ConnectVerdict.CertificateRefused, TlsAlert.Outcome(alert).Verdict);
        Assert.Contains("certificate", TlsAlert.Outcome(alert).Sentence);
    }

    [Theory]
    [InlineData("error:0A000086:SSL routines::certificate verify failed")]
    [InlineData("error:0A0001")]
    [InlineData("connection reset")]
    public void What_is_no_alert_is_not_taken_for_one(string text) => Assert.Null(TlsAlert.Of(new IOException(text)));

    [Fact]
    public void Every_alert_has_a_sentence_and_is_never_a_connection()
    {
        for (var alert = 0; alert < 256; alert++)
        {
            Assert.NotEqual(ConnectVerdict.Connected, TlsAlert.Outcome(alert).Verdict);
            Assert.NotEmpty(TlsAlert.Outcome(alert).Sentence);
        }
    }

    [Fact]
    public void The_first_try_comes_within_three_seconds_and_no_wait_is_longer_than_a_minute() =>
        Gen.Double[0, 0.999999].Array[1, 50].Sample(randoms =>
        {
            var schedule = new ReconnectSchedule();
            Assert.InRange(schedule.AfterLoss(TimeSpan.FromHours(1), false, randoms[0]).TotalSeconds, 0.05, 3);
            foreach (var random in randoms)
            {
                Assert.InRange(schedule.AfterFailure(random).TotalSeconds, 2.4, 60);
            }
        });

    [Fact]
    public void A_hundred_gateways_whose_broker_comes_back_do_not_knock_at_once()
    {
        var random = new Random(42);
        var firsts = Enumerable.Range(0, 100)
            .Select(_ => new ReconnectSchedule().AfterLoss(TimeSpan.FromHours(1), false, random.NextDouble()))
            .ToList();
        Assert.All(Enumerable.Range(0, 30), tenth =>
            Assert.InRange(firsts.Count(first => (int)(first.TotalSeconds * 10) == tenth), 0, 15));
    }

    /// <summary>
    /// A hundred gateways lose one broker at one moment, and each tries by its own dice until it is back.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    [InlineData(300)]
    [InlineData(3600)]
    public void However_long_a_broker_was_away_a_hundred_gateways_come_back_spread_and_soon(int secondsAway)
    {
        var away = TimeSpan.FromSeconds(secondsAway);
        var dice = new Random(secondsAway);
        var (firsts, backs) = ComeBack(away, () => dice.NextDouble());
        Assert.All(firsts, first => Assert.InRange(first, TimeSpan.FromSeconds(0.05), TimeSpan.FromSeconds(3)));
        Assert.All(backs, back => Assert.InRange(back, TimeSpan.Zero, ReconnectSchedule.Longest));
        Assert.InRange(BusiestTenth(backs), 1, 15);

        // Without dice they knock as one, and the same measure shows it.
        Assert.Equal(100, BusiestTenth(ComeBack(away, () => 0.5).Backs));
    }

    private static (List<TimeSpan> Firsts, List<TimeSpan> Backs) ComeBack(TimeSpan away, Func<double> dice)
    {
        List<TimeSpan> firsts = [], backs = [];
        for (var gateway = 0; gateway < 100; gateway++)
        {
            var schedule = new ReconnectSchedule();
            var at = schedule.AfterLoss(TimeSpan.FromHours(1), takenOver: false, dice());
            firsts.Add(at);
            while (at < away)
            {
                at += schedule.AfterFailure(dice());
            }

            backs.Add(at - away);
        }

        return (firsts, backs);
    }

    private static int BusiestTenth(List<TimeSpan> moments) =>
        moments.CountBy(moment => (int)(moment.TotalSeconds * 10)).Max(tenth => tenth.Value);

    [Fact]
    public void A_broker_that_throws_us_out_at_once_is_not_stormed()
    {
        var schedule = new ReconnectSchedule();
        var waits = Enumerable.Range(0, 8).Select(_ => schedule.AfterLoss(TimeSpan.FromSeconds(1), false, 0.5))
            .ToList();
        Assert.Equal(waits.Order(), waits);
        Assert.True(waits[^1] > TimeSpan.FromSeconds(40));
        Assert.True(schedule.AfterLoss(TimeSpan.FromMinutes(1), false, 0.5) < TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Two_gateways_that_fight_for_one_id_do_it_slowly() =>
        Assert.True(new ReconnectSchedule()
            .AfterLoss(TimeSpan.FromHours(1), takenOver: true, 0) >= TimeSpan.FromSeconds(30));
}
