using System.Buffers;

namespace Sluice.Mes;

/// <summary>One MQTT message as it came. The payload is valid only during the call that hands it over.</summary>
public readonly record struct MesMessage(
    string Topic, ReadOnlySequence<byte> Payload, bool Retained, string ContentType);
