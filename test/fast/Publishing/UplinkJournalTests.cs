using Microsoft.Extensions.Logging;
using Sluice.Agent.Publishing;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Publishing;

public sealed class UplinkJournalTests
{
    private static readonly DeliveryOutcome Unheard = new(DeliveryVerdict.Unheard, 0x10, "nobody subscribes.");
    private static readonly ConnectTerms Terms = new(16, int.MaxValue, "Tls13", "192.0.2.10:8883");

    private readonly WrittenLines lines = new();
    private readonly UplinkJournal journal;

    public UplinkJournalTests() => journal = new UplinkJournal(TimeProvider.System, lines);

    [Fact]
    public void A_ledger_that_was_taken_does_not_end_the_hold_of_readings_that_nobody_hears()
    {
        journal.Connected(Terms, waiting: 5);
        for (var retry = 0; retry < 3; retry++)
        {
            journal.Refused(Unheard, TimeSpan.FromSeconds(1), ofReadings: true);
            journal.Accepted(readings: 0, historical: false);
        }

        Assert.Equal("holding", journal.Health.State);
        Assert.Single(lines, line => line.Contains("does not take", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("takes what is published again", StringComparison.Ordinal));

        journal.Accepted(readings: 5, historical: false);

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

        Assert.Contains(lines, line => line.EndsWith("in 16.0 s.", StringComparison.Ordinal));
    }

    /// <summary>A logger that keeps what was written.</summary>
    private sealed class WrittenLines : List<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => Add(formatter(state, exception));
    }
}
