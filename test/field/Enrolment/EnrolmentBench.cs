using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// A gateway without an identity, a CA that sluice-provision made, a broker with its files that does not run yet, and a
/// folder that is the stick. What every verb printed is kept.
/// </summary>
internal sealed class EnrolmentBench : IAsyncDisposable
{
    private readonly List<string> said = [];

    private EnrolmentBench()
    {
        Gateway = new FieldGateway(Directory);
        Ca = new PlantCa(Directory);
        string At(string file) => Directory.At("broker", file);
        Broker = new MosquittoBroker(
            Directory, new BrokerFiles(At("server.pem"), At("server.key"), At("ca.pem"), At("crl.pem")));
    }

    public FieldDirectory Directory { get; } = new();

    public FieldGateway Gateway { get; }

    public PlantCa Ca { get; }

    public MosquittoBroker Broker { get; }

    public string Stick => Directory.At("stick");

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>All that was printed, by either program.</summary>
    public IReadOnlyList<string> Said => said;

    public static async Task<EnrolmentBench> MakeAsync()
    {
        var bench = new EnrolmentBench();
        System.IO.Directory.CreateDirectory(bench.Stick);
        await bench.Ca.MakeAsync();
        await bench.Ca.BrokerAsync(MosquittoBroker.Host, bench.Broker.Port, bench.Directory.At("broker"));
        bench.Gateway.WithConfiguration(new FieldConfiguration
        {
            BrokerPort = bench.Broker.Port, PlantPort = bench.Broker.Port,
        });
        return bench;
    }

    /// <summary>A verb of the gateway, which must work; its report.</summary>
    public async Task<JsonElement> FineAsync(params string[] verb)
    {
        var (code, text) = await VerbAsync([.. verb, "--json"]);
        Assert.True(code == 0, $"{code}: {text}");
        using var report = JsonDocument.Parse(text);
        return report.RootElement.Clone();
    }

    public async Task<(int Code, string Text)> VerbAsync(params string[] verb) => Kept(await ChildProcess.RunAsync(
        FieldGateway.Binary("linux-x64"), ["identity", .. verb, "--config", Gateway.ConfigurationFile]));

    public async Task<(int Code, string Text)> ToolAsync(params string[] verb) =>
        Kept(await ChildProcess.RunAsync(PlantCa.Binary, [.. verb, "--ca", Ca.Folder]));

    /// <summary>A program with a person in front of it, who answers; what stood on the screen.</summary>
    /// <param name="program">With its arguments.</param>
    /// <param name="answers">What a line of the screen holds, and what is typed then.</param>
    public async Task<string> ByHandAsync(string[] program, params (string Asked, string Typed)[] answers)
    {
        await using var terminal = await Terminal.StartAsync(Directory, program[0], program[1..]);
        foreach (var (asked, typed) in answers)
        {
            await terminal.SaysAsync(asked, Patience);

            // What is waited for is a line; the question behind it is none, and comes a moment later.
            await Task.Delay(TimeSpan.FromMilliseconds(500));
            await terminal.TypeAsync(typed);
        }

        // A renewal is waited for by its verb, a minute at most.
        await terminal.ExitAsync(Patience * 3);
        said.Add(terminal.Text);
        Assert.True(terminal.ExitCode == 0, terminal.Text);
        return terminal.Text;
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Broker.DisposeAsync();
        Directory.Dispose();
    }

    private (int Code, string Text) Kept((int Code, string Text) ended)
    {
        said.Add(ended.Text);
        return ended;
    }
}
