using Microsoft.Extensions.Logging;
using Sluice.Agent.Publishing;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Publishing;

public sealed class UplinkJournalTests
{
    private static readonly DeliveryOutcome Unheard = new(DeliveryVerdict.Unheard, 0x10, "nobody subscribes.");
    private static readonly ConnectTerms Terms = new(16, int.MaxValue, "Tls13", "192.0.2.10:8883");

    private readonly KeptLog log = new();
    private readonly UplinkJournal journal;

    public UplinkJournalTests() => journal = new UplinkJournal(TimeProvider.System, log);

    [Fact]
    public void A_ledger_that_was_taken_does_not_end_the_hold_of_readings_that_nobody_hears()
    {
        journal.Connected(Terms, waiting: 5);
        for (var retry = 0; retry < 3; retry++)
        {
            journal.Refused(Unheard, TimeSpan.FromSeconds(1), ofReadings: true);
            journal.Accepted(readings: 0, payloadBytes: 100, historical: false);
        }

        Assert.Equal("holding", journal.Health.State);
        Assert.Single(log.Lines, line => line.Contains("does not take", StringComparison.Ordinal));
        Assert.DoesNotContain(
            log.Lines, line => line.Contains("takes what is published again", StringComparison.Ordinal));

        journal.Accepted(readings: 5, payloadBytes: 100, historical: false);

        Assert.Equal("connected", journal.Health.State);
        Assert.Equal("", journal.Health.Sentence);
    }

    [Fact]
    public void A_broker_that_refuses_and_hangs_up_is_remembered_for_its_refusal()
    {
        journal.Connected(Terms, waiting: 5);
        journal.Refused(Unheard, TimeSpan.FromSeconds(1), ofReadings: true);
        journal.Lost(new LinkLoss("the broker closed the connection."), TimeSpan.FromSeconds(2));

        Assert.Equal("waiting", journal.Health.State);
        Assert.Equal("nobody subscribes. Then the broker closed the connection.", journal.Health.Sentence);
    }

    [Fact]
    public void A_delay_is_told_in_seconds_that_a_person_reads()
    {
        journal.Lost(new LinkLoss("the cable."), TimeSpan.FromSeconds(15.9999832));

        Assert.Contains(log.Lines, line => line.EndsWith("in 16.0 s.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ConnectVerdict.NoIdentity, true)]
    [InlineData(ConnectVerdict.OutsideNetwork, true)]
    [InlineData(ConnectVerdict.Refused, false)]
    [InlineData(ConnectVerdict.Silent, false)]
    [InlineData(ConnectVerdict.Unreachable, false)]
    [InlineData(ConnectVerdict.ForeignBroker, true)]
    [InlineData(ConnectVerdict.OtherHost, true)]
    [InlineData(ConnectVerdict.BrokerDates, true)]
    [InlineData(ConnectVerdict.WrongUse, true)]
    [InlineData(ConnectVerdict.Revoked, true)]
    [InlineData(ConnectVerdict.NoCommonTls, true)]
    [InlineData(ConnectVerdict.CertificateRefused, true)]
    [InlineData(ConnectVerdict.NotAuthorized, true)]
    [InlineData(ConnectVerdict.Unavailable, false)]
    [InlineData(ConnectVerdict.Protocol, true)]
    [InlineData(ConnectVerdict.Broken, false)]
    public void Only_what_does_not_pass_by_itself_needs_a_person(ConnectVerdict verdict, bool needsPerson)
    {
        journal.NotConnected(new ConnectOutcome(verdict, "a reason."), TimeSpan.FromSeconds(1));
        Assert.Equal(needsPerson, journal.Health.NeedsPerson);

        // The next try is under way: nothing is mended by that.
        journal.Connecting();
        Assert.Equal(needsPerson, journal.Health.NeedsPerson);

        journal.Connected(Terms, waiting: 5);
        Assert.False(journal.Health.NeedsPerson);
    }

    [Theory]
    [InlineData(DeliveryVerdict.Refused, true)]
    [InlineData(DeliveryVerdict.Unheard, false)]
    [InlineData(DeliveryVerdict.Busy, false)]
    public void A_hold_needs_a_person_where_the_broker_forbids_it(DeliveryVerdict verdict, bool needsPerson)
    {
        journal.Connected(Terms, waiting: 5);

        journal.Refused(new DeliveryOutcome(verdict, 0x80, "a reason."), TimeSpan.FromSeconds(1), ofReadings: true);
        Assert.Equal(needsPerson, journal.Health.NeedsPerson);
        journal.Lost(new LinkLoss("the broker closed the connection."), TimeSpan.FromSeconds(2));
        Assert.Equal(needsPerson, journal.Health.NeedsPerson);

        journal.Connected(Terms, waiting: 5);
        journal.Refused(new DeliveryOutcome(verdict, 0x80, "a reason."), TimeSpan.FromSeconds(1), ofReadings: true);
        journal.Accepted(readings: 5, payloadBytes: 100, historical: false);
        Assert.False(journal.Health.NeedsPerson);
    }

    [Fact]
    public void A_second_user_of_the_identity_needs_a_person_and_a_cable_does_not()
    {
        journal.Connected(Terms, waiting: 5);
        journal.Lost(new LinkLoss("the cable."), TimeSpan.FromSeconds(2));
        Assert.False(journal.Health.NeedsPerson);

        journal.Connected(Terms, waiting: 5);
        journal.Lost(new LinkLoss("another client.", 0x8E, TakenOver: true), TimeSpan.FromSeconds(2));
        Assert.True(journal.Health.NeedsPerson);
    }
}
