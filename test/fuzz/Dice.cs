namespace Sluice.Fuzz;

/// <summary>
/// Numbers from a seed (splitmix64), the same on every machine and in every release of .NET. Every input has dice of
/// its own, thrown from the seed and its number, so that one input can be tried again alone.
/// </summary>
public struct Dice(ulong seed, ulong input)
{
    private ulong state = Mix(seed) ^ Mix(input + 0x9E3779B97F4A7C15);

    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        return Mix(state);
    }

    /// <summary>0 to below <paramref name="sides"/>.</summary>
    public int Below(int sides) => (int)((uint)(Next() >> 32) % (uint)sides);

    public byte Byte() => (byte)(Next() >> 32);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
