using System.Text;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary>
/// A ledger with a torn commit had no word for its reason: the encoder threw, and the agent stopped at the first
/// ledger after the very power cut that it had survived.
/// </summary>
public sealed class DropWordTests
{
    public static TheoryData<DropReason> Reasons => [.. Enum.GetValues<DropReason>()];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void Every_reason_of_a_drop_has_a_word_that_the_receiver_knows(DropReason reason)
    {
        var (payload, _) = Tell([new DropRecord(new PositionRange(1, 2), 2, reason)], int.MaxValue);
        Assert.Contains($"\"reason\":\"{reason}\"", Encoding.UTF8.GetString(payload.Span));
    }

    /// <summary>
    /// Where a broker takes no large ledger, the older drops were left out of it: holes that nothing explained, for as
    /// long as the broker's limit stood.
    /// </summary>
    [Theory]
    [InlineData(100)]
    [InlineData(1)]
    public void A_ledger_that_a_broker_takes_only_shortened_left_drops_out(int newest)
    {
        var drops = Enumerable.Range(0, 600).Select(i => new DropRecord(
            new PositionRange(1 + (i * 10), 4 + (i * 10)), 4, (DropReason)(i % 4))).ToArray();

        var (whole, _) = Tell(drops, int.MaxValue);
        var (shortened, receiver) = Tell(drops, newest);

        Assert.InRange(shortened.Length, 1, whole.Length / 5);
        var store = receiver.Gateway("gw-042").Stores.Values.Single();
        Assert.Equal(2400, store.Account!.Drops.Sum(drop => drop.Count));
        Assert.Equal(6000 - 2400, store.OpenGaps().Sum(gap => gap.Count));
    }

    private static (PayloadBuffer Payload, StreamLedger Receiver) Tell(IReadOnlyList<DropRecord> drops, int newest)
    {
        var next = drops[^1].Range.To + 7;
        var view = new BufferView(
            [
                new StoreView
                {
                    Store = StoreId.Parse("0199c6f1000070008000000000000001"),
                    IsVolatile = false,
                    First = next,
                    Next = next,
                    Acknowledged = [],
                    Drops = drops,
                    DroppedCount = drops.Sum(drop => drop.Count),
                    SizeBytes = 1,
                    Waiting = 0,
                },
            ],
            null);
        var payload = new PayloadBuffer();
        new AnnouncementEncoder(new Speaker("plant1", "gw-042", Guid.NewGuid(), "0.1.0", new string('0', 64)), [])
            .Ledger(payload, view, 1, null, DateTime.UnixEpoch, newest);

        var receiver = new StreamLedger("plant1");
        receiver.Receive(
            new MesMessage("sluice/v1/plant1/gw-042/ledger", payload.Written)
            {
                Retained = true,
                ContentType = "application/json",
                Contract = "1",
            },
            DateTimeOffset.UnixEpoch);
        Assert.Empty(receiver.Violations);
        return (payload, receiver);
    }
}
