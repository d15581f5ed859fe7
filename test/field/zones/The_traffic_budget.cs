using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Zones;

/// <summary>
/// What the agent itself puts on its two networks, counted by the cards' own counters, headers and all. That a whole
/// day of backlog keeps to the rate is shown in the simulated world; here a backlog that is as good as endless shows
/// what becomes of the rate on a real link.
/// </summary>
[Collection(nameof(ZonesLab))]
public sealed class The_traffic_budget(ITestOutputHelper output)
{
    private const int RateBytesPerSecond = 64 << 10;
    private const int LargestMessage = 64 << 10;

    /// <summary>Of MQTT, TLS, TCP, IP and Ethernet together, on top of the payload; the officer's guide says so.
    /// </summary>
    private const double HeadersShare = 0.15;

    /// <summary>Reads a second: three signals of the PLC each 50 ms, three of the panel each 200 ms.</summary>
    private const int ReadsPerSecond = (3 * 20) + (3 * 5);

    /// <summary>
    /// A request of 12 bytes, an answer of 9 and the registers, and two frames more that acknowledge; each in 66 bytes
    /// of TCP, IP and Ethernet.
    /// </summary>
    private const int BytesPerReadMax = 12 + 9 + (2 * 5) + (4 * 66);

    private static readonly TimeSpan Stretch = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Of_a_backfill_is_not_exceeded_on_the_link_to_the_broker_nor_on_that_to_the_machines()
    {
        await using var plant = await ZonesPlant.StartAsync();
        await File.WriteAllLinesAsync(
            plant.Lab.Directory.At("etc", "waves.csv"),
            ["signal,address,type,report", .. Enumerable.Range(1, 100).Select(n => $"wave{n},sine,float64,always")]);
        await File.WriteAllTextAsync(plant.Lab.ConfigurationFile, ZonePolicy.Configuration(
            plant.Lab.Directory, "64 KiB/s",
            "\n\"waves\": { \"kind\": \"simulated\", \"every\": \"50 ms\", \"signals\": \"waves.csv\" },"));
        await plant.Lab.StandAsync(Layers.Host | Layers.Firewalls);

        // So that a card counts what a wire would carry: no frame of many packets, and each with its headers.
        foreach (var card in new[] { "dmz0", "ot0" })
        {
            await plant.Lab.InAsync("gateway", "/usr/sbin/ip", "link", "set", "dev", card, "gso_max_segs", "1");
        }

        await plant.Broker.StopAsync();
        plant.Gateway.Start();
        await Eventually.HoldsAsync(
            async () => await WaitingAsync(plant) > 20_000, FieldPlant.Later, () => plant.Gateway.Process.Tail());
        await plant.Broker.StartAsync();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);

        var (watch, before) = (Stopwatch.StartNew(), await CountAsync(plant));
        await Task.Delay(Stretch);
        var (took, after) = (watch.Elapsed.TotalSeconds, await CountAsync(plant));
        Assert.True(await WaitingAsync(plant) > 1000, "the backlog was gone before the end: nothing was held up");

        var up = (after.DmzSent - before.DmzSent) / took;
        var machines = (after.Machines - before.Machines) / took;
        var most = (RateBytesPerSecond + ((RateBytesPerSecond + LargestMessage) / took)) * (1 + HeadersShare);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{took:0.0} s of backfill. To the broker {up:0} bytes/s; publish.rateMax {RateBytesPerSecond}, with "
            + $"headers, a second saved up and one message {most:0} at most. Machines, both ways {machines:0} bytes/s; "
            + $"{ReadsPerSecond * BytesPerReadMax} at most"));
        Assert.InRange(up, 0.8 * RateBytesPerSecond, most);
        Assert.InRange(machines, 1, ReadsPerSecond * BytesPerReadMax);
        Assert.Equal(0, await plant.Gateway.StopAsync());
    }

    private static async Task<long> WaitingAsync(ZonesPlant plant)
    {
        var (code, text) = await plant.Gateway.StatusAsync(json: true);
        if (code != 0)
        {
            return 0;
        }

        using var status = JsonDocument.Parse(text);
        return status.RootElement.GetProperty("buffer").GetProperty("waiting").GetInt64();
    }

    private static async Task<(long DmzSent, long Machines)> CountAsync(ZonesPlant plant)
    {
        using var listed = JsonDocument.Parse(await plant.Lab.InAsync(
            "gateway", "/usr/sbin/ip", "-s", "-j", "link", "show"));
        long Bytes(string card, string way) => listed.RootElement.EnumerateArray()
            .Single(one => one.TryGetProperty("ifname", out var name) && name.GetString() == card)
            .GetProperty("stats64").GetProperty(way).GetProperty("bytes").GetInt64();
        return (Bytes("dmz0", "tx"), Bytes("ot0", "tx") + Bytes("ot0", "rx"));
    }
}
