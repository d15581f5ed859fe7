using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Agent.Standing;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Uplink;

/// <summary>Two real agents with one identity at one mosquitto, which ends the older session each time.</summary>
public sealed partial class One_identity_twice
{
    [Fact]
    public async Task Is_an_alarm_after_a_few_times_and_no_ping_pong()
    {
        await using var plant = await FieldPlant.StartAsync();
        using var elsewhere = new FieldDirectory();
        await using var other = new FieldGateway(elsewhere).WithConfiguration(plant.Configuration);
        Copy(plant.Gateway.IdentityDirectory, other.IdentityDirectory);
        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);

        // A broker that names who took it says so at the third time; mosquitto 2.0.11 names nobody: at the sixth.
        var seen = await TakenFromAsync(plant.Gateway);
        while (!seen.Contested)
        {
            Assert.InRange(seen.Named, 0, TakeoverWatch.AlarmAt - 1);
            Assert.InRange(seen.Wordless, 0, TakeoverWatch.SuspectAt - 1);
            var before = seen;
            other.Start();
            await Eventually.HoldsAsync(
                async () => (seen = await TakenFromAsync(plant.Gateway)) != before, FieldPlant.Soon,
                () => $"not taken after {before}. {plant.Gateway.Process.Tail()}");
            if (!seen.Contested)
            {
                // Once it is back, the other one has lost the session; a start makes that one quick again.
                await plant.Gateway.ConnectedAsync(FieldPlant.Later + FieldPlant.Soon);
            }

            Assert.Equal(0, await other.StopAsync());
        }

        Assert.True(
            seen is { Named: TakeoverWatch.AlarmAt } or { Named: 0, Wordless: TakeoverWatch.SuspectAt }, $"{seen}");
        var shown = await plant.Gateway.StatusSaysAsync("omebody else uses this gateway's identity", FieldPlant.Soon);
        Assert.Contains("Find the copied card", shown, StringComparison.Ordinal);
        Assert.Single(plant.Gateway.Process.Lines, line => line.Contains("[3013]", StringComparison.Ordinal));
        var wait = Waits().Matches(string.Join('\n', plant.Gateway.Process.Lines))[^1].Groups[1].Value;
        var waitMin = seen.Named > 0 ? TakeoverWatch.WaitMin : TimeSpan.FromSeconds(30);
        Assert.True(double.Parse(wait, CultureInfo.InvariantCulture) >= waitMin.TotalSeconds, wait);
    }

    private static async Task<(long Named, long Wordless, bool Contested)> TakenFromAsync(FieldGateway gateway)
    {
        var uplink = (await gateway.StatusJsonAsync()).GetProperty("uplink");
        return (uplink.GetProperty("takenOver").GetInt64(), uplink.GetProperty("closedWordless").GetInt64(),
            uplink.GetProperty("contested").GetBoolean());
    }

    private static void Copy(string from, string to)
    {
        var (code, said) = ChildProcess.RunAsync("/usr/bin/cp", "-a", from, to).GetAwaiter().GetResult();
        Assert.True(code == 0, said);
    }

    [GeneratedRegex("the next try comes in ([0-9.]+) s")]
    private static partial Regex Waits();
}
