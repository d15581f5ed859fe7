using System.Diagnostics;
using System.Text.Json;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;

namespace Sluice.Field.Parts;

/// <summary>What a test varies of gateway.json. The defaults are a plant in which everything is right.</summary>
internal sealed record FieldConfiguration
{
    public required int BrokerPort { get; init; }

    public required int PlantPort { get; init; }

    public string BrokerHost { get; init; } = MosquittoBroker.Host;

    public string BrokerAddress { get; init; } = "127.0.0.1";

    public string BrokerNetwork { get; init; } = "127.0.0.0/28";

    public string PlantAddress { get; init; } = "127.0.0.1";

    /// <summary>The card to the broker; null where the agent is to find it.</summary>
    public string? Interface { get; init; }

    public string KeepAlive { get; init; } = "5 s";

    public string TlsMin { get; init; } = "1.3";

    public string CommitEvery { get; init; } = "200 ms";

    /// <summary>Where the field tests run there is seldom a time service.</summary>
    public string Clock { get; init; } = "trusted";

    public string SizeMax { get; init; } = "64 MiB";

    public string Every { get; init; } = "50 ms";

    public string MessageBytesMax { get; init; } = "64 KiB";

    public string RateMax { get; init; } = "2 MiB/s";

    public string AcknowledgedBy { get; init; } = "broker";

    public string Compress { get; init; } = "none";

    /// <summary>The signal list of the plant's machine.</summary>
    public string Signals { get; init; } = """
        signal,address,type,order,report
        count,holding:0,uint32,ABCD,always
        half,holding:2,float32,ABCD,always
        below,holding:4,int16,,
        name,holding:10,string:10,,
        level,input:0,uint16,,
        running,coil:0,bool,,
        open,discrete:1,bool,,

        """;

    /// <summary>The signal list of the source that makes its values up, and how often it does.</summary>
    public string MadeUp { get; init; } = "signal,address,type,report\nwave,sine,float64,always\n";

    public string MadeUpEvery { get; init; } = "250 ms";

    /// <summary>Lines of <c>sources</c>.</summary>
    public string MoreSources { get; init; } = "";
}

/// <summary>
/// The published agent (out/linux-x64) as a process with its own identity, buffer, state and socket below one
/// directory. It can be started again and again on what it left behind.
/// </summary>
internal sealed class FieldGateway(FieldDirectory directory) : IAsyncDisposable
{
    public const string Id = "gw-1";

    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(20);

    // An answer that was on its way when the agent was told to stop was served and not read; on a busy machine it is on
    // its way for a while. Half of commitEvery at most: a stop that forgot what was not committed yet would be seen.
    private const int OnItsWayMilliseconds = 100;

    private readonly List<long> stops = [];
    private ChildProcess? child;

    /// <summary>The present process, or the last one.</summary>
    public ChildProcess Process => child ?? throw new InvalidOperationException("The agent was never started.");

    public string ConfigurationFile => directory.At("etc", "gateway.json");

    public string IdentityDirectory => directory.At("identity");

    public string BufferDirectory => directory.At("buffer");

    public string Socket => directory.At("status.sock");

    /// <summary>Program and first arguments: the native binary, or an emulator in front of it.</summary>
    public string[] Program { get; init; } = [Binary("linux-x64")];

    /// <summary>Put in front of the program: <c>ip netns exec …</c>.</summary>
    public string[] Inside { get; init; } = [];

    /// <summary>
    /// The published file; SLUICE_AGENT names another one for x64, to try a debug build without publishing.
    /// </summary>
    public static string Binary(string rid) =>
        rid == "linux-x64" && Environment.GetEnvironmentVariable("SLUICE_AGENT") is { Length: > 0 } other
            ? Path.GetFullPath(other)
            : Path.Combine(FieldDirectory.Repository(), "out", rid, "sluice-agent");

    public FieldGateway WithIdentity(PlantKeys keys)
    {
        keys.WriteIdentityDirectory(IdentityDirectory, Id).Dispose();
        return this;
    }

    public FieldGateway WithConfiguration(FieldConfiguration wish)
    {
        Directory.CreateDirectory(directory.At("etc"));
        File.WriteAllText(directory.At("etc", "plant.csv"), wish.Signals);
        File.WriteAllText(directory.At("etc", "made-up.csv"), wish.MadeUp);
        File.WriteAllText(ConfigurationFile, Json(wish));
        return this;
    }

