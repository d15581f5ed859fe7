using System.Text.Json;
using Sluice.Agent;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Commissioning;

/// <summary>
/// sluice-agent doctor beside the agent that runs, and without it, against mosquitto and pymodbus; and the live view at
/// a real terminal.
/// </summary>
public sealed class Examined
{
    private static readonly string[] Broker =
        ["broker-reached", "broker-tls", "broker-accepts", "broker-lets-hear", "broker-lets-publish"];

    [Fact]
    public async Task Without_an_agent_it_asks_broker_and_machine_itself_and_finds_what_was_broken()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        var (code, sound) = await ExamineAsync(plant);
        Assert.True(code == ExitCode.Fine, Told(sound));
        Assert.False(sound.GetProperty("agentRuns").GetBoolean());
        Assert.All([.. Broker, "identity-there", "key-mode", "certificate-dates", "source-reached", "unit-answers"],
            check => Assert.True(Verdict(sound, check) == "ok", $"{check}\n{Told(sound)}"));
        Assert.Contains(plant.Broker.Process.Lines, line => line.Contains($"{FieldGateway.Id}.verify"));

        const UnixFileMode ownersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var key = Path.Combine(plant.Gateway.IdentityDirectory, "current", "key.pem");
        File.SetUnixFileMode(key, ownersOnly | UnixFileMode.OtherRead);
        (code, var open) = await ExamineAsync(plant);
        Assert.Equal((ExitCode.Unclear, "bad"), (code, Verdict(open, "key-mode")));
        Assert.Equal("unknown", Verdict(open, "broker-reached"));

        File.SetUnixFileMode(key, ownersOnly);
        await plant.Broker.StopAsync();
        await plant.Machine.DisposeAsync();
        (code, var broken) = await ExamineAsync(plant);
        Assert.True(code == ExitCode.Unclear, Told(broken));
        Assert.Equal("bad", Verdict(broken, "broker-reached"));
        Assert.Equal("unknown", Verdict(broken, "broker-tls"));
        Assert.Equal("bad", Verdict(broken, "source-reached"));
        Assert.Equal("unknown", Verdict(broken, "unit-answers"));
    }

    [Fact]
    public async Task Beside_the_agent_it_makes_no_session_of_its_own_and_tells_what_the_agent_knows()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        await plant.ServesAsync(20);
        var before = await ConnectsAsync(plant);
        var (code, found) = await ExamineAsync(plant);

        Assert.True(code == ExitCode.Fine, Told(found));
        Assert.True(found.GetProperty("agentRuns").GetBoolean());
        Assert.All([.. Broker, "agent-answers", "configuration-runs", "session-alone", "source-reached",
            "unit-answers", "signals-good", "backlog", "buffer-writable"],
            check => Assert.True(Verdict(found, check) == "ok", $"{check}\n{Told(found)}"));
        Assert.DoesNotContain(plant.Broker.Process.Lines, line => line.Contains(".verify"));
        Assert.Equal(before, await ConnectsAsync(plant));

        // A configuration that nothing could start with is said first, and the agent goes on.
        await File.WriteAllTextAsync(plant.Gateway.ConfigurationFile, "{ \"gateway\": ");
        (code, found) = await ExamineAsync(plant);
        Assert.Equal(ExitCode.Configuration, code);
        Assert.Equal("bad", Verdict(found, "configuration-right"));
        Assert.Equal(0, await plant.Gateway.StopAsync());
    }

    [Fact]
    public async Task The_live_view_moves_at_a_terminal_and_ends_with_q_and_with_Ctrl_C()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        await plant.ServesAsync(20);

        string[] watch = ["-c", "stty cols 110 rows 40; exec \"$0\" watch --every 0.3 --socket \"$1\"",
            FieldGateway.Binary("linux-x64"), plant.Gateway.Socket];
        await using (var terminal = await Terminal.StartAsync(plant.Directory, "/bin/sh", watch))
        {
            await terminal.SaysAsync("PUBACK", FieldPlant.Soon);
            await terminal.SaysAsync("plc/count", FieldPlant.Soon);

            // A course that has grown, and a rate: it drew more than one picture.
            await Eventually.HoldsAsync(
                () => terminal.Text.Contains("/s acknowledged") && terminal.Text.Any(c => c is '▂' or '▃' or '▇'),
                FieldPlant.Soon, () => terminal.Text);
            await terminal.PressAsync("q");
            await terminal.ExitAsync(FieldPlant.Soon);
            Assert.True(terminal.ExitCode == ExitCode.Fine, $"{terminal.ExitCode}: {terminal.Text}");
        }

        await using (var terminal = await Terminal.StartAsync(plant.Directory, "/bin/sh", watch))
        {
            await terminal.SaysAsync("PUBACK", FieldPlant.Soon);
            await terminal.PressCtrlCAsync();
            await terminal.ExitAsync(FieldPlant.Soon);
            Assert.True(terminal.ExitCode == ExitCode.Fine, $"{terminal.ExitCode}: {terminal.Text}");
        }

        var (code, piped) = await FieldGateway.VerbAsync(
            "watch", "--every", "0.3", "--signals", "count", "--socket", plant.Gateway.Socket);
        Assert.Equal(ExitCode.Fine, code);
        Assert.Contains("plc/count", piped);
        Assert.DoesNotContain("plc/half", piped);
        Assert.DoesNotContain('\x1b', piped);

        var (status, screen) = await plant.Gateway.StatusAsync();
        Assert.Equal(ExitCode.Fine, status);
        Assert.Matches("ok +Uplink +connected", screen);
        Assert.Matches("ok +plc/count +[0-9]+ +Good", screen);
        Assert.Equal(0, await plant.Gateway.StopAsync());
        Assert.Equal(ExitCode.Unavailable, (await FieldGateway.VerbAsync(
            "watch", "--socket", plant.Gateway.Socket)).Code);
    }

    private static async Task<(int Code, JsonElement Report)> ExamineAsync(FieldPlant plant)
    {
        var (code, text) = await FieldGateway.VerbAsync(
            "doctor", "--json", "--config", plant.Gateway.ConfigurationFile, "--socket", plant.Gateway.Socket);
        using var report = JsonDocument.Parse(text);
        return (code, report.RootElement.Clone());
    }

    /// <summary>Connections that the agent made to the machine: nobody took its place.</summary>
    private static async Task<long> ConnectsAsync(FieldPlant plant) => (await plant.Gateway.StatusJsonAsync())
        .GetProperty("sources").EnumerateArray().First(source => source.GetProperty("name").GetString() == "plc")
        .GetProperty("counters").GetProperty("connects").GetInt64();

    private static string Verdict(JsonElement report, string check) => report.GetProperty("findings").EnumerateArray()
        .First(finding => finding.GetProperty("check").GetString() == check).GetProperty("verdict").GetString()!;

    private static string Told(JsonElement report) => string.Join('\n', report.GetProperty("findings").EnumerateArray()
        .Where(finding => finding.GetProperty("verdict").GetString() is not ("ok" or "none"))
        .Select(finding => finding.ToString()));
}
