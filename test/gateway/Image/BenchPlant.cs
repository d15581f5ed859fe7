using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Gateway.Machine;
using Sluice.Plant.Keys;

namespace Sluice.Gateway.Image;

/// <summary>
/// What an installer has around a gateway on the bench: a panel, a broker with the plant's own CA, the MES, and the
/// card's files as <c>sluice-provision prepare</c> makes them.
/// </summary>
internal sealed class BenchPlant(FieldDirectory directory) : IAsyncDisposable, ISpeakingAgent
{
    private PymodbusServer panel = null!;

    public PlantCa Ca { get; private set; } = null!;

    public MesOutside Outside { get; private set; } = null!;

    public async Task MakeAsync()
    {
        panel = await PymodbusServer.StartAsync(directory);
        string At(string file) => directory.At("broker", file);
        var broker = new MosquittoBroker(
            directory, new BrokerFiles(At("server.pem"), At("server.key"), At("ca.pem"), At("crl.pem")));
        Ca = await new PlantCa(directory).MakeAsync();
        await Ca.BrokerAsync(MosquittoBroker.Host, broker.Port, directory.At("broker"));
        await Ca.JsonAsync("client", "mes", "--out", directory.At("mes"), "--passphrase-file", Ca.PassphraseFile);
        Outside = await MesOutside.StartAsync(
            directory, broker, (directory.At("mes", "mes.pem"), directory.At("mes", "mes.key")));
    }

    /// <summary>All files for the card of gw-1: from a sheet, with the token, and its addresses.</summary>
    public async Task<string[]> CardFilesAsync()
    {
        await Ca.JsonAsync("token", "--out", directory.At("token"));
        await File.WriteAllTextAsync(
            directory.At("plant.csv"), $"gateway.id,sources.panel.signals\n{GuestAgent.Id},s.csv\n");
        await File.WriteAllTextAsync(
            directory.At("s.csv"), "signal,address,type,order,report\ncount,holding:0,uint32,ABCD,always\n");
        await File.WriteAllTextAsync(directory.At("plant.json"), string.Create(CultureInfo.InvariantCulture, $$"""
            {
              "gateway": { "site": "{{MesOutside.Site}}" },
              "broker": { "host": "{{MosquittoBroker.Host}}", "addresses": ["{{MesOutside.AddressForGuest}}"],
                          "port": {{Outside.Broker.Port}}, "network": "10.0.2.0/28", "keepAlive": "5 s" },
              "time": { "clock": "trusted" },
              "buffer": { "sizeMax": "64 MiB" },
              "jail": "required",
              "light": { "chip": "/dev/gpiochip0", "line": "5" },
              "sources": {
                "panel": { "kind": "modbus-tcp", "address": "10.0.3.2", "port": {{panel.Port}}, "every": "1 s",
                           "timeout": "5 s" }
              }
            }
            """));
        await FlashedGateway.DoAsync(PlantCa.Binary, "prepare", directory.At("plant.csv"), "--base",
            directory.At("plant.json"), "--out", directory.At("cards"), "--token", directory.At("token"));
        var card = directory.At("cards", GuestAgent.Id);
        await File.WriteAllTextAsync(Path.Combine(card, "network.txt"), $"""
            # the broker's side, and the machines'
            {FlashedGateway.DmzCard} 10.0.2.15/24
            {FlashedGateway.MachinesCard} 10.0.3.15/24

            """);
        return Directory.GetFiles(card);
    }

    /// <summary>What A_blank_card looks at step by step: from card and stick to a gateway that publishes.</summary>
    public async Task ProvisionAsync(FlashedGateway gateway, FieldDirectory home)
    {
        await gateway.PutAsync(await CardFilesAsync());
        await gateway.PowerOnAsync();
        var report = await gateway.SaysAsync(
            $"{GuestAgent.Id}.report.txt", "End of this report.", TimeSpan.FromSeconds(300));
        var stick = await new FatStick(home).MakeAsync();
        await stick.InAsync("laptop", async folder =>
        {
            await gateway.TakeAsync($"{GuestAgent.Id}.request.pem", Path.Combine(folder, "sluice"));
            await Ca.SignAsync(folder, report.Split("Its key is ")[1].Split('.')[0]);
        });
        await gateway.StickAsync(stick, $"{GuestAgent.Id}.report.txt", "End of this report.");
    }

    /// <summary>Until readings of the panel come that were not there before.</summary>
    public async Task ReadsOnAsync(FlashedGateway gateway, int more = 3)
    {
        int Good() => Outside.Readings("panel/count").Count(reading => $"{reading.Quality}" == "Good");
        var before = Good();
        await Eventually.HoldsAsync(
            () => Good() >= before + more, TimeSpan.FromSeconds(180),
            () => $"{Good() - before} readings came; the gateway is {(gateway.IsOff ? "off" : "on")}");
    }

    public Task<string> SaidAsync() => Task.FromResult("(nobody looks into a flashed gateway)");

    public async ValueTask DisposeAsync()
    {
        if (Outside is not null)
        {
            await Outside.DisposeAsync();
        }

        await panel.DisposeAsync();
    }
}