    public void Start()
    {
        string[] all = [.. Inside, .. Program, "run", "--config", ConfigurationFile, "--state", directory.At("state"),
            "--socket", Socket];
        child = ChildProcess.Start(all[0], all[1..]);
    }

    public async Task KillAsync() => await Process.KillAsync();

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        stops.Add(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        return await Process.TerminateAsync(StopWithin);
    }

    /// <summary>True for a value whose answer may have been on its way when the agent was told to stop.</summary>
    public bool WasOnItsWayAtAStop(Served served) =>
        stops.Exists(stop => Math.Abs(served.AtMilliseconds - stop) <= OnItsWayMilliseconds);

    public Task<(int Code, string Text)> CheckAsync() => VerbAsync("check", "--config", ConfigurationFile);

    /// <summary>What a technician reads at the gateway.</summary>
    public Task<(int Code, string Text)> StatusAsync(bool json = false) =>
        VerbAsync(json ? ["status", "--json", "--socket", Socket] : ["status", "--socket", Socket]);

    public async Task<JsonElement> StatusJsonAsync()
    {
        var (code, text) = await StatusAsync(json: true);
        if (code != 0)
        {
            throw new InvalidOperationException($"status ended with {code}: {text}\nThe agent said:\n{Process.Tail()}");
        }

        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    /// <summary>Waits until status shows the words, for a person, and returns what it showed.</summary>
    public async Task<string> StatusSaysAsync(string words, TimeSpan within)
    {
        var shown = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                (_, shown) = await StatusAsync();
                return shown.Contains(words, StringComparison.OrdinalIgnoreCase);
            },
            within,
            () => $"status never said '{words}'. It says:\n{shown}\nThe agent's log:\n{Process.Tail()}");
        return shown;
    }

    public async Task<TimeSpan> ConnectedAsync(TimeSpan within) => await UplinkIsAsync("connected", within);

    public async Task<TimeSpan> UplinkIsAsync(string state, TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        var seen = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                var (code, text) = await VerbAsync("status", "--json", "--socket", Socket);
                seen = text;
                return code == 0 && UplinkState(text) == state;
            },
            within,
            () => $"the uplink never was '{state}'. Status: {seen}\nThe agent's log:\n{Process.Tail()}");
        return watch.Elapsed;
    }

    public async ValueTask DisposeAsync()
    {
        if (child is not null)
        {
            await child.DisposeAsync();
        }
    }

    private static string UplinkState(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("uplink").GetProperty("state").GetString()!;
    }

    // The verbs run as the native binary even where the agent itself runs under emulation: the socket is the same.
    public static Task<(int Code, string Text)> VerbAsync(params string[] arguments) =>
        ChildProcess.RunAsync(Binary("linux-x64"), arguments);

    private static string Card(FieldConfiguration wish) =>
        wish.Interface is { } card ? $"\"interface\": \"{card}\"," : "";

    private string Json(FieldConfiguration wish) => $$"""
        {
          // written by the field tests
          "gateway": { "site": "plant1", "id": "{{Id}}" },
          "broker": {
            "host": "{{wish.BrokerHost}}", "addresses": ["{{wish.BrokerAddress}}"], "port": {{wish.BrokerPort}},
            "network": "{{wish.BrokerNetwork}}", {{Card(wish)}}
            "keepAlive": "{{wish.KeepAlive}}", "tlsMin": "{{wish.TlsMin}}"
          },
          "time": { "clock": "{{wish.Clock}}" },
          "identity": { "directory": "{{IdentityDirectory}}", "key": "file" },
          "buffer": {
            "directory": "{{BufferDirectory}}", "sizeMax": "{{wish.SizeMax}}", "commitEvery": "{{wish.CommitEvery}}"
          },
          "publish": { "messageBytesMax": "{{wish.MessageBytesMax}}", "rateMax": "{{wish.RateMax}}",
                       "acknowledgedBy": "{{wish.AcknowledgedBy}}", "compress": "{{wish.Compress}}" },
          "sources": {
            "plc": { "kind": "modbus-tcp", "address": "{{wish.PlantAddress}}", "port": {{wish.PlantPort}}, "unitId": 1,
                     "every": "{{wish.Every}}", "timeout": "500 ms", "signals": "plant.csv" },
            "demo": { "kind": "simulated", "every": "{{wish.MadeUpEvery}}", "signals": "made-up.csv" },
            {{wish.MoreSources}}
          },
        }
        """;
}
