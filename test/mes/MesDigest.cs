using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sluice.Mes;

/// <summary>FNV-1a over the bytes of a JSON element as they stood in the message.</summary>
internal static class MesDigest
{
    public static ulong Of(JsonElement element)
    {
        var digest = 14695981039346656037UL;
        foreach (var each in JsonMarshal.GetRawUtf8Value(element))
        {
            digest = unchecked((digest ^ each) * 1099511628211UL);
        }

        return digest;
    }
}

/// <summary>
/// The digests of the readings that came last, by position: enough to prove that a duplicate says the same, without
/// holding every reading for ever. A position takes the place of another that is <c>Size</c> away.
/// </summary>
internal sealed class RecentDigests
{
    private const int Size = 1 << 16;

    private readonly (long Position, ulong Digest)[] entries = new (long, ulong)[Size];

    public void Remember(long position, ulong digest) => entries[position & (Size - 1)] = (position, digest);

    /// <summary>Null where it was too long ago to tell.</summary>
    public bool? IsSame(long position, ulong digest)
    {
        var entry = entries[position & (Size - 1)];
        return entry.Position == position ? entry.Digest == digest : null;
    }
}
