using System.Text.Json;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Egress;

/// <summary>
/// The agent as it is shipped, locked in by this machine's kernel, at work. What it tries in order to get out ends
/// before anything leaves the machine.
/// </summary>
public sealed class The_jail
{
    private const int Unclear = 65;

    [Fact]
    public async Task Every_thread_is_inside_and_each_way_out_is_shut_while_readings_flow()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(20);

        var jail = (await plant.Gateway.StatusJsonAsync()).GetProperty("jail");
        Assert.InRange(jail.GetProperty("landlock").GetInt32(), 4, int.MaxValue);
        Assert.True(jail.GetProperty("filters").GetBoolean());
        var threads = Directory.GetDirectories($"/proc/{plant.Gateway.Process.Id}/task");
        Assert.True(threads.Length > 3);
        Assert.Equal("sluice-agent\n", await File.ReadAllTextAsync($"/proc/{plant.Gateway.Process.Id}/comm"));
        Assert.All(threads, thread =>
        {
            var status = File.ReadAllText(Path.Combine(thread, "status"));
            Assert.Contains("NoNewPrivs:\t1", status, StringComparison.Ordinal);
            Assert.Contains("Seccomp:\t2", status, StringComparison.Ordinal);

            // The walls, and the door that shut when everything had started.
            Assert.Contains("Seccomp_filters:\t2", status, StringComparison.Ordinal);
        });

        var (code, said) = await ProveAsync(plant.Gateway);
        Assert.True(code == 0, said);
        Assert.Equal(10, said.Split("stopped by ").Length - 1);
        Assert.Equal(
            ["other-port landlock", "datagram seccomp", "raw seccomp", "netlink seccomp", "multipath seccomp",
                "listen seccomp", "service seccomp", "exec seccomp", "write-outside landlock", "read-outside landlock"],
            await AttemptsAsync(plant.Gateway));
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        const string told = """{"attempt":"exec","outcome":"seccomp"}""";
        await Eventually.HoldsAsync(
            () => plant.Mes.Arrivals.Any(arrival => arrival.Topic == "posture"
                && arrival.Payload.Contains(told, StringComparison.Ordinal)),
            TimeSpan.FromSeconds(90), () => $"no posture with a proof. {plant.Mes.Account()}");
        Assert.Equal(0, await plant.Gateway.StopAsync());
    }

    /// <summary>
    /// Somebody starts the agent with the word that says that it is locked in already. It has no network here: what its
    /// missing fence lets out must not reach anything.
    /// </summary>
    [Fact]
    public async Task A_claim_to_be_locked_in_is_found_out_by_trying()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        plant.Gateway.Start();
        await plant.ServesAsync(1);
        var status = await plant.Gateway.StatusJsonAsync();
        var hash = status.GetProperty("configuration").GetProperty("hash").GetString();
        Assert.Equal(0, await plant.Gateway.StopAsync());

        await using var forged = new FieldGateway(plant.Directory)
        {
            Inside = ["/usr/bin/unshare", "--net", "/usr/bin/env", $"SLUICE_JAIL=7 {hash}"],
        };
        forged.Start();
        await forged.StatusSaysAsync("could write outside its own folders", FieldPlant.Soon);

        var (code, said) = await ProveAsync(forged);
        Assert.Equal(Unclear, code);
        Assert.Contains("NOT STOPPED", said, StringComparison.Ordinal);
        var attempts = await AttemptsAsync(forged);
        Assert.Contains("other-port untried", attempts);
        Assert.Contains("read-outside open", attempts);

        // What it did itself stands: the filter asks nobody whether it is there.
        Assert.Contains("exec seccomp", attempts);
        await forged.Process.SaysAsync("could write outside", FieldPlant.Soon);
    }

    [Fact]
    public async Task Walls_for_another_configuration_are_not_gone_on_with()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        await using var stale = new FieldGateway(plant.Directory)
        {
            Inside = ["/usr/bin/unshare", "--net", "/usr/bin/env", $"SLUICE_JAIL=7 {new string('0', 64)}"],
        };
        stale.Start();
        await stale.Process.ExitAsync(FieldPlant.Soon);

        Assert.Equal(69, stale.Process.ExitCode);
        Assert.Contains("to be started again", stale.Process.Tail(), StringComparison.Ordinal);
    }

    private static Task<(int Code, string Text)> ProveAsync(FieldGateway gateway) =>
        ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"), "prove", "--socket", gateway.Socket);

    private static async Task<List<string>> AttemptsAsync(FieldGateway gateway)
    {
        var proof = (await gateway.StatusJsonAsync()).GetProperty("jail").GetProperty("proof");
        return
        [
            .. proof.GetProperty("attempts").EnumerateArray().Select(each => $"{Word(each, "attempt")} "
                + (Word(each, "by") is { Length: > 0 } by ? by : Word(each, "verdict"))),
        ];
    }

    private static string Word(JsonElement attempt, string name) => attempt.GetProperty(name).GetString()!;
}
