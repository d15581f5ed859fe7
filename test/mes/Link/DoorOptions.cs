using System.CommandLine;
using System.Net;

namespace Sluice.Mes.Link;

/// <summary>How to reach the broker, and as whom: what every verb that connects takes.</summary>
internal sealed class DoorOptions
{
    public Option<string> Site { get; } = new("--site") { Description = "The plant.", Required = true };

    public Option<string> Broker { get; } = new("--broker")
    {
        Description = "ADDRESS:PORT of the broker in the DMZ.", Required = true,
    };

    public Option<string> Host { get; } = new("--host")
    {
        Description = "The name that must stand in the broker's certificate.", Required = true,
    };

    public Option<string> Chain { get; } = new("--chain")
    {
        Description = "PEM file: the receiver's own certificate first, then its issuers.", Required = true,
    };

    public Option<string> Key { get; } = new("--key") { Description = "PEM file with its key.", Required = true };

    public Option<string> Roots { get; } = new("--roots")
    {
        Description = "PEM file with the plant's roots.", Required = true,
    };

    public Option<string> Client { get; } = new("--client")
    {
        Description = "MQTT client id; the broker keeps its session under it for an hour.",
        DefaultValueFactory = _ => "mes",
    };

    public MesBroker At(ParseResult parsed) =>
        new(IPEndPoint.Parse(parsed.GetValue(Broker)!), parsed.GetValue(Host)!);

    public MesIdentity As(ParseResult parsed) =>
        MesIdentity.Read(parsed.GetValue(Chain)!, parsed.GetValue(Key)!, parsed.GetValue(Roots)!);
}
