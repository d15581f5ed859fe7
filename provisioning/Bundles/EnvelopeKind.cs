namespace Sluice.Provisioning.Bundles;

/// <summary>
/// What stands in an envelope. Its first bytes are signed with the rest, so that neither kind passes for the other.
/// </summary>
public sealed class EnvelopeKind
{
    /// <summary>
    /// Of either kind, over the broker: the agent takes no larger packet than this and its topic need, and a broker
    /// keeps a larger one from it without a word. Whoever sends one looks before.
    /// </summary>
    public const int WireBytesMax = 1 << 20;

    private EnvelopeKind(string magic, string name, int bytesMax)
    {
        Magic = System.Text.Encoding.ASCII.GetBytes(magic);
        Name = name;
        BytesMax = bytesMax;
    }

    /// <summary>What one gateway gets: provisioning/BUNDLE.md.</summary>
    public static EnvelopeKind Bundle { get; } = new("SLUICEB1", "bundle", BundleEnvelope.BytesMax);

    /// <summary>What all gateways of a plant get: provisioning/Trust/TRUST.md.</summary>
    public static EnvelopeKind Trust { get; } = new("SLUICET1", "trust bundle", WireBytesMax);

    /// <summary>What a gateway leaves that destroyed its identity: provisioning/Wiping/WIPE.md.</summary>
    public static EnvelopeKind Receipt { get; } = new("SLUICEW1", "wipe receipt", 64 << 10);

    /// <summary>What opens the console of one gateway: Consoles/ConsoleToken.cs.</summary>
    public static EnvelopeKind Console { get; } = new("SLUICEC1", "console token", 64 << 10);

    /// <summary>What a person calls it.</summary>
    public string Name { get; }

    /// <summary>Larger ones are refused unread.</summary>
    public int BytesMax { get; }

    internal ReadOnlyMemory<byte> Magic { get; }
}
