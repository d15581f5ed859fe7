using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>
/// The agent at 1970, two years behind and past 2038, against a mosquitto whose clock is right: what is the clock's
/// fault is called the clock's, and what is the certificate's is called the certificate's.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Wrong_clocks_on_a_real_kernel(VirtualGateway machine)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A kernel takes no time before its own start, so 1970 begins in February.</summary>
    [Theory]
    [InlineData("1970-02-01", false, "connected", "clock is not set")]
    [InlineData("two years behind", false, "connected", "clock is not set")]
    [InlineData("2038-02-01", false, "waiting", "clock")]
    [InlineData("2038-02-01", true, "waiting", "expired")]
    public async Task Clock_and_certificate_are_told_apart(string wall, bool isSet, string uplink, string told)
    {
        await using var outside = await MesOutside.StartAsync();
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var agent = await GuestAgent.PrepareAsync(machine, outside, chip, ["lamp,gpio:DI1,bool"]);
        try
        {
            await GuestClock.SetByHandAsync(machine, Moment(wall));
            if (isSet)
            {
                await GuestClock.DeclareSynchronisedAsync(machine);
            }

            await agent.StartAsync();
            JsonElement? status = null;
            await Eventually.HoldsAsync(
                async () => (status = await agent.StatusAsync()) is { } seen && Said(seen).Contains(told)
                    && seen.GetProperty("uplink").GetProperty("state").GetString() == uplink,
                Patience, () => $"never {uplink}, '{told}': {status}");

            var said = Said(status!.Value);
            Assert.Equal(Moment(wall).Year, status.Value.GetProperty("now").GetDateTime().Year);
            Assert.Equal(told == "expired", said.Contains("expired", StringComparison.Ordinal));
            if (!isSet)
            {
                // Nothing runs by a clock that nobody set: no renewal, no warning of an end.
                var renewal = status.Value.GetProperty("renewal");
                Assert.Equal("idle", renewal.GetProperty("state").GetString());
                Assert.Equal(0, renewal.GetProperty("run").GetInt32());
            }

            if (uplink == "connected")
            {
                await outside.UntilAsync(
                    () => outside.Course("line/lamp").Contains("false Uncertain/ClockNotSet"), agent);
            }
        }
        finally
        {
            await GuestClock.SetAsync(machine);
        }
    }

    private static string Said(JsonElement status) =>
        string.Join('\n', status.GetProperty("attention").EnumerateArray().Select(line => line.GetString()));

    private static DateTimeOffset Moment(string wall) => wall == "two years behind"
        ? TimeProvider.System.GetUtcNow().AddYears(-2)
        : DateTimeOffset.Parse($"{wall}T00:05:00Z", System.Globalization.CultureInfo.InvariantCulture);
}
