using System.Buffers;
using System.Globalization;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Sluice.Mes.Link;

namespace Sluice.UplinkProcess;

/// <summary>
/// The limit: MQTTnet with nothing around it hands over bytes that are ready, at QoS 1, with as many messages in flight
/// as the agent has. It reads no store, encodes nothing and keeps no account.
/// </summary>
internal sealed class BarePublisher(MesLink link, string topic, string encoding, TimeProvider clock)
{
    /// <summary>As the agent's DeliveryLimits.WindowMax.</summary>
    private const int Window = 16;

    private readonly List<MqttUserProperty> properties = Properties(encoding);
    private readonly List<TimeSpan> latencies = [];
    private readonly Lock gate = new();
    private TimeSpan took;
    private TimeSpan processor;
    private long refused;

    public async Task DrainAsync(IReadOnlyList<byte[]> payloads)
    {
        using var room = new SemaphoreSlim(Window);
        var before = Environment.CpuUsage.TotalTime;
        var began = clock.GetTimestamp();
        foreach (var payload in payloads)
        {
            await room.WaitAsync();
            _ = SendAsync(payload, room);
        }

        for (var left = 0; left < Window; left++)
        {
            await room.WaitAsync();
        }

        took = clock.GetElapsedTime(began);
        processor = Environment.CpuUsage.TotalTime - before;
    }

    /// <summary>One message at a time, as often as a commit brings one.</summary>
    public async Task PaceAsync(IReadOnlyList<byte[]> payloads, TimeSpan every)
    {
        using var timer = new PeriodicTimer(every, clock);
        using var room = new SemaphoreSlim(1);
        var before = Environment.CpuUsage.TotalTime;
        var began = clock.GetTimestamp();
        foreach (var payload in payloads)
        {
            await timer.WaitForNextTickAsync();
            await room.WaitAsync();
            await SendAsync(payload, room);
        }

        took = clock.GetElapsedTime(began);
        processor = Environment.CpuUsage.TotalTime - before;
    }

    public void Print(TextWriter output)
    {
        latencies.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"messages={latencies.Count}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"refused={refused}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seconds={took.TotalSeconds}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cpu={processor.TotalSeconds}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p50={Quantile(0.50).TotalMilliseconds}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p99={Quantile(0.99).TotalMilliseconds}"));
        output.WriteLine("done=1");
    }

    private async Task SendAsync(byte[] payload, SemaphoreSlim room)
    {
        var began = clock.GetTimestamp();
        var message = new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(payload),
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            ContentType = "application/json",
            PayloadFormatIndicator = encoding == "none"
                ? MqttPayloadFormatIndicator.CharacterData
                : MqttPayloadFormatIndicator.Unspecified,
            UserProperties = properties,
        };
        var code = await link.PublishAsync(message, CancellationToken.None);
        var latency = clock.GetElapsedTime(began);
        lock (gate)
        {
            refused += code == 0 ? 0 : 1;
            latencies.Add(latency);
        }

        room.Release();
    }

    private static List<MqttUserProperty> Properties(string encoding)
    {
        var contract = new MqttUserProperty("contract", "1"u8.ToArray());
        return encoding == "none"
            ? [contract]
            : [contract, new MqttUserProperty("content-encoding", System.Text.Encoding.UTF8.GetBytes(encoding))];
    }

    private TimeSpan Quantile(double share) => latencies[Math.Min(latencies.Count - 1, (int)(latencies.Count * share))];
}
