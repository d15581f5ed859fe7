using System.Buffers;
using System.Text;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>What the renewal wants of the publisher: to carry its messages, and to begin its session anew.</summary>
public sealed class MovedSessionTests
{
    private const string Topic = $"{PublisherBench.Base}/cert/csr";

    [Fact]
    public async Task A_message_of_another_loop_goes_among_the_publishers_own_byte_for_byte()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        await bench.AppendAsync(1200);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        // After others: their bytes are in the buffers that are used again.
        var outcome = await bench.Publisher.SendAsync(Message("a request"), CancellationToken.None);

        Assert.Equal(DeliveryVerdict.Accepted, outcome.Verdict);
        var delivered = Assert.Single(bench.Link.Accepted, message => message.Topic == Topic);
        Assert.Equal("a request", Encoding.UTF8.GetString(delivered.Payload));
        Assert.Equal([1, 2, 3], delivered.Correlation);
        Assert.False(delivered.Retain);
    }

    [Fact]
    public async Task A_message_that_nobody_waits_for_any_more_is_not_sent_late()
    {
        await using var bench = new PublisherBench();
        bench.Link.Connect = () => new ConnectOutcome(ConnectVerdict.Refused, "nobody is there.");
        await bench.StartAsync();
        using var impatient = new CancellationTokenSource();
        var sending = bench.Publisher.SendAsync(Message("too late"), impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);

        bench.Link.Connect = () => ScriptedLink.Connected(1000);
        await bench.AppendAsync(10);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.DoesNotContain(bench.Link.Accepted, message => message.Topic == Topic);
    }

    [Fact]
    public async Task A_session_that_moves_awaits_its_answers_and_nothing_comes_twice()
    {
        await using var bench = new PublisherBench();
        await bench.StartAsync();
        for (var moves = 1; moves <= 5; moves++)
        {
            await bench.AppendAsync(700);
            bench.Publisher.Move();
            await PublisherBench.UntilAsync(() => bench.Link.Connections == moves + 1);
        }

        // The last session may begin when nothing waits any more, and is counted once it has.
        await PublisherBench.UntilAsync(
            () => bench.View.Waiting == 0 && bench.Publisher.Health.Connections == 6);
        Assert.All(Enumerable.Range(1, 3500), position => Assert.Equal(1, bench.Arrived[position]));
        Assert.True(bench.Link.DisconnectedCleanly);
        Assert.Empty(bench.Mes().Violations);
        Assert.Equal((0L, 6L), (bench.Publisher.Health.FailedAttempts, bench.Publisher.Health.Connections));

        // The gateway was never gone: nobody was told that it was.
        Assert.DoesNotContain(bench.Link.Accepted, message =>
            message.Topic.EndsWith("/status", StringComparison.Ordinal)
            && Encoding.UTF8.GetString(message.Payload).Contains("offline", StringComparison.Ordinal));
    }

    /// <summary>The session that is there is worth more than the one that is to be.</summary>
    [Fact]
    public async Task Where_the_next_session_cannot_be_prepared_the_present_one_goes_on()
    {
        await using var bench = new PublisherBench(clock: new HurriedClock(20));
        ConnectOutcome? refusal = new(ConnectVerdict.Silent, "nobody answers.");
        var prepared = 0;
        bench.Link.Prepare = () =>
        {
            Interlocked.Increment(ref prepared);
            return refusal;
        };
        await bench.StartAsync();
        await bench.AppendAsync(10);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        bench.Publisher.Move();
        await PublisherBench.UntilAsync(() => Volatile.Read(ref prepared) == 2);
        await bench.AppendAsync(500);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.Equal(1, bench.Link.Connections);
        Assert.False(bench.Link.DisconnectedCleanly);
        Assert.Equal((ConnectVerdict.Silent, true), (bench.Publisher.Attempt.Verdict, bench.Publisher.Attempt.IsLive));
        Assert.Equal("connected", bench.Publisher.Health.State);
        Assert.Contains(bench.Log.Lines, line => line.Contains("nobody answers", StringComparison.Ordinal));

        refusal = null;
        await PublisherBench.UntilAsync(() => bench.Link.Connections == 2);
        await bench.AppendAsync(10);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.All(Enumerable.Range(1, 520), position => Assert.Equal(1, bench.Arrived[position]));
        Assert.False(bench.Publisher.Attempt.IsBeside);
    }

    /// <summary>What was prepared was read before: it would be the wrong identity.</summary>
    [Fact]
    public async Task A_move_that_is_asked_for_while_one_is_prepared_prepares_once_more()
    {
        await using var bench = new PublisherBench();
        var prepared = 0;
        bench.Link.Prepare = () =>
        {
            if (Interlocked.Increment(ref prepared) == 1)
            {
                bench.Publisher.Move();
            }

            return null;
        };
        await bench.StartAsync();
        await PublisherBench.UntilAsync(() => bench.Link.Connections == 1);
        bench.Publisher.Move();
        await PublisherBench.UntilAsync(() => bench.Link.Connections == 2);
        Assert.Equal(2, prepared);
    }

    [Fact]
    public async Task A_session_that_moves_while_an_answer_does_not_come_repeats_by_key()
    {
        await using var bench = new PublisherBench(clock: new HurriedClock(10));
        var silent = true;
        bench.Link.Answer = message => silent && message.Topic.EndsWith("/data", StringComparison.Ordinal)
            ? null : DeliveryOutcome.Accepted;
        await bench.StartAsync();
        await bench.AppendAsync(700);
        await PublisherBench.UntilAsync(() => bench.Publisher.Health.InFlight > 0);
        bench.Publisher.Move();
        await PublisherBench.UntilAsync(() => bench.Link.Connections == 2);
        silent = false;
        bench.Publisher.Move();

        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);
        Assert.All(Enumerable.Range(1, 700), position => Assert.True(bench.Arrived[position] >= 1));
    }

    [Fact]
    public async Task Each_attempt_to_connect_is_told_with_the_certificate_that_it_was_made_with()
    {
        await using var bench = new PublisherBench();
        var told = 0;
        bench.Publisher.Attempted = () => Interlocked.Increment(ref told);
        bench.Link.Connect = () =>
        {
            var outcome = ScriptedLink.Connected(1000);
            var session = new SessionFacts("TLS 1.3", "none", "0A", DateTimeOffset.UnixEpoch, []);
            return outcome with { Terms = outcome.Terms! with { Session = session } };
        };
        await bench.StartAsync();
        await PublisherBench.UntilAsync(() => Volatile.Read(ref told) == 1);
        Assert.Equal((1L, ConnectVerdict.Connected, "0A"),
            (bench.Publisher.Attempt.Number, bench.Publisher.Attempt.Verdict, bench.Publisher.Attempt.Serial));

        bench.Publisher.Move();
        await PublisherBench.UntilAsync(() => bench.Publisher.Attempt.Number == 2);
    }

    private static OutboundMessage Message(string text) => new()
    {
        Topic = Topic,
        Payload = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)),
        Retain = false,
        ContentType = "application/pkcs10",
        Correlation = new byte[] { 1, 2, 3 },
    };
}
