namespace Sluice.Fuzz.Identities;

/// <summary>
/// A parser of what comes on a stick or over the wire. Whatever it is given, it takes no more memory than bytes of that
/// size are worth.
/// </summary>
public abstract class IdentityTarget(string name, params string[] outcomes) : FuzzTarget(name, outcomes)
{
    private const int MemoryBytesMax = 8 << 20;

    public sealed override int Try(ref Dice dice)
    {
        var input = Make(ref dice);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var outcome = Judge(input);
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        return taken <= MemoryBytesMax
            ? outcome
            : throw new FuzzViolationException($"it took {taken >> 20} MiB of memory", input);
    }

    protected abstract byte[] Make(ref Dice dice);

    protected abstract int Judge(byte[] input);

    protected static void Holds(bool condition, string otherwise, byte[] input)
    {
        if (!condition)
        {
            throw new FuzzViolationException(otherwise, input);
        }
    }
}
