using System.Buffers;
using System.IO.Compression;
using System.Text;
using Sluice.Agent.Buffering;
using Sluice.Agent.Configuration;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Hal;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Publishing;

/// <summary><c>publish.compress: gzip</c>: what is packed, how large it may be, what a receiver makes of it.</summary>
public sealed class Compressed_batches(ITestOutputHelper output)
{
    private static readonly DateTime Sent = new(2026, 11, 22, 14, 0, 1, 250, DateTimeKind.Utc);

    [Fact]
    public void A_full_batch_becomes_a_fraction_of_itself_and_the_same_bytes_again()
    {
        var from = Readings(500);
        var (plain, plainOf) = Pack(from, gzip: null, 1 << 20, 1 << 20);
        using var gzip = new BatchGzip();
        var (packed, packedOf) = Pack(from, gzip, 1 << 20, 1 << 20);

        Assert.Equal(new PackedBatch(500, null), plainOf);
        Assert.Equal(new PackedBatch(500, "gzip"), packedOf);
        Assert.Equal(plain, Opened(packed).Payload.ToArray());
        output.WriteLine($"500 readings: {plain.Length} bytes plain, {packed.Length} bytes with gzip at its fastest");
        Assert.InRange(packed.Length, 1, plain.Length / 4);
    }

    [Fact]
    public void A_small_batch_goes_as_it_is()
    {
        using var gzip = new BatchGzip();
        var (small, of) = Pack(Readings(5), gzip, 1 << 20, 1 << 20);
        Assert.Equal(new PackedBatch(5, null), of);
        Assert.InRange(small.Length, 1, BatchPacker.CompressFrom - 1);
    }

    [Fact]
    public void The_brokers_packet_counts_what_is_on_the_wire_and_messageBytesMax_what_is_unpacked()
    {
        using var gzip = new BatchGzip();
        var (wide, wideOf) = Pack(Readings(500), gzip, 20_000, 1 << 20);
        Assert.InRange(Opened(wide).Payload.Length, 19_000, 20_000);
        Assert.Equal("gzip", wideOf.Encoding);

        var (narrow, narrowOf) = Pack(Readings(500), gzip, 1 << 20, 3_000);
        Assert.InRange(narrow.Length, 1, 3_000);
        Assert.True(Opened(narrow).Payload.Length > 3_000, "no more fits into the packet than without gzip");
        Assert.Equal("gzip", narrowOf.Encoding);
    }

    [Fact]
    public void What_gzip_makes_no_smaller_goes_as_it_is()
    {
        var noise = new byte[4096];
        new Random(1).NextBytes(noise);
        var payload = new PayloadBuffer();
        payload.Append(noise);
        using var gzip = new BatchGzip();
        Assert.False(gzip.TryShrink(payload, int.MaxValue));
        Assert.Equal(noise, payload.Span);
    }

    [Fact]
    public async Task A_backlog_arrives_compressed_whole_and_once()
    {
        await using var bench = new PublisherBench(new PublishSettings { Compresses = true, MessageBytesMax = 20_000 });
        bench.Link.Connect = () => ScriptedLink.Connected(4, packetBytesMax: 3_000);
        await bench.Buffer.StartAsync(CancellationToken.None);
        await bench.AppendAsync(2000);
        await bench.Publisher.StartAsync(CancellationToken.None);
        await PublisherBench.UntilAsync(() => bench.View.Waiting == 0);

        Assert.All(Enumerable.Range(1, 2000), position => Assert.Equal(1, bench.Arrived[position]));
        Assert.All(bench.Link.Accepted, message => Assert.InRange(message.WireBytes, 1, 2_900));
        var data = bench.Link.Accepted.Where(message => message.Topic == $"{PublisherBench.Base}/data").ToList();
        Assert.Contains(data, message => message is { Encoding: "gzip", Payload.Length: > 3_000 });
        Assert.All(bench.Link.Accepted.Except(data), message => Assert.Equal("", message.Encoding));
        Assert.Empty(bench.Mes().Violations);
    }

    [Fact]
    public void A_receiver_names_what_it_cannot_unpack_and_a_bomb_does_not_fill_its_memory()
    {
        using var gzip = new BatchGzip();
        var (packed, _) = Pack(Readings(500), gzip, 1 << 20, 1 << 20);
        Assert.Contains("not JSON", Refused(packed[..(packed.Length / 2)], "gzip"));
        Assert.Contains("cannot be unpacked", Refused(Encoding.UTF8.GetBytes("""{"v":1}"""), "gzip"));
        Assert.Contains("'br', only gzip", Refused(packed, "br"));

        using var bomb = new MemoryStream();
        using (var packing = new GZipStream(bomb, CompressionLevel.Fastest, leaveOpen: true))
        {
            packing.Write(new byte[100 << 20]);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("more than the 1048576 bytes", Refused(bomb.ToArray(), "gzip"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    private static string Refused(byte[] payload, string encoding)
    {
        var ledger = new StreamLedger("plant1");
        ledger.Receive(Message(payload, encoding), DateTimeOffset.UnixEpoch);
        return Assert.Single(ledger.Violations).Sentence;
    }

    private static MesMessage Opened(byte[] packed) => Message(packed, "gzip").Opened();

    private static MesMessage Message(byte[] payload, string encoding) =>
        new("sluice/v1/plant1/gw-042/data", new ReadOnlySequence<byte>(payload))
        {
            ContentType = "application/json", Contract = "1", ContentEncoding = encoding,
        };

    private static (byte[] Payload, PackedBatch Of) Pack(
        StoredBatch from, BatchGzip? gzip, int plainBytesMax, int wireBytesMax)
    {
        using var batches = new BatchEncoder("gw-042");
        var payload = new PayloadBuffer();
        var planned = new PlannedBatch(PublisherBench.Store, new PositionRange(1, from.Count), Lane.Live, 500);
        var of = new BatchPacker(batches, gzip, plainBytesMax, wireBytesMax).Pack(payload, planned, Sent, from, 0);
        return (payload.Span.ToArray(), of);
    }

    private static StoredBatch Readings(int count)
    {
        var noise = new Random(42);
        var batch = new StoredBatch();
        for (var at = 1; at <= count; at++)
        {
            var value = SignalValue.FromSingle((float)Math.Round(noise.NextDouble() * 90, 1));
            batch.Add(new StoredReading(
                at, $"hmi1/line{at % 20}/temperature", value, Quality.Good, Sent.AddMilliseconds(at * 7)));
        }

        return batch;
    }
}
