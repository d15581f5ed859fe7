using System.Net;
using System.Security.Authentication;
using Sluice.Plant.Keys;

namespace Sluice.Plant.Broker;

/// <summary>What kind of broker it is.</summary>
public sealed record EmbeddedBrokerOptions
{
    public string Site { get; init; } = "plant1";

    /// <summary>The name in the broker's certificate.</summary>
    public string Host { get; init; } = "mes-broker.dmz.plant1";

    /// <summary>Of loopback.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: one that is free, kept over stop and start.</summary>
    public int Port { get; init; }

    /// <summary>Common names that read everything, as the MES does.</summary>
    public IReadOnlyList<string> Mes { get; init; } = ["mes"];

    public SslProtocols Protocols { get; init; } = SslProtocols.Tls13;

    /// <summary>Another certificate than the one for <see cref="Host"/>: to be refused by the gateway.</summary>
    public IssuedCertificate? Certificate { get; init; }

    /// <summary>
    /// PUBLISH packets that a client may have unanswered, as the CONNACK announces it. 0: not announced.
    /// </summary>
    public ushort ReceiveMaximum { get; init; }

    /// <summary>Largest packet in bytes, as the CONNACK announces it. 0: not announced.</summary>
    public uint PacketBytesMax { get; init; }

    /// <summary>Keep alive in seconds that the CONNACK assigns. 0: the client's own.</summary>
    public ushort KeepAliveSeconds { get; init; }

    /// <summary>Messages that wait for one subscriber before the oldest goes; a drop is counted.</summary>
    public int PendingMessagesMax { get; init; } = 100_000;
}
