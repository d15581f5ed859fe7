using System.Buffers;
using System.Text;
using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Sampling;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Fast.Health;
using Xunit;

namespace Sluice.Fast.Posture;

/// <summary>The posture among the publisher's other work, stepped.</summary>
public sealed class PostureWorkTests : IDisposable
{
    private const string Base = "sluice/v1/plant1/gw-042";

    private static readonly StoreId Store = StoreId.Parse("0199c6f1000070008000000000000001");
    private static readonly DateTime Utc = new(2026, 11, 22, 14, 0, 0, DateTimeKind.Utc);

    private readonly HandTimers clock = new();
    private readonly KeptLog log = new();
    private readonly PublishDesk desk;
    private readonly List<string> sent = [];
    private readonly Queue<(HandedOver Handed, string Topic)> underWay = new();
    private PublishWork? work;
    private string told = "";
    private BufferView view = View(0);

    public PostureWorkTests() => desk = new PublishDesk(
        PostureWorld.Configuration,
        new AnnouncementEncoder(
            new Speaker("plant1", "gw-042", Guid.NewGuid(), "0.1.0", new string('0', 64)), []),
        new UplinkJournal(TimeProvider.System, log), new DeviceRoll(), clock, log);

    public void Dispose() => desk.Dispose();

    [Fact]
    public void It_goes_after_status_birth_and_ledger_once_the_host_was_looked_at()
    {
        Connect();
        Step();
        clock.Advance(TimeSpan.FromSeconds(1));
        Step();
        Assert.Equal(["status", "birth", "ledger"], sent);

        desk.Tell(PostureWorld.Content.Host);
        Step();
        Assert.Equal(["status", "birth", "ledger", "posture"], sent);
        Step();
        Assert.Equal(4, sent.Count);
    }

