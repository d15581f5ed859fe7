using System.Text;
using CsCheck;
using MQTTnet.Formatter;
using MQTTnet.Formatter.V5;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Uplink;

/// <summary>The last packet of a connection, encoded by the library and read by us.</summary>
public sealed class LastPacketTests
{
    [Theory]
    [InlineData("192.0.2.12:8883", "", 1)]
    [InlineData("192.0.2.12", "full, see you", 7)]
    [InlineData("a b c", "\u00e0\u00e0\u00e0", 2000)]
    public void A_reference_is_found_behind_whatever_came_before(string reference, string reason, int pieces)
    {
        var last = new LastPacket();
        last.Take(Encoding.UTF8.GetBytes(new string('x', 3000)));
        last.Take([0x40, 0x02, 0x00, 0xE0]);
        foreach (var piece in Encoded(reference, reason).Chunk(pieces))
        {
            last.Take(piece);
        }

        Assert.Equal(reference, last.Reference(0x9C));
        Assert.Equal("", last.Reference(0x9D));
    }

    [Fact]
    public void Without_one_or_with_more_words_than_are_kept_there_is_none()
    {
        var last = new LastPacket();
        Assert.Equal("", last.Reference(0x9C));
        last.Take([0xE0, 0x00]);
        Assert.Equal("", last.Reference(0x9C));
        last.Take(Encoded("192.0.2.12", new string('w', LastPacket.BytesMax)));
        Assert.Equal("", last.Reference(0x9C));
    }

    [Fact]
    public void Whatever_bytes_come_it_answers_and_keeps_only_the_end() =>
        Gen.Byte.Array[0, 40].Array[0, 20].Sample(
            pieces =>
            {
                var last = new LastPacket();
                foreach (var piece in pieces)
                {
                    last.Take(piece);
                }

                last.Take([0xE0, 0x80, 0x9C, 0x1C]);
                Assert.True(last.Reference(0x9C).Length < LastPacket.BytesMax);
                last.Take(Encoded("192.0.2.12", ""));
                Assert.Equal("192.0.2.12", last.Reference(0x9C));
            },
            iter: 2_000, threads: 1);

    private static byte[] Encoded(string reference, string reason)
    {
        var packet = new MqttDisconnectPacket
        {
            ReasonCode = (MqttDisconnectReasonCode)0x9C, ServerReference = reference, ReasonString = reason,
            UserProperties = [new MqttUserProperty("why", "because"u8.ToArray())],
        };
        var buffer = new MqttV5PacketEncoder(new MqttBufferWriter(4096, 65536)).Encode(packet);
        return [.. buffer.Join()];
    }
}
