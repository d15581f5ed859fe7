using System.Text.Json;
using Sluice.Agent;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// The published agent with a card that was copied: the same directories, and a kernel that says another board and
/// another card. Each machine is a mount namespace.
/// </summary>
public sealed class Copied_card
{
    [Fact]
    public async Task Stops_says_so_everywhere_and_goes_on_when_somebody_adopts_it()
    {
        await using var plant = await FieldPlant.StartAsync();
        var own = plant.Gateway;
        string[] first = OtherMachine.With("board-1", "card-1", plant.Directory.Root);
        string[] second = OtherMachine.With("board-2", "card-2", plant.Directory.Root);
        await using var here = Like(plant, first);
        await using var copy = Like(plant, second);

        here.Start();
        await here.ConnectedAsync(FieldPlant.Soon);
        await here.Process.SaysAsync("bound to board board-1 with storage card-1", FieldPlant.Soon);
        await plant.ServesAsync(here, 5);
        Assert.Equal(0, await here.StopAsync());
        here.Start();
        await here.ConnectedAsync(FieldPlant.Soon);
        Assert.Equal(0, await here.StopAsync());

        copy.Start();
        // The connection says it first, and what stands of the identity a moment later.
        await copy.StatusSaysAsync("this is board board-2 with storage card-2", FieldPlant.Soon);
        var shown = await copy.StatusSaysAsync("Certificate    withdrawn", FieldPlant.Soon);
        Assert.Contains("identity adopt", shown, StringComparison.Ordinal);
        await plant.ServesAsync(copy, 20);
        Assert.DoesNotContain(copy.Process.Lines, line => line.Contains("Connected to", StringComparison.Ordinal));

        var (checkCode, check) = await RunAsync(second, "check", "--config", own.ConfigurationFile);
        Assert.True(checkCode == ExitCode.Fine && check.Contains("board-2", StringComparison.Ordinal), check);
        foreach (var verb in new[] { "status", "init", "verify", "activate", "rollback", "export", "import" })
        {
            string[] more = verb is "export" or "import" ? [plant.Directory.Root] : [];
            var (code, text) = await RunAsync(
                second, ["identity", verb, .. more, "--json", "--config", own.ConfigurationFile]);
            Assert.True(code == ExitCode.Unclear, $"{verb}: {code}: {text}");
            using var report = JsonDocument.Parse(text);
            Assert.Equal("OtherMachine", report.RootElement.GetProperty("refusal").GetString());
        }

        var doubted = await RunAsync(second, "identity", "adopt", "--config", own.ConfigurationFile);
        Assert.True(doubted.Code == ExitCode.Unclear, doubted.Text);
        var adopted = await RunAsync(second, "identity", "adopt", "--yes", "--config", own.ConfigurationFile);
        Assert.True(adopted.Code == ExitCode.Fine, adopted.Text);
        await copy.ConnectedAsync(FieldPlant.Later + FieldPlant.Later);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, copy);
        Assert.Equal(0, await copy.StopAsync());

        here.Start();
        await here.StatusSaysAsync("this is board board-1 with storage card-1", FieldPlant.Soon);
        Assert.Equal(0, await here.StopAsync());
    }

    private static FieldGateway Like(FieldPlant plant, string[] machine) => new(plant.Directory) { Inside = machine };

    private static Task<(int Code, string Text)> RunAsync(string[] machine, params string[] arguments) =>
        ChildProcess.RunAsync(machine[0], [.. machine[1..], FieldGateway.Binary("linux-x64"), .. arguments]);
}
