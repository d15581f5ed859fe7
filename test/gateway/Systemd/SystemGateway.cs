using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Sluice.Gateway.Machine;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Gateway.Systemd;

/// <summary>
/// A gateway as an installer leaves it: Debian, the agent and its units where the package puts them, started by
/// systemd; outside of it a PLC, a machine on a serial line, a broker with the plant's own CA, and the MES. Booted once
/// for all tests of its class; it has its certificate by the verbs that a technician has.
/// </summary>
public abstract class SystemGateway(string suite, string jail, string key) : IAsyncLifetime, ISpeakingAgent
{
    private const string Unit = "sluice-agent";

    /// <summary>An emulated machine, beside whatever else runs here.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly FieldDirectory directory = new();
    private SerialCable cable = null!;
    private PymodbusServer panel = null!;
    private PymodbusServer saw = null!;
    private ChildProcess? authority;

    internal VirtualGateway Machine { get; private set; } = null!;

    /// <summary>Where the panel is, on this machine's loopback.</summary>
    public int PanelPort => panel.Port;

    /// <summary>What the stick that brought the certificate got for a person to read.</summary>
    public string Report { get; private set; } = "";

    /// <summary>What <c>identity init</c> said of the key that it made.</summary>
    public string Protection { get; private set; } = "";

    internal PlantCa Ca { get; private set; } = null!;

    internal MesOutside Outside { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        cable = await SerialCable.StartAsync(directory);
        Machine = VirtualGateway.Of(GuestMake.System(suite, cable.GatewayEnd));
        var boots = Machine.InitializeAsync();
        panel = await PymodbusServer.StartAsync(directory);
        saw = await PymodbusServer.StartAsync(directory.At("saw.record"), 0, "serial", cable.MachineEnd);
        await MakePlantAsync();
        await boots;
        await PlugTpmInAsync();
        await ConfigureAsync();
        await EnrolAsync();
    }

    /// <summary>What the unit says.</summary>
    public Task<string> SaidAsync() => Machine.RunAsync(
        $"systemctl status {Unit} --no-pager -n 0; journalctl -u {Unit} -n 40 --no-pager -o cat; true");

    /// <summary>A line in the guest, as the service's user but outside of its unit and jail.</summary>
    public Task<string> AsServiceAsync(string line) => Machine.RunAsync(
        $"setpriv --reuid=sluice --regid=sluice --clear-groups {line}");

    /// <summary>A verb of the agent's, as its user; it must work.</summary>
    public async Task<JsonElement> VerbAsync(string verb)
    {
        using var report = JsonDocument.Parse(await AsServiceAsync($"sluice-agent {verb} --json"));
        return report.RootElement.Clone();
    }

    /// <summary>A property of the unit, as systemd has it.</summary>
    public async Task<string> PropertyAsync(string name) =>
        (await Machine.RunAsync($"systemctl show {Unit} --value -p {name}")).Trim();

    public Task UntilAsync(Func<bool> condition) => Outside.UntilAsync(condition, this);

    /// <summary>Waits until readings of this signal come that are not there yet.</summary>
    public async Task ReadsOnAsync(string signal, int more = 3)
    {
        int Good() => Outside.Readings(signal).Count(reading => $"{reading.Quality}" == "Good");
        var before = Good();
        await UntilAsync(() => Good() >= before + more);
    }

    /// <summary>The plant's registration authority goes to work, where it is not at it yet.</summary>
    public async Task BeginAuthorityAsync()
    {
        if (authority is not null)
        {
            return;
        }

        authority = ChildProcess.Start(PlantCa.Binary,
        [
            "ra", "--ca", Ca.Folder, "--client", directory.At("ra", "ra.pem"), "--passphrase-file", Ca.PassphraseFile,
        ]);
        await authority.SaysAsync("At work", Patience);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Outside is not null)
        {
            await Outside.DisposeAsync();
        }

