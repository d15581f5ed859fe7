using Sluice.Field.Parts;

namespace Sluice.Gateway.Machine;

/// <summary>
/// A FAT stick in the guest, on a loop device, and the script that the unit runs: a real kernel mounts it. The agent
/// belongs to a user of its own, as on a gateway.
/// </summary>
internal sealed class GuestStick : IAsyncDisposable
{
    public const string User = "990";

    private const string Home = "/data/stick";
    private const string Device = "/dev/loop0";

    private readonly VirtualGateway machine;

    private GuestStick(VirtualGateway machine) => this.machine = machine;

    /// <summary>An empty stick of 40 MB, and a gateway that has no identity yet.</summary>
    public static async Task<GuestStick> MakeAsync(VirtualGateway machine)
    {
        await machine.CopyInAsync(Path.Combine(FieldDirectory.Repository(), "packaging", "stick"), Home);
        using var files = new FieldDirectory();
        await File.WriteAllTextAsync(files.At("made-up.csv"), "signal,address,type\nwave,sine,float64\n");
        await File.WriteAllTextAsync(files.At("gateway.json"), $$"""
            {
              "gateway": { "site": "plant1", "id": "{{GuestAgent.Id}}" },
              "broker": { "host": "mes-broker.dmz.plant1", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
              "identity": { "directory": "{{Home}}/identity" },
              "buffer": { "directory": "{{Home}}/buffer" },
              "sources": { "demo": { "kind": "simulated", "every": "1 s", "signals": "made-up.csv" } }
            }
            """);

        // In between, what the script gives the agent is noted: the mount, and the user.
        await File.WriteAllTextAsync(files.At("agent"), $"""
            #!/bin/sh
            grep sluice-stick /proc/mounts >{Home}/seen
            id -u >>{Home}/seen
            exec /app/sluice-agent "$@" --config {Home}/gateway.json --socket {Home}/none.sock

            """);
        await machine.CopyInAsync(files.Root, Home);
        await machine.RunAsync($"chmod 755 {Home} {Home}/agent {Home}/sluice-stick; chown -R {User}:{User} {Home}; "
            + $"grep -q sluice /etc/passwd || echo 'sluice:x:{User}:{User}::/:/bin/sh' >>/etc/passwd; "
            + $"echo 'sluice:x:{User}:' >/etc/group");
        await machine.RunAsync("modprobe loop && modprobe vfat && for each in cp437 ascii iso8859-1 utf8; do "
            + "modprobe nls_$each 2>/dev/null; done; true");
        await machine.RunAsync($"truncate -s 40M {Home}/image && mkdosfs -n STICK {Home}/image >/dev/null && "
            + $"losetup {Device} {Home}/image");
        return new GuestStick(machine);
    }

    /// <summary>What the script says and ends with.</summary>
    public async Task<(int Code, string Said)> PlugInAsync()
    {
        var said = await machine.RunAsync(
            $"SLUICE_AGENT={Home}/agent {Home}/sluice-stick loop0 2>&1; echo code $?");
        var end = said.LastIndexOf("code ", StringComparison.Ordinal);
        return (int.Parse(said[(end + 5)..].Trim(), System.Globalization.CultureInfo.InvariantCulture), said[..end]);
    }

    /// <summary>At somebody's laptop: mounted there, and taken out again.</summary>
    public Task<string> OnLaptopAsync(string line) => machine.RunAsync(
        $"mkdir -p /tmp/laptop && mount -t vfat {Device} /tmp/laptop && cd /tmp/laptop && {{ {line}; }}; "
        + "code=$?; cd /; umount /tmp/laptop; exit $code");

    /// <summary>The mount and the user that the agent saw.</summary>
    public Task<string> SeenAsync() => machine.RunAsync($"cat {Home}/seen");

    public Task<string> MountsAsync() => machine.RunAsync("cat /proc/mounts");

    /// <summary>Its switch: the device takes no writes any more, or again.</summary>
    public Task SwitchAsync(bool isReadOnly) => machine.RunAsync(
        $"losetup -d {Device} && losetup {(isReadOnly ? "-r " : "")}{Device} {Home}/image");

    public async ValueTask DisposeAsync() =>
        await machine.RunAsync($"umount /tmp/laptop 2>/dev/null; losetup -d {Device}; rm -rf {Home}; true");
}
