using System.Text;

namespace Sluice.Provisioning.Labels;

/// <summary>
/// A QR code (ISO/IEC 18004) of the few kinds that a label needs: bytes, error correction M, versions 1 to 6, which is
/// 106 bytes at most. A core. Small enough to be looked through; that others read it shows a field test with zbar.
/// </summary>
public sealed class QrCode
{
    public const int BytesMax = 106;

    private const int BlockCorrectionMax = 26;
    private const int Masks = 8;

    /// <summary>By version: all codewords, codewords of correction in a block, blocks. All blocks are equally long.
    /// </summary>
    private static readonly (int All, int Correction, int Blocks)[] Versions =
        [(26, 10, 1), (44, 16, 1), (70, BlockCorrectionMax, 1), (100, 18, 2), (134, 24, 2), (172, 16, 4)];

    private readonly bool[,] dark;
    private readonly bool[,] isFixed;

    private QrCode(int version)
    {
        Size = 17 + (4 * version);
        dark = new bool[Size, Size];
        isFixed = new bool[Size, Size];
    }

    /// <summary>Modules of a side, without the quiet zone.</summary>
    public int Size { get; }

    /// <summary>True for a dark module; outside everything is light.</summary>
    public bool this[int x, int y] => x >= 0 && y >= 0 && x < Size && y < Size && dark[x, y];

