using System.Globalization;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Commissioning.Golden;

namespace Sluice.Fast.Commissioning;

/// <summary>A folder with a gateway.json and one list, and the verbs of sluice-agent run on it in this process.
/// </summary>
internal sealed class CommissionedGateway : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-commissioning").FullName;

    public CommissionedGateway(string source, string list)
    {
        File.WriteAllText(Configuration, $$"""
            {
              "gateway": { "site": "plant1", "id": "gw-042" },
              "broker": { "host": "mes-broker", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
              "sources": { "hmi1": { {{source}}, "signals": "hmi1.csv" } }
            }
            """);
        File.WriteAllText(ListPath, list);
    }

    public string Configuration => At("gateway.json");

    public string ListPath => At("hmi1.csv");

    public string GoldenPath => At(GoldenFile.NameFor("hmi1.csv"));

    public string SocketPath => At("status.sock");

    /// <summary>A person sits there.</summary>
    public bool IsTerminal { get; init; }

    public static string Panel(int port, string timeout = "5 s") => string.Create(
        CultureInfo.InvariantCulture,
        $"\"kind\": \"modbus-tcp\", \"address\": \"127.0.0.1\", \"port\": {port}, \"profile\": \"weintek\", "
            + $"\"timeout\": \"{timeout}\"");

    public string At(string name) => Path.Combine(directory, name);

    public Task<Said> RunAsync(params string[] arguments) => RunAsync(TextReader.Null, arguments);

    public async Task<Said> RunAsync(TextReader input, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = await new AgentCommandLine
        {
            Output = TextWriter.Synchronized(output),
            Error = TextWriter.Synchronized(error),
            Input = input,
            IsTerminal = IsTerminal,
            Clock = new HurriedClock(10),
        }.InvokeAsync(arguments, Xunit.TestContext.Current.CancellationToken);
        return new Said(output.ToString(), error.ToString(), code);
    }

    public Task<Said> OnSourceAsync(TextReader input, string verb, params string[] arguments) =>
        RunAsync(input, [verb, "--config", Configuration, "--socket", SocketPath, .. arguments]);

    public void Dispose() => Directory.Delete(directory, recursive: true);
}

internal sealed record Said(string Output, string Error, int Code)
{
    public string All => Output + Error;
}
