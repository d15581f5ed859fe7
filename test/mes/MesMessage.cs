using System.Buffers;

namespace Sluice.Mes;

/// <summary>One MQTT message as it came. The payload is valid only during the call that hands it over.</summary>
public readonly record struct MesMessage(string Topic, ReadOnlySequence<byte> Payload)
{
    /// <summary>
    /// The publisher asked the broker to keep it (the subscription is made with retain as published).
    /// </summary>
    public bool Retained { get; init; }

    public string ContentType { get; init; } = "";

    /// <summary>The user property <c>contract</c>.</summary>
    public string Contract { get; init; } = "";
}
