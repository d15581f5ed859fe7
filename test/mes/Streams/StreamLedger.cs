using System.Text.Json;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;

namespace Sluice.Mes.Streams;

/// <summary>Something that arrived and that the contract does not allow.</summary>
public sealed record ContractViolation(string Topic, string Sentence);

/// <summary>
/// The receiver's core: messages in, the account of one site out. It knows contract v1 and nothing else of the
/// gateways. Steps only: no clock, no I/O, not thread-safe (<see cref="MesSubscriber"/> owns it for a live session).
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>(gateway, store, position) counts once; what comes again must be the same bytes.</item>
/// <item>A hole below a ledger's next is open until it arrives or a drop explains it.</item>
/// <item>History never touches a current value.</item>
/// <item>Memory is bounded by gateways, signals, stores and holes, never by readings.</item>
/// </list>
/// </summary>
public sealed class StreamLedger(string site)
{
    private const int GatewaysMax = 1_000;
    private const int ViolationsMax = 100;
    private const int DepthMax = 8;

    private readonly string root = $"sluice/v1/{site}/";
    private readonly Dictionary<string, GatewayStream> gateways = new(StringComparer.Ordinal);
    private readonly List<ContractViolation> violations = [];
    private readonly List<string> faults = [];

    public IReadOnlyDictionary<string, GatewayStream> Gateways => gateways;

    /// <summary>The first hundred; <see cref="ViolationCount"/> counts them all.</summary>
    public IReadOnlyList<ContractViolation> Violations => violations;

    public long ViolationCount { get; private set; }

    public long Messages { get; private set; }

    /// <summary>Bytes of payload, unpacked.</summary>
    public long PayloadBytes { get; private set; }

    /// <summary>The same as they came.</summary>
    public long WireBytes { get; private set; }

    /// <summary>
    /// Called with its message for each reading that had not arrived before, history included: what a receiver writes
    /// to its database.
    /// </summary>
    public Action<DataMessage, MesReading>? Arrived { get; set; }

    /// <summary>One gateway's account, or an empty one while nothing came from it.</summary>
    public GatewayStream Gateway(string name) => gateways.GetValueOrDefault(name) ?? new GatewayStream(name);

    public void Receive(in MesMessage message, DateTimeOffset now)
    {
        Messages++;
        faults.Clear();
        try
        {
            var opened = message.Opened();
            PayloadBytes += opened.Payload.Length;
            WireBytes += opened.WireBytes == 0 ? opened.Payload.Length : opened.WireBytes;
            Read(opened, now);
        }
        catch (JsonException exception)
        {
            faults.Add($"not JSON: {exception.Message}");
        }
        catch (InvalidDataException exception)
        {
            faults.Add($"cannot be unpacked: {exception.Message}");
        }

        ViolationCount += faults.Count;
        foreach (var fault in faults.Take(ViolationsMax - violations.Count))
        {
            violations.Add(new ContractViolation(message.Topic, fault));
        }
    }

    private void Read(in MesMessage message, DateTimeOffset now)
    {
        var (name, kind) = Split(message.Topic);
        kind = kind.StartsWith("answer/", StringComparison.Ordinal) ? "answer" : kind;
        if (kind is not ("status" or "birth" or "data" or "ledger" or "posture" or "answer"))
        {
            if (!IsKnownTopic(kind))
            {
                faults.Add("a topic that is not in the contract");
            }

            // An ask is somebody else's word, right or wrong: the gateway judges it.
            return;
        }

        if (message.ContentType != "application/json" || message.Contract != "1")
        {
            faults.Add($"content type '{message.ContentType}', contract '{message.Contract}'");
        }

        if (message.WireBytes > 0 && kind != "data")
        {
            faults.Add($"a {kind} is never compressed");
        }

        // A status that is not retained is of a session that proves an identity: what is kept stays as it was.
        if (message.Retained == (kind is "data" or "answer") && kind != "status")
        {
            faults.Add(message.Retained ? $"{kind} is never retained" : $"a {kind} is retained");
        }

        var options = new JsonDocumentOptions { MaxDepth = DepthMax, AllowDuplicateProperties = false };
        using var document = JsonDocument.Parse(message.Payload, options);
        ContractSchemas.Published.Judge(kind, document.RootElement, faults);
        Take(name, kind, document.RootElement, now);
    }

    private void Take(string name, string kind, JsonElement json, DateTimeOffset now)
    {
        if (Known(name) is not { } gateway)
        {
            return;
        }

        switch (kind)
        {
            case "answer":
                SameName(json.TryGetProperty("gateway", out var who) ? who.GetString() ?? "" : "", name);
                break;
            case "status":
                var status = Contract.Status(json, faults);
                SameName(status.Gateway, name);
                gateway.Receive(status);
                break;
            case "birth":
                var birth = Contract.Birth(json, faults);
                SameName(birth.Gateway, name);
                gateway.Receive(birth, faults);
                break;
            case "posture":
                var posture = Contract.Posture(json, faults);
                SameName(posture.Gateway, name);
                gateway.Receive(posture);
                break;
            case "ledger":
                var ledger = Contract.Ledger(json, faults);
                SameName(ledger.Gateway, name);
                gateway.Receive(ledger, faults);
                break;
            default:
                var data = Contract.Data(json, faults);
                SameName(data.Gateway, name);

                // What cannot be read right has no position to be counted under.
                if (data.Store.Length > 0 && data.Readings.All(reading => reading.Position >= 1))
                {
                    gateway.Receive(data, now, faults, Arrived);
                }

                break;
        }
    }

    private void SameName(string said, string topic)
    {
        if (said != topic)
        {
            faults.Add($"gateway '{said}' wrote to the topic of '{topic}'");
        }
    }

    private (string Gateway, string Kind) Split(string topic)
    {
        if (!topic.StartsWith(root, StringComparison.Ordinal))
        {
            return ("", "");
        }

        var slash = topic.IndexOf('/', root.Length);
        return slash < 0 ? ("", topic[root.Length..]) : (topic[root.Length..slash], topic[(slash + 1)..]);
    }

    private static bool IsKnownTopic(string kind) =>
        kind is "ask" or "trust" || kind.StartsWith("cert/", StringComparison.Ordinal);

    private GatewayStream? Known(string name)
    {
        if (gateways.TryGetValue(name, out var gateway))
        {
            return gateway;
        }

        if (gateways.Count >= GatewaysMax)
        {
            faults.Add($"more than {GatewaysMax} gateways");
            return null;
        }

        return gateways[name] = new GatewayStream(name);
    }
}
