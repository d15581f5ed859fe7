using Sluice.Bench.Modbus;
using Sluice.Bench.Uplink;
using Sluice.Field.Parts;

namespace Sluice.Bench.Beside;

/// <summary>
/// Debian's collectd with its modbus and mqtt plugins, as its manual says: one read for each register, because it has
/// no other, and QoS 1 over TLS with a client certificate.
/// </summary>
internal sealed class Collectd : IPeer
{
    private const string Program = "/usr/sbin/collectd";

    public string Name => "collectd";

    public IReadOnlyList<string> Words =>
        ["collectd asks for each register by itself, sends a message for each value, and stores nothing."];

    public async Task<ChildProcess> StartAsync(UplinkRig rig, int server, int registers, TimeSpan every)
    {
        var home = Directory.CreateDirectory(rig.At(Figures.Of($"collectd{every.TotalMilliseconds}"))).FullName;
        var file = Path.Combine(home, "collectd.conf");
        await File.WriteAllTextAsync(file, Configuration(rig, home, server, registers, every));
        return ChildProcess.Start(Program, ["-f", "-C", file]);
    }

    private static string Configuration(UplinkRig rig, string home, int server, int registers, TimeSpan every)
    {
        var names = Enumerable.Range(0, registers).ToArray();
        var data = string.Concat(names.Select(name => Figures.Of($"""
              <Data "w{name}">
                RegisterBase {name}
                RegisterType Uint16
                RegisterCmd ReadHolding
                Type gauge
                Instance "w{name}"
              </Data>

            """)));
        var collect = string.Concat(names.Select(name => Figures.Of($"      Collect \"w{name}\"\n")));
        return Figures.Of($"""
            Hostname "{UplinkRig.GatewayId}"
            FQDNLookup false
            BaseDir "{home}"
            PIDFile "{home}/pid"
            PluginDir "/usr/lib/collectd"
            TypesDB "/usr/share/collectd/types.db"
            Interval {every.TotalSeconds}
            LoadPlugin logfile
            LoadPlugin modbus
            LoadPlugin mqtt
            <Plugin logfile>
              LogLevel "warning"
              File STDERR
            </Plugin>
            <Plugin modbus>
            {data}  <Host "plc">
                Address "127.0.0.1"
                Port "{server}"
                Interval {every.TotalSeconds}
                <Slave 1>
                  Instance "plc"
            {collect}    </Slave>
              </Host>
            </Plugin>
            <Plugin mqtt>
              <Publish "mes">
                Host "127.0.0.1"
                Port "{rig.Broker.Port}"
                ClientId "{UplinkRig.GatewayId}"
                QoS 1
                Prefix "{IPeer.Topic.TrimEnd('/')}"
                CACert "{rig.Broker.Files.Authority}"
                CertificateFile "{rig.Bare.Certificate}"
                CertificateKeyFile "{rig.Bare.Key}"
                TLSProtocol "tlsv1.3"
              </Publish>
            </Plugin>

            """);
    }
}