        await Machine.DisposeAsync();
        foreach (var each in new IAsyncDisposable?[] { authority, saw, panel, cable })
        {
            await (each?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        directory.Dispose();
    }

    private async Task MakePlantAsync()
    {
        string At(string file) => directory.At("broker", file);
        var broker = new MosquittoBroker(
            directory, new BrokerFiles(At("server.pem"), At("server.key"), At("ca.pem"), At("crl.pem")));
        Ca = await new PlantCa(directory).MakeAsync();
        await Ca.BrokerAsync(MosquittoBroker.Host, broker.Port, directory.At("broker"));
        foreach (var client in new[] { "ra", "mes" })
        {
            await Ca.JsonAsync("client", client, "--out", directory.At(client), "--passphrase-file", Ca.PassphraseFile);
        }

        File.SetUnixFileMode(Ca.PassphraseFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Outside = await MesOutside.StartAsync(
            directory, broker, (directory.At("mes", "mes.pem"), directory.At("mes", "mes.key")));
    }

    /// <summary>
    /// swtpm behind the kernel's own driver, for QEMU's board has none that Debian's kernel knows: /dev/tpmrm0 and what
    /// stands behind it are the kernel's.
    /// </summary>
    private async Task PlugTpmInAsync() => await Machine.RunAsync(
        "modprobe tpm_vtpm_proxy && mkdir -p /run/tpm && "
        + "swtpm chardev --tpm2 --vtpm-proxy --tpmstate dir=/run/tpm --daemon >/run/tpm/said 2>&1 && "
        + "for i in $(seq 300); do [ -c /dev/tpmrm0 ] && break; sleep 0.1; done; udevadm settle -t 60; "
        + "cat /run/tpm/said; ls -l /dev/tpmrm0");

    /// <summary>By the defaults wherever there are any: this is how a gateway is.</summary>
    private async Task ConfigureAsync()
    {
        var files = Directory.CreateDirectory(directory.At("etc")).FullName;
        const string served = "signal,address,type,order,report\ncount,holding:0,uint32,ABCD,always\n";
        await File.WriteAllTextAsync(Path.Combine(files, "served.csv"), served);
        await File.WriteAllTextAsync(Path.Combine(files, "board.csv"), "signal,address,type\nlamp,gpio:1,bool\n");
        var port = (await Machine.RunAsync(
            "udevadm settle -t 60; ls /dev/serial/by-path/* | head -n 1")).Trim();
        await File.WriteAllTextAsync(Path.Combine(files, "gateway.json"), string.Create(
            CultureInfo.InvariantCulture, $$"""
            {
              "gateway": { "site": "{{MesOutside.Site}}", "id": "{{GuestAgent.Id}}" },
              "broker": { "host": "{{MosquittoBroker.Host}}", "addresses": ["{{MesOutside.AddressForGuest}}"],
                          "port": {{Outside.Broker.Port}}, "network": "10.0.2.0/28", "keepAlive": "5 s" },
              "time": { "clock": "trusted" },
              "buffer": { "sizeMax": "64 MiB" },
              "identity": { "key": "{{key}}" },
              "jail": "{{jail}}",
              "sources": {
                "panel": { "kind": "modbus-tcp", "address": "10.0.3.2", "port": {{panel.Port}}, "every": "1 s",
                           "timeout": "5 s", "signals": "served.csv" },
                "saw": { "kind": "modbus-rtu", "port": "{{port}}", "parity": "none", "every": "1 s",
                         "timeout": "5 s", "signals": "served.csv", "quirks": { "listenFirst": "0 ms" } },
                "board": { "kind": "gpio", "chip": "/dev/gpiochip0", "signals": "board.csv" }
              }
            }
            """));
        await Ca.JsonAsync("token", "--out", Path.Combine(files, "site-token"));
        await Machine.CopyInAsync(files, "/etc/sluice");
        await Machine.RunAsync("chown -R root:sluice /etc/sluice; chmod 0750 /etc/sluice; chmod 0640 /etc/sluice/*");
        await Machine.RunAsync($"systemctl daemon-reload && systemctl start {Unit} || "
            + "{ journalctl -b -u 'sluice-*' -o cat --no-pager; exit 1; }");
    }

    /// <summary>As on the bench and in the cabinet: a site token, a label, and a stick that goes there and back.
    /// </summary>
    private async Task EnrolAsync()
    {
        var made = await VerbAsync("identity init");
        Protection = made.GetProperty("keyProtection").GetString()!;
        var stick = new UsbStick(Machine, await new FatStick(directory).MakeAsync(), directory.At("usb.img"));
        await stick.InAndOutAsync();
        await stick.OnLaptopAsync(folder => Ca.SignAsync(
            folder, made.GetProperty("keyFingerprint").GetString()!));
        var said = await stick.InAndOutAsync();
        await stick.OnLaptopAsync(async folder =>
            Report = await File.ReadAllTextAsync(Path.Combine(folder, "sluice", $"{GuestAgent.Id}.report.txt")));
        Assert.True(Report.Contains("is in use", StringComparison.Ordinal), $"{said}\n{Report}");
    }
}

/// <summary>
/// systemd 257, Linux 6.12: Landlock fences ports too, and no less is wanted. OpenSSL's provider is new enough: the
/// keys are in the TPM.
/// </summary>
public sealed class Debian13() : SystemGateway("trixie", "required", "tpm");

/// <summary>
/// systemd 252, Linux 6.1: Landlock fences files only; the agent goes on and says so. Keys are in files.
/// </summary>
public sealed class Debian12() : SystemGateway("bookworm", "preferred", "file");
