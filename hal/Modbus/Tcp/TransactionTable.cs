namespace Sluice.Hal.Modbus;

/// <summary>Whom an answer belongs to.</summary>
public enum AnswerOwner : byte
{
    /// <summary>A request that still waits.</summary>
    Waiting,

    /// <summary>A request that was given up: the answer is late and dies here.</summary>
    GivenUp,

    /// <summary>Nobody: an id that was never given, or an answer that came twice.</summary>
    Nobody,
}

/// <summary>
/// The requests outstanding on one connection: fixed slots, and the transaction ids that tell their answers apart.
/// <para>
/// Invariants: an id is a generation and a slot, and two outstanding requests never share a generation, so an id that a
/// device gets wrong by a little belongs to nobody; an id that was given up is not given again on this connection until
/// its late answer has arrived; when too many are owed, <see cref="MustClose"/> says so, because only a new connection
/// forgets them safely. Owned by whoever holds the connection's lock.
/// </para>
/// </summary>
public sealed class TransactionTable
{
    public const int WindowMax = 16;

    /// <summary>Late answers that one connection may be owed.</summary>
    public const int OwedMax = 64;

    private const int SlotBits = 4;
    private const int Generations = 1 << (16 - SlotBits);

    // Odd, so that every generation has its turn, and large, so that neighbours in time are no neighbours in number.
    private const int GenerationStride = 1_021;

    private readonly Slot[] slots;
    private readonly ushort[] owed = new ushort[OwedMax];
    private int owedCount;
    private int generation;

    public TransactionTable(int window, int firstGeneration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, WindowMax);
        slots = new Slot[window];
        generation = firstGeneration & (Generations - 1);
    }

    /// <summary>Where the next connection goes on, so that its ids differ from this one's.</summary>
    public int Generation => generation;

    public bool MustClose => owedCount == OwedMax;

    public int Owed => owedCount;

    /// <summary>
    /// Takes a free slot. The caller holds one of as many permits as there are slots, so there is one.
    /// </summary>
    public int Begin(out ushort transaction)
    {
        for (var slot = 0; slot < slots.Length; slot++)
        {
            if (!slots[slot].Taken)
            {
                transaction = NextTransaction(slot);
                slots[slot] = new Slot(true, true, transaction);
                return slot;
            }
        }

        throw new InvalidOperationException("more requests were begun than there are slots");
    }

    public bool IsWaiting(int slot) => slots[slot].Waiting;

    public AnswerOwner Match(ushort transaction, out int slot)
    {
        slot = transaction & ((1 << SlotBits) - 1);
        if (slot < slots.Length && slots[slot].Waiting && slots[slot].Transaction == transaction)
        {
            return AnswerOwner.Waiting;
        }

        var at = owed.AsSpan(0, owedCount).IndexOf(transaction);
        if (at < 0)
        {
            return AnswerOwner.Nobody;
        }

        owed[at] = owed[--owedCount];
        return AnswerOwner.GivenUp;
    }

    /// <summary>The answer came; the slot stays taken until <see cref="Release"/>.</summary>
    public void Answered(int slot) => slots[slot] = slots[slot] with { Waiting = false };

    /// <summary>Nobody waits any more; the answer may still come, and its id is not used before.</summary>
    public void GiveUp(int slot)
    {
        if (!slots[slot].Waiting)
        {
            throw new InvalidOperationException("a request that does not wait cannot be given up");
        }

        if (owedCount < OwedMax)
        {
            owed[owedCount++] = slots[slot].Transaction;
        }

        slots[slot] = slots[slot] with { Waiting = false };
    }

    public void Release(int slot) => slots[slot] = default;

    private ushort NextTransaction(int slot)
    {
        // At most OwedMax ids are owed, so this ends long before it has gone round.
        while (true)
        {
            generation = (generation + GenerationStride) & (Generations - 1);
            var transaction = (ushort)((generation << SlotBits) | slot);
            if (owed.AsSpan(0, owedCount).IndexOf(transaction) < 0)
            {
                return transaction;
            }
        }
    }

    private readonly record struct Slot(bool Taken, bool Waiting, ushort Transaction);
}
