using System.Net;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Egress.Firewall;

/// <summary>Whose packets a flow is made of.</summary>
internal enum FlowOwner
{
    /// <summary>The agent.</summary>
    Agent,

    /// <summary>The host's time service: one MQTT flow brings no time.</summary>
    TimeService,
}

/// <summary>One kind of connection that may leave the gateway. All that is not stated may not.</summary>
/// <param name="Owner">Who may make it.</param>
/// <param name="Address">Where to.</param>
/// <param name="IsTcp">TCP, or else UDP.</param>
/// <param name="Port">Which port there.</param>
/// <param name="Purpose">What for, in the words of the configuration.</param>
internal sealed record StatedFlow(FlowOwner Owner, IPAddress Address, bool IsTcp, int Port, string Purpose)
{
    private const int TimePort = 123;

    /// <summary>The card that leads to the DMZ, where the configuration names it: the flow goes by it, or, to a
    /// machine, by any other. Null: by any.</summary>
    public string? Card { get; init; }

    public bool IsByCard { get; init; }

    /// <summary>All flows of a configuration, in its order, each once. A core.</summary>
    public static IReadOnlyList<StatedFlow> Of(GatewayConfiguration configuration)
    {
        var flows = new List<StatedFlow>();
        foreach (var address in configuration.Broker.Addresses)
        {
            Add(flows, FlowOwner.Agent, address, isTcp: true, configuration.Broker.Port, "broker");
        }

        foreach (var source in configuration.Sources)
        {
            switch (source)
            {
                case ModbusTcpSettings tcp:
                    Add(flows, FlowOwner.Agent, tcp.Options.Address, isTcp: true, tcp.Options.Port, source.Name);
                    break;
                case ModbusRtuSettings { Converter: { } converter }:
                    Add(flows, FlowOwner.Agent, converter.Address, isTcp: true, converter.Port, source.Name);
                    break;
                default:
                    break;
            }
        }

        foreach (var address in configuration.TimeServers)
        {
            Add(flows, FlowOwner.TimeService, address, isTcp: false, TimePort, "time");
        }

        // What lies in the DMZ goes by its card, and by it goes nothing else.
        var broker = configuration.Broker;
        return
        [
            .. flows.Select(flow => flow with
            {
                Card = broker.Interface, IsByCard = broker.Network.Contains(flow.Address),
            }),
        ];
    }

    /// <summary>An IPv4 address in IPv6 clothes leaves the host as the IPv4 address. Two sources at one device are one
    /// flow.</summary>
    private static void Add(
        List<StatedFlow> flows, FlowOwner owner, IPAddress address, bool isTcp, int port, string purpose)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var known = flows.FindIndex(flow => flow.Owner == owner && flow.Address.Equals(plain) && flow.IsTcp == isTcp
            && flow.Port == port);
        if (known < 0)
        {
            flows.Add(new StatedFlow(owner, plain, isTcp, port, purpose));
        }
        else
        {
            flows[known] = flows[known] with { Purpose = $"{flows[known].Purpose} {purpose}" };
        }
    }
}
