using System.Globalization;
using System.Text.Json;
using Sluice.Plant.Keys;

namespace Sluice.Field.Parts.Peers;

/// <summary>sluice-mes as a process of its own, as an MES team would run it.</summary>
internal sealed class ReferenceReceiver(
    MosquittoBroker broker, (string Certificate, string Key) identity, string database)
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "sluice-mes");

    public ReferenceReceiver(FieldPlant plant, string database)
        : this(plant.Broker, plant.Keys.WriteClientFiles(plant.Directory.At("receiver"), "mes"), database)
    {
    }

    public ChildProcess Start(params string[] more) =>
        ChildProcess.Start(Program, ["receive", "--database", database, .. Door(), .. more]);

    /// <summary>Asks the gateway once more for what is missing; returns when the broker has it.</summary>
    public Task<(int Code, string Text)> ReplayAsync() => ChildProcess.RunAsync(
        Program, ["replay", "--database", database, "--gateway", FieldGateway.Id, .. Door()]);

    /// <summary>The verdict and what it says.</summary>
    public async Task<(int Code, string Text)> VerifyAsync() =>
        await ChildProcess.RunAsync(Program, "verify", "--database", database);

    public Task<(int Code, string Text)> ProducedAsync(string signal, int width) => ChildProcess.RunAsync(
        Program, "produced", "--database", database, "--gateway", FieldGateway.Id, "--signal", signal, "--width",
        width.ToString(CultureInfo.InvariantCulture));

    public Task<JsonElement> ProofAsync() => JsonAsync("verify");

    /// <summary>The latest reading of each signal, and the lag of each gateway.</summary>
    public Task<JsonElement> LatestAsync() => JsonAsync("latest");

    /// <summary>Waits until everything that the gateway produced up to now is stored and proved.</summary>
    public async Task IsWholeAsync(TimeSpan within)
    {
        var bound = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (code, text) = await VerifyAsync();
            if (code == 0)
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(bound) > within)
            {
                throw new TimeoutException($"The receiver's database is not whole:\n{text}");
            }

            await Task.Delay(100);
        }
    }

    private async Task<JsonElement> JsonAsync(string verb)
    {
        var (_, text) = await ChildProcess.RunAsync(Program, verb, "--json", "--database", database);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private string[] Door() =>
    [
        "--site", "plant1", "--host", MosquittoBroker.Host,
        "--broker", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{broker.Port}"),
        "--chain", identity.Certificate, "--key", identity.Key, "--roots", broker.Files.Authority,
    ];
}