    /// <summary>The code of a text of at most <see cref="BytesMax"/> bytes of UTF-8.</summary>
    public static QrCode Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var version = Array.FindIndex(Versions, each => DataOf(each) - 2 >= bytes.Length) + 1;
        ArgumentOutOfRangeException.ThrowIfZero(version, nameof(text));
        var codewords = Interleaved(Data(bytes, DataOf(Versions[version - 1])), Versions[version - 1]);
        return Enumerable.Range(0, Masks).Select(mask => Draw(version, codewords, mask))
            .MinBy(code => code.Penalty())!;
    }

    /// <summary>For a terminal: two modules in each letter, light ones drawn, with the quiet zone around.</summary>
    public string ToText()
    {
        const int quiet = 4;
        var text = new StringBuilder();
        for (var y = -quiet; y < Size + quiet; y += 2)
        {
            for (var x = -quiet; x < Size + quiet; x++)
            {
                // Below the last line nothing is drawn.
                var isLightBelow = !this[x, y + 1] && y + 1 < Size + quiet;
                text.Append((this[x, y], isLightBelow) switch
                {
                    (false, true) => '\u2588',
                    (false, false) => '\u2580',
                    (true, true) => '\u2584',
                    _ => ' ',
                });
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static int DataOf((int All, int Correction, int Blocks) version) =>
        version.All - (version.Correction * version.Blocks);

    /// <summary>Mode "bytes", length, bytes, end, filling.</summary>
    private static byte[] Data(byte[] bytes, int length)
    {
        var data = new byte[length];
        data[0] = (byte)(0x40 | (bytes.Length >> 4));
        data[1] = (byte)(bytes.Length << 4);
        for (var at = 0; at < bytes.Length; at++)
        {
            data[at + 1] |= (byte)(bytes[at] >> 4);
            data[at + 2] = (byte)(bytes[at] << 4);
        }

        for (var (at, first) = (bytes.Length + 2, true); at < length; at++, first = !first)
        {
            data[at] = (byte)(first ? 0xEC : 0x11);
        }

        return data;
    }

    private static byte[] Interleaved(byte[] data, (int All, int Correction, int Blocks) version)
    {
        var length = data.Length / version.Blocks;
        var blocks = Enumerable.Range(0, version.Blocks).Select(each => data[(each * length)..((each + 1) * length)])
            .ToList();
        var corrections = blocks.Select(block => Correction(block, version.Correction)).ToList();
        return
        [
            .. Enumerable.Range(0, length).SelectMany(at => blocks.Select(block => block[at])),
            .. Enumerable.Range(0, version.Correction).SelectMany(at => corrections.Select(block => block[at])),
        ];
    }

    /// <summary>Reed and Solomon, over the field of 256 with 0x11D.</summary>
    private static byte[] Correction(byte[] block, int length)
    {
        var divisor = new byte[length];
        divisor[^1] = 1;
        byte root = 1;
        for (var each = 0; each < length; each++)
        {
            for (var at = 0; at < length; at++)
            {
                divisor[at] = (byte)(Times(divisor[at], root) ^ (at + 1 < length ? divisor[at + 1] : 0));
            }

            root = Times(root, 2);
        }

        var rest = new byte[length];
        foreach (var value in block)
        {
            var factor = (byte)(value ^ rest[0]);
            for (var at = 0; at < length; at++)
            {
                rest[at] = (byte)((at + 1 < length ? rest[at + 1] : 0) ^ Times(divisor[at], factor));
            }
        }

        return rest;
    }

    private static byte Times(byte one, byte other)
    {
        var product = 0;
        for (var bit = 7; bit >= 0; bit--)
        {
            product = (product << 1) ^ ((product >> 7) * 0x11D) ^ (((other >> bit) & 1) * one);
        }

        return (byte)product;
    }

    private static QrCode Draw(int version, byte[] codewords, int mask)
    {
        var code = new QrCode(version);
        code.DrawFixed(version, mask);
        code.DrawData(codewords, mask);
        return code;
    }

    private void DrawFixed(int version, int mask)
    {
        for (var at = 0; at < Size; at++)
        {
            Fix(6, at, at % 2 == 0);
            Fix(at, 6, at % 2 == 0);
        }

        foreach (var (x, y) in new[] { (3, 3), (Size - 4, 3), (3, Size - 4) })
        {
            Square(x, y, 4, distance => distance is not (2 or 4));
        }

        if (version > 1)
        {
            Square(Size - 7, Size - 7, 2, distance => distance != 1);
        }

        // Correction M is 0; then the mask, and what corrects both.
        var rest = mask;
        for (var each = 0; each < 10; each++)
        {
            rest = (rest << 1) ^ ((rest >> 9) * 0x537);
        }

        var format = ((mask << 10) | rest) ^ 0x5412;
        for (var bit = 0; bit < 15; bit++)
        {
            var isDark = ((format >> bit) & 1) != 0;
            var (x, y) = bit switch
            {
                < 6 => (8, bit),
                6 => (8, 7),
                7 => (8, 8),
                8 => (7, 8),
                _ => (14 - bit, 8),
            };
            Fix(x, y, isDark);
            Fix(bit < 8 ? Size - 1 - bit : 8, bit < 8 ? 8 : Size - 15 + bit, isDark);
        }

        Fix(8, Size - 8, true);
    }

    private void Square(int centreX, int centreY, int reach, Func<int, bool> isDark)
    {
        for (var y = -reach; y <= reach; y++)
        {
            for (var x = -reach; x <= reach; x++)
            {
                Fix(centreX + x, centreY + y, isDark(Math.Max(Math.Abs(x), Math.Abs(y))));
            }
        }
    }

    private void Fix(int x, int y, bool isDark)
    {
        if (x >= 0 && y >= 0 && x < Size && y < Size)
        {
            (dark[x, y], isFixed[x, y]) = (isDark, true);
        }
    }

    /// <summary>In pairs of columns from the right, up and down by turns, without the column of the timing.</summary>
    private void DrawData(byte[] codewords, int mask)
    {
        var bit = 0;
        for (var right = Size - 1; right >= 1; right -= 2)
        {
            right = right == 6 ? 5 : right;
            for (var line = 0; line < Size; line++)
            {
                var y = ((right + 1) & 2) == 0 ? Size - 1 - line : line;
                for (var x = right; x > right - 2; x--)
                {
                    if (!isFixed[x, y])
                    {
                        var isSet = bit < codewords.Length * 8 && ((codewords[bit / 8] >> (7 - (bit % 8))) & 1) != 0;
                        dark[x, y] = isSet ^ IsMasked(mask, x, y);
                        bit++;
                    }
                }
            }
        }
    }

    private static bool IsMasked(int mask, int x, int y) => mask switch
    {
        0 => (x + y) % 2 == 0,
        1 => y % 2 == 0,
        2 => x % 3 == 0,
        3 => (x + y) % 3 == 0,
        4 => ((x / 3) + (y / 2)) % 2 == 0,
        5 => (x * y % 2) + (x * y % 3) == 0,
        6 => ((x * y % 2) + (x * y % 3)) % 2 == 0,
        _ => (((x + y) % 2) + (x * y % 3)) % 2 == 0,
    };

    /// <summary>Long runs and plain squares, which a camera reads badly: the mask with the fewest is taken.</summary>
    private int Penalty()
    {
        var penalty = 0;
        for (var y = 0; y < Size; y++)
        {
            var (across, down) = (0, 0);
            for (var x = 0; x < Size; x++)
            {
                across = x > 0 && dark[x, y] == dark[x - 1, y] ? across + 1 : 1;
                down = x > 0 && dark[y, x] == dark[y, x - 1] ? down + 1 : 1;
                penalty += (across == 5 ? 3 : across > 5 ? 1 : 0) + (down == 5 ? 3 : down > 5 ? 1 : 0);
                penalty += x > 0 && y > 0 && dark[x, y] == dark[x - 1, y] && dark[x, y] == dark[x, y - 1]
                    && dark[x, y] == dark[x - 1, y - 1] ? 3 : 0;
            }
        }

        return penalty;
    }
}
