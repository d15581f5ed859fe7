using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Uplink;

/// <summary>The published agent's posture, held against what others say of the same things.</summary>
public sealed class Posture_told
{
    [Fact]
    public async Task Of_certificate_connection_build_and_disk_is_what_openssl_mosquitto_and_df_say()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        var posture = await NextAsync(plant, after: 0);

        var chain = Path.Combine(plant.Gateway.IdentityDirectory, "current", "chain.pem");
        var (_, openssl) = await ChildProcess.RunAsync(
            "/usr/bin/openssl", "x509", "-in", chain, "-noout", "-serial", "-enddate", "-dateopt", "iso_8601");
        var said = openssl.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1].Trim());
        var certificate = posture.GetProperty("certificate");
        Assert.Equal(said["serial"], certificate.GetProperty("serial").GetString());
        Assert.Equal(
            said["notAfter"].Replace(' ', 'T').Replace("Z", ".000Z", StringComparison.Ordinal),
            certificate.GetProperty("notAfter").GetString());

        var (_, update) = await ChildProcess.RunAsync(
            "/usr/bin/openssl", "crl", "-in", Path.Combine(plant.Gateway.IdentityDirectory, "current", "crl.pem"),
            "-noout", "-lastupdate", "-dateopt", "iso_8601");
        Assert.Contains(
            update.Split('=')[1].Trim().Replace(' ', 'T').Replace("Z", ".000Z", StringComparison.Ordinal),
            posture.GetProperty("revocationLists").EnumerateArray()
                .Select(list => list.GetProperty("thisUpdate").GetString()));
        Assert.All(
            posture.GetProperty("revocationLists").EnumerateArray(),
            list => Assert.True(list.GetProperty("ageSeconds").GetInt64() >= 0));

        Assert.Equal(0, posture.GetProperty("listeners").GetInt32());
        var (_, hash) = await ChildProcess.RunAsync(
            "/bin/sh", "-c", $"'{plant.Gateway.Program[0]}' version --components | sha256sum");
        Assert.Equal(
            hash.Split(' ')[0], posture.GetProperty("components").GetProperty("hash").GetString());

        var status = await plant.Gateway.StatusJsonAsync();
        Assert.Equal(
            status.GetProperty("configuration").GetProperty("hash").GetString(),
            posture.GetProperty("config").GetString());
        var (_, size) = await ChildProcess.RunAsync(
            "/usr/bin/df", "--block-size=1", "--output=size", plant.Gateway.BufferDirectory);
        Assert.Equal(
            long.Parse(size.Split('\n')[1].Trim(), CultureInfo.InvariantCulture),
            posture.GetProperty("disk").GetProperty("sizeBytes").GetInt64());
        var (_, kernel) = await ChildProcess.RunAsync("/usr/bin/uname", "-r");
        Assert.Equal(kernel.Trim(), posture.GetProperty("software").GetProperty("kernel").GetString());
        await plant.ServesAsync(5);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
    }

    [Theory]
    [InlineData("TLS_AES_128_GCM_SHA256")]
    [InlineData("TLS_CHACHA20_POLY1305_SHA256")]
    public async Task Of_the_cipher_is_the_one_that_the_broker_was_told_to_use(string cipher)
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        await plant.Broker.StopAsync();
        plant.Broker.Cipher = cipher;
        await plant.Broker.StartAsync();
        await plant.StartMesAsync();
        plant.Gateway.Start();
        var tls = (await NextAsync(plant, after: 0)).GetProperty("tls");
        Assert.Equal(
            ("TLS 1.3", cipher), (tls.GetProperty("version").GetString(), tls.GetProperty("cipher").GetString()));
    }

    [Fact]
    public async Task Of_the_start_is_how_the_agent_really_ended_before()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        Assert.Equal("First", Reason(await NextAsync(plant, after: 0)));
        await plant.ServesAsync(10);

        var heard = Postures(plant).Count;
        Assert.Equal(0, await plant.Gateway.StopAsync());
        plant.Gateway.Start();
        Assert.Equal("Stopped, False", Reason(await NextAsync(plant, heard)));
        await plant.ServesAsync(10);

        heard = Postures(plant).Count;
        await plant.Gateway.KillAsync();
        plant.Gateway.Start();
        Assert.Equal("NotClosed, False", Reason(await NextAsync(plant, heard)));
    }

    private static string Reason(JsonElement posture)
    {
        var start = posture.GetProperty("start");
        return start.GetProperty("reason").GetString()
            + (start.TryGetProperty("rebooted", out var rebooted) ? $", {rebooted.GetBoolean()}" : "");
    }

    private static List<string> Postures(FieldPlant plant) =>
        [.. plant.Mes.Arrivals.Where(arrival => arrival.Topic == "posture").Select(arrival => arrival.Payload)];

    /// <summary>The first posture behind so many that were heard before.</summary>
    private static async Task<JsonElement> NextAsync(FieldPlant plant, int after)
    {
        await Eventually.HoldsAsync(
            () => Postures(plant).Count > after, FieldPlant.Soon,
            () => $"no posture came. {string.Join(' ', plant.Mes.Arrivals.Select(one => one.Topic).Distinct())}"
                + plant.Gateway.Process.Tail());
        using var json = JsonDocument.Parse(Postures(plant)[after]);
        return json.RootElement.Clone();
    }
}
