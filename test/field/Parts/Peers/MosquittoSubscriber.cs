using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Mes;
using Sluice.Mes.Schemas;

namespace Sluice.Field.Parts.Peers;

/// <summary>One message as mosquitto_sub printed it.</summary>
/// <param name="Topic">Below <c>sluice/v1/SITE/GATEWAY/</c>: data, birth, status ...</param>
/// <param name="Payload">The text of the payload, unpacked where it was compressed.</param>
/// <param name="Retained">The publisher asked the broker to keep it.</param>
/// <param name="ContentType">MQTT 5 content type, empty where there is none.</param>
/// <param name="Contract">The user property <c>contract</c>, empty where there is none.</param>
/// <param name="WireBytes">What it had on the wire where it was compressed; else 0.</param>
/// <param name="At">When it was printed.</param>
internal sealed record Arrival(
    string Topic, string Payload, bool Retained, string ContentType, string Contract, long WireBytes, DateTime At);

/// <summary>
/// mosquitto_sub as the MES: a session that outlives a restart of the broker, QoS 1, its own certificate. What arrives
/// goes to one record. mosquitto_sub gives up for good on some errors (a TLS one, a reset while it connects); a service
/// would be started again, and so is it here.
/// </summary>
internal sealed class MosquittoSubscriber : IAsyncDisposable
{
    private static readonly TimeSpan StartAgainAfter = TimeSpan.FromMilliseconds(200);

    private readonly string[] command;
    private readonly Action<Arrival>? heard;
    private readonly List<Arrival> arrivals = [];
    private readonly CancellationTokenSource stopping = new();
    private Task supervising = Task.CompletedTask;
    private string? cutOff;

    private MosquittoSubscriber(
        (string Certificate, string Key) identity, MosquittoBroker broker, Action<Arrival>? heard, string[] inside)
    {
        this.heard = heard;
        command =
        [
            .. inside, "/usr/bin/mosquitto_sub", "-h", broker.Addresses[0],
            "-p", broker.Port.ToString(CultureInfo.InvariantCulture),
            "--cafile", broker.Files.Authority, "--cert", identity.Certificate, "--key", identity.Key,
            "-V", "mqttv5", "-i", "mes", "-c", "-x", "3600", "-k", "5", "-q", "1",
            "--retain-as-published", "-t", "sluice/v1/#", "-F", "%x %j",
        ];
    }

    public IReadOnlyList<Arrival> Arrivals
    {
        get
        {
            lock (arrivals)
            {
                return [.. arrivals];
            }
        }
    }

    /// <summary>Starts it and waits until the broker has granted the subscription.</summary>
    /// <param name="identity">Its certificate and key.</param>
    /// <param name="broker">Whose first address it calls.</param>
    /// <param name="heard">What is done with each message.</param>
    /// <param name="inside">Put in front of the program: <c>ip netns exec …</c>.</param>
    public static async Task<MosquittoSubscriber> StartAsync(
        (string Certificate, string Key) identity, MosquittoBroker broker, Action<Arrival>? heard = null,
        string[]? inside = null)
    {
        var subscriber = new MosquittoSubscriber(identity, broker, heard, inside ?? []);
        subscriber.supervising = subscriber.SuperviseAsync();
        await broker.Process.SaysAsync("Sending SUBACK to mes", TimeSpan.FromSeconds(20));
        return subscriber;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await supervising;
        stopping.Dispose();
    }

    private async Task SuperviseAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            cutOff = null;
            await using var child = ChildProcess.Start(command[0], command[1..], Hear);
            await child.ExitOrAsync(stopping.Token);
            await Task.Delay(StartAgainAfter, stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private void Hear(string line)
    {
        // The payload stands in front in hexadecimal: as a JSON text a compressed one would not survive.
        if (line.Split(' ', 2) is not [var payload, ['{', ..] described])
        {
            return;
        }

        using var json = Whole(described);
        if (json is null)
        {
            return;
        }

        var message = json.RootElement;
        message.TryGetProperty("properties", out var properties);
        var user = properties.ValueKind == JsonValueKind.Object
            && properties.TryGetProperty("user-properties", out var said) ? said : default;
        var topic = message.GetProperty("topic").GetString()!.Split('/', 5)[^1];
        var opened = new MesMessage(topic, new ReadOnlySequence<byte>(Convert.FromHexString(payload)))
        {
            ContentEncoding = Text(user, "content-encoding"),
        }.Opened();
        var arrival = new Arrival(
            topic,
            Encoding.UTF8.GetString(opened.Payload),
            message.GetProperty("retain").GetInt32() != 0,
            Text(properties, "content-type"),
            Text(user, "contract"),
            opened.WireBytes,
            TimeProvider.System.GetUtcNow().UtcDateTime);
        lock (arrivals)
        {
            arrivals.Add(arrival);
        }

        heard?.Invoke(arrival);
    }

    // Who stops it stops it in the middle of a word. Its last line may be cut off, and only its last.
    private JsonDocument? Whole(string described)
    {
        if (cutOff is not null)
        {
            throw new InvalidOperationException($"mosquitto_sub went on after a line that is no JSON: {cutOff}");
        }

        try
        {
            return JsonDocument.Parse(described);
        }
        catch (JsonException)
        {
            cutOff = described;
            return null;
        }
    }

    private static string Text(JsonElement properties, string name) =>
        properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(name, out var text)
            ? text.GetString() ?? ""
            : "";
}