    /// <summary>A broker whose access list was written before there was a posture.</summary>
    [Fact]
    public void A_broker_that_refuses_it_gets_everything_else_and_the_journal_one_line()
    {
        desk.Tell(PostureWorld.Content.Host);
        Connect();
        for (var i = 0; i < 4; i++)
        {
            Step(topic => topic == "posture" ? 0x87 : 0);
            clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(3, sent.Count(topic => topic == "posture"));
        view = View(5);
        Step(topic => topic == "posture" ? 0x87 : 0);
        Assert.Contains("ledger", sent[4..]);
        Assert.True(desk.AnnouncementPlan.IsOpen);
        Assert.False(desk.AnnouncementPlan.Hold.IsHolding);
        Assert.Equal("connected", desk.Journal.Health.State);
        Assert.Single(log.Lines, line => line.Contains("does not take the posture", StringComparison.Ordinal));
    }

    [Fact]
    public void Readings_and_a_ledger_go_while_its_answer_is_awaited()
    {
        desk.Tell(PostureWorld.Content.Host);
        Connect();
        Step();
        clock.Advance(TimeSpan.FromSeconds(1));
        Step(topic => topic == "posture" ? null : 0);
        Assert.Equal("posture", sent[^1]);
        Assert.Equal(1, work!.UnderWay);

        view = View(5);
        clock.Advance(TimeSpan.FromSeconds(6));
        work.Observe(view);
        Assert.Equal("ledger", Topic(work.Next(desk.Now, Utc)));
        Assert.Equal(WorkKind.ReadReadings, work.Next(desk.Now, Utc).Kind);
    }

    [Fact]
    public void Lists_that_came_in_while_the_session_was_open_were_not_told_until_the_next_connection()
    {
        var facts = PostureWorld.Content.Session!;
        desk.Tell(PostureWorld.Content.Host);
        work = new PublishWork(
            desk, new ConnectTerms(100, int.MaxValue, "TLS 1.3", "here") { Session = facts }, view);
        Step();
        clock.Advance(TimeSpan.FromSeconds(1));
        Step();
        Assert.Contains("\"thisUpdate\":\"2026-11-20", told, StringComparison.Ordinal);
        Assert.DoesNotContain("\"trust\"", told, StringComparison.Ordinal);

        var list = facts.RevocationLists[0] with { ThisUpdate = facts.RevocationLists[0].ThisUpdate.AddDays(1) };
        desk.Tell(new IdentityStanding { Version = "0004t7", RevocationLists = [list] });
        clock.Advance(TimeSpan.FromMinutes(1));
        Step();
        Assert.Equal(2, sent.Count(topic => topic == "posture"));
        Assert.Contains("\"thisUpdate\":\"2026-11-21", told, StringComparison.Ordinal);
        Assert.Contains("\"trust\":{\"version\":7}", told, StringComparison.Ordinal);

        // The same, read again: no news. An identity that cannot be used says nothing of lists.
        desk.Tell(new IdentityStanding { Version = "0004t7", RevocationLists = [list with { }] });
        desk.Tell(new IdentityStanding());
        clock.Advance(TimeSpan.FromMinutes(2));
        Step();
        Assert.Equal(2, sent.Count(topic => topic == "posture"));
    }

    /// <summary>
    /// Answers to a burst of asks went beside a full window of readings: more than the broker had said it takes, and
    /// mosquitto then ends the connection (0x93).
    /// </summary>
    [Fact]
    public void Answers_announcements_and_postures_together_exceeded_the_brokers_receive_maximum()
    {
        desk.Tell(PostureWorld.Content.Host);
        Connect(receiveMaximum: 3);
        Step();
        clock.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
        {
            work!.Take(
                new InboundMessage($"{Base}/ask", """{"v":1,"ask":"ledger"}"""u8.ToArray())
                {
                    ResponseTopic = $"{Base}/answer/{i}",
                },
                desk.Now);
        }

        Step(_ => null);
        Assert.Equal(3, work!.UnderWay);
        Assert.Equal(WorkKind.Sleep, work.Next(desk.Now, Utc).Kind);
        while (underWay.TryDequeue(out var answered))
        {
            work.Settle(answered.Handed, DeliveryOutcome.Accepted, desk.Now);
            Step(_ => null);
            Assert.InRange(work.UnderWay, 0, 3);
        }

        Assert.Equal(10, sent.Count(topic => topic.StartsWith("answer/", StringComparison.Ordinal)));
        Assert.Contains("posture", sent);
    }

    private void Connect(int receiveMaximum = 100) =>
        work = new PublishWork(desk, new ConnectTerms(receiveMaximum, int.MaxValue, "TLS 1.3", "here"), view);

    /// <summary>Does what is due; each message is answered with a reason code, or stays under way where none is given.
    /// </summary>
    private void Step(Func<string, int?>? answer = null)
    {
        for (var i = 0; i < 100; i++)
        {
            work!.Observe(view);
            var step = work.Next(desk.Now, Utc);
            step = step.Kind == WorkKind.ReadPresent ? work.Announce([], desk.Now, Utc) : step;
            if (step.Kind is WorkKind.Sleep or WorkKind.ReadReadings)
            {
                return;
            }

            if (step.Kind == WorkKind.Deliver)
            {
                sent.Add(Topic(step));
                told = Encoding.UTF8.GetString(step.Message!.Payload.ToArray());
                var code = answer is null ? 0 : answer(Topic(step));
                if (code is null)
                {
                    underWay.Enqueue((step.Handed!, Topic(step)));
                }
                else
                {
                    work.Settle(step.Handed!, DeliveryOutcome.Of(code.Value, "", Topic(step), true), desk.Now);
                }
            }
        }

        Assert.Fail("the work never sleeps");
    }

    private static string Topic(WorkStep step) => step.Message!.Topic[(Base.Length + 1)..];

    private static BufferView View(int waiting) => new(
        [
            new StoreView
            {
                Store = Store, IsVolatile = false, First = 1, Next = 1 + waiting, Acknowledged = [], Drops = [],
                DroppedCount = 0, SizeBytes = 1, Waiting = waiting,
            },
        ],
        null);
}
