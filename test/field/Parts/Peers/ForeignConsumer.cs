using System.Globalization;
using System.Text.Json;
using Sluice.Plant.Keys;

namespace Sluice.Field.Parts.Peers;

/// <summary>
/// test/field/consumer: a consumer in another language that was written from docs/contract/asyncapi.yaml alone, with
/// npm's mqtt and every message judged by ajv. Shares nothing with our own programs.
/// </summary>
internal sealed class ForeignConsumer : IAsyncDisposable
{
    private readonly ChildProcess child;
    private readonly string[] arguments;

    private ForeignConsumer(ChildProcess child, string[] arguments)
    {
        this.child = child;
        this.arguments = arguments;
    }

    /// <summary>What it counted up to now.</summary>
    public JsonElement Account
    {
        get
        {
            var last = child.Lines.LastOrDefault(line => line.StartsWith('{')) ?? "{}";
            using var json = JsonDocument.Parse(last);
            return json.RootElement.Clone();
        }
    }

    /// <summary>Positions that are missing in its one store, as it told last: "1-62, 70-70".</summary>
    public string Missing => !Account.TryGetProperty("stores", out var stores) || stores.GetArrayLength() == 0
        ? ""
        : string.Join(", ", stores.EnumerateArray().Single().GetProperty("missing").EnumerateArray()
            .Select(range => $"{range[0]}-{range[1]}"));

    /// <summary>Starts it and waits until it has subscribed to everything that the document has.</summary>
    public static async Task<ForeignConsumer> StartAsync(FieldPlant plant)
    {
        var identity = plant.Keys.WriteClientFiles(plant.Directory.At("foreign"), "mes");
        string[] arguments =
        [
            Path.Combine(NodeModules.Scripts("consumer"), "consumer.js"), await NodeModules.InstallAsync("consumer"),
            Path.Combine(FieldDirectory.Repository(), "docs/contract"),
            plant.Broker.Port.ToString(CultureInfo.InvariantCulture), MosquittoBroker.Host,
            plant.Broker.Files.Authority, identity.Certificate, identity.Key, "plant1",
        ];
        var child = ChildProcess.Start(NodeModules.Node, arguments);
        await child.SaysAsync("subscribed", TimeSpan.FromSeconds(30));
        return new ForeignConsumer(child, arguments);
    }

    /// <summary>Asks the gateway for positions of its store; returns when the broker has taken them.</summary>
    public async Task ReplayAsync(long from, long to)
    {
        var store = Account.GetProperty("stores").EnumerateArray().Single().GetProperty("store").GetString();
        var ask = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"v":1,"ask":"replay","store":"{{store}}","from":{{from}},"to":{{to}}}""");
        var (code, text) = await ChildProcess.RunAsync(NodeModules.Node, [.. arguments, FieldGateway.Id, ask]);
        if (code != 0)
        {
            throw new InvalidOperationException($"the replay ended with {code}:\n{text}");
        }
    }

    public string Tail() => child.Tail(10);

    public ValueTask DisposeAsync() => child.DisposeAsync();
}
