using System.Globalization;
using System.Net;
using Sluice.Bench.Uplink;
using Sluice.Mes.Link;
using Sluice.UplinkProcess;

// sluice-uplink-process publish PAYLOADS PACE-MS PORT HOST CLIENT TOPIC ENCODING CHAIN KEY ROOTS: a bare publisher,
// compiled as the agent is, that sends what the agent sent; it waits to be killed, so that its socket can be looked at.
// sluice-uplink-process gzip PAYLOADS: what compressing them costs by itself. Both print name=number.
if (args is ["publish", var file, var pace, var port, var host, var client, var topic, var encoding, var chain,
    var key, var roots])
{
    var payloads = PayloadFile.Read(file);
    var broker = new MesBroker(
        new IPEndPoint(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)), host);
    await using var link = await MesLink.ConnectAsync(
        broker, MesIdentity.Read(chain, key, roots), client, TimeSpan.Zero, _ => { }, CancellationToken.None);
    var publisher = new BarePublisher(link, topic, encoding, TimeProvider.System);
    var every = TimeSpan.FromMilliseconds(int.Parse(pace, CultureInfo.InvariantCulture));
    await (every == TimeSpan.Zero ? publisher.DrainAsync(payloads) : publisher.PaceAsync(payloads, every));
    publisher.Print(Console.Out);
    await Task.Delay(TimeSpan.FromMinutes(1));
    return 0;
}

if (args is ["gzip", var plain])
{
    GzipAlone.Print(PayloadFile.Read(plain), Console.Out, TimeProvider.System);
    return 0;
}

await Console.Error.WriteLineAsync("sluice-uplink-process publish ... | gzip PAYLOADS");
return 64;
