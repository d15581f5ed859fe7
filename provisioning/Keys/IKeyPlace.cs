namespace Sluice.Provisioning.Keys;

/// <summary>
/// Where private keys lie that are not in the key files themselves: what the identity store calls at the moments at
/// which a key comes to stay and goes.
/// </summary>
public interface IKeyPlace
{
    /// <summary>Gives a key that was just made a place; what is to be written in its file's stead.</summary>
    /// <param name="text">As it was made, with whatever else belongs to it.</param>
    /// <param name="inUse">All keys that are kept elsewhere than in their files.</param>
    byte[] Keep(ReadOnlySpan<byte> text, Func<IReadOnlyList<TpmKeyText>> inUse);

    /// <summary>Lets go of every key of this directory's that no file speaks of any more.</summary>
    /// <param name="before">Those that were kept until now.</param>
    /// <param name="after">Those that are kept from now on.</param>
    void Sweep(IReadOnlyList<TpmKeyText> before, IReadOnlyList<TpmKeyText> after);
}

/// <summary>Each key is in its file, and gone with it.</summary>
public sealed class KeysInFiles : IKeyPlace
{
    public static KeysInFiles Instance { get; } = new();

    public byte[] Keep(ReadOnlySpan<byte> text, Func<IReadOnlyList<TpmKeyText>> inUse) => text.ToArray();

    public void Sweep(IReadOnlyList<TpmKeyText> before, IReadOnlyList<TpmKeyText> after)
    {
        // Nothing lies elsewhere.
    }
}
