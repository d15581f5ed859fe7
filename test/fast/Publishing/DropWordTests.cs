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
        var store = StoreId.Parse("0199c6f1000070008000000000000001");
        var view = new BufferView(
            [
                new StoreView
                {
                    Store = store,
                    IsVolatile = false,
                    First = 3,
                    Next = 3,
                    Acknowledged = [],
                    Drops = [new DropRecord(new PositionRange(1, 2), 2, reason)],
                    DroppedCount = 2,
                    SizeBytes = 1,
                    Waiting = 0,
                },
            ],
            null);
        var payload = new PayloadBuffer();
        new AnnouncementEncoder(new Speaker("plant1", "gw-042", Guid.NewGuid(), "0.1.0", new string('0', 64)), [])
            .Ledger(payload, view, 1, null, DateTime.UnixEpoch);

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
        Assert.Contains($"\"reason\":\"{reason}\"", Encoding.UTF8.GetString(payload.Span));
    }
}
