namespace Sluice.Fuzz.Identities;

/// <summary>Does to bytes what sticks, editors and enemies do.</summary>
internal static class Damage
{
    public static byte[] Noise(ref Dice dice, int bytesMax)
    {
        var bytes = new byte[dice.Below(bytesMax + 1)];
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] = dice.Byte();
        }

        return bytes;
    }

    /// <summary>One to three changes; seldom they take each other back.</summary>
    public static byte[] To(ref Dice dice, ReadOnlySpan<byte> whole)
    {
        var bytes = whole.ToArray().ToList();
        for (var times = 1 + dice.Below(3); times > 0; times--)
        {
            Once(ref dice, bytes);
        }

        return [.. bytes];
    }

    /// <summary>One of several left out, put in or damaged.</summary>
    public static List<ReadOnlyMemory<byte>> OneOf(ref Dice dice, IReadOnlyList<ReadOnlyMemory<byte>> ders)
    {
        var all = ders.ToList();
        var at = dice.Below(all.Count);
        switch (dice.Below(4))
        {
            case 0:
                all.RemoveAt(at);
                break;
            case 1:
                all.Add(Noise(ref dice, 40));
                break;
            default:
                all[at] = To(ref dice, all[at].Span);
                break;
        }

        return all;
    }

    private static void Once(ref Dice dice, List<byte> bytes)
    {
        var at = bytes.Count == 0 ? 0 : dice.Below(bytes.Count);
        var run = Math.Min(1 + dice.Below(8), bytes.Count - at);
        switch (dice.Below(9))
        {
            case 0 or 1 when bytes.Count > 0:
                bytes[at] ^= (byte)(1 << dice.Below(8));
                break;
            case 2 when bytes.Count > 0:
                bytes[at] = dice.Byte();
                break;
            case 3:
                bytes.RemoveRange(at, run);
                break;
            case 4:
                bytes.InsertRange(at, Noise(ref dice, 8));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6 when bytes.Count > 0:
                bytes.InsertRange(at, bytes.GetRange(dice.Below(bytes.Count - run + 1), run));
                break;
            case 7 when bytes.Count - at >= 4:
                // A length that is none: where four bytes are one, everything that follows hangs on them.
                uint length = dice.Below(4) switch { 0 => 0, 1 => uint.MaxValue, 2 => int.MaxValue, _ => 1 << 20 };
                for (var index = 0; index < 4; index++)
                {
                    bytes[at + index] = (byte)(length >> (24 - (8 * index)));
                }

                break;
            default:
                bytes.AddRange(Noise(ref dice, 12));
                break;
        }
    }
}
