using Sluice.Hal.Modbus;

namespace Sluice.Fuzz;

/// <summary>
/// Makes what may arrive on a wire: a right answer, an exception, another's answer or noise, then damaged by a few
/// cuts, flips and insertions; sometimes with the checksum or the length made right again, so that the checks behind
/// them are reached too.
/// </summary>
internal sealed class WireInput(bool isRtu)
{
    private const int BytesMax = 900;

    private readonly byte[] bytes = new byte[BytesMax + 300];
    private int length;

    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    public ReadRequest Request { get; private set; }

    public ushort Transaction { get; private set; }

    /// <summary>Nothing was done to a right answer: it must be Good.</summary>
    public bool IsUntouched { get; private set; }

    public void Make(ref Dice dice)
    {
        Request = MakeRequest(ref dice);
        Transaction = (ushort)dice.Next();
        length = 0;
        var kind = dice.Below(10);
        IsUntouched = kind < 6;
        if (kind == 9)
        {
            Noise(ref dice, dice.Below(60));
        }
        else
        {
            AddFrame(ref dice, kind);
        }

        for (var damages = dice.Below(4); damages > 0; damages--)
        {
            IsUntouched = false;
            Damage(ref dice);
        }

        if (!IsUntouched && dice.Below(3) == 0)
        {
            Mend();
        }
    }

    private static ReadRequest MakeRequest(ref Dice dice)
    {
        var unit = (byte)dice.Below(4);
        if (dice.Below(5) == 0)
        {
            var scope = dice.Below(3) switch
            {
                0 => IdentificationScope.Basic,
                1 => IdentificationScope.Regular,
                _ => IdentificationScope.Single,
            };
            return ReadRequest.Identification(unit, scope, (byte)dice.Below(7));
        }

        var table = (ModbusTable)dice.Below(4);
        var isBits = table is ModbusTable.Coil or ModbusTable.DiscreteInput;
        var most = dice.Below(4) == 0 ? isBits ? 2000 : 125 : 8;
        return new ReadRequest(unit, table, (ushort)dice.Below(60_000), 1 + dice.Below(most));
    }

    /// <summary>0 to 5 right, 6 an exception, 7 another unit's, 8 another transaction's or function's.</summary>
    private void AddFrame(ref Dice dice, int kind)
    {
        var from = length;
        var transaction = kind == 8 ? (ushort)(Transaction + 1 + dice.Below(3)) : Transaction;
        if (!isRtu)
        {
            Add((byte)(transaction >> 8), (byte)transaction, 0, 0, 0, 0);
        }

        var unit = from + (isRtu ? 0 : 6);
        Add((byte)(Request.UnitId + (kind == 7 ? 1 : 0)));
        if (kind == 6)
        {
            Add((byte)(Request.Function | 0x80), (byte)dice.Below(12));
        }
        else if (Request.Scope != IdentificationScope.None)
        {
            AddObjects(ref dice);
        }
        else
        {
            Add((byte)(Request.Function ^ (kind == 8 && isRtu ? 1 : 0)), (byte)Request.DataBytes);
            Noise(ref dice, Request.DataBytes);
        }

        if (isRtu)
        {
            AddCrc(unit);
        }
        else
        {
            bytes[from + 4] = (byte)((length - unit) >> 8);
            bytes[from + 5] = (byte)(length - unit);
        }
    }

    private void AddObjects(ref Dice dice)
    {
        var count = dice.Below(4);
        Add(43, 14, (byte)Request.Scope, (byte)(1 + dice.Below(3)), (byte)(dice.Below(2) * 255), (byte)dice.Below(7));
        Add((byte)count);
        for (var each = 0; each < count; each++)
        {
            var text = dice.Below(30);
            Add((byte)each, (byte)text);
            Noise(ref dice, text);
        }
    }

    private void Damage(ref Dice dice)
    {
        var at = length == 0 ? 0 : dice.Below(length);
        switch (dice.Below(9))
        {
            case 0 or 1 when length > 0:
                bytes[at] ^= (byte)(1 << dice.Below(8));
                break;
            case 2 when length > 0:
                bytes[at] = dice.Byte();
                break;
            case 3 when length > 0:
                bytes.AsSpan(at + 1, length - at - 1).CopyTo(bytes.AsSpan(at));
                length--;
                break;
            case 4:
                length = at;
                break;
            case 5:
                Insert(at, 1, ref dice);
                break;
            case 6:
                Insert(0, 1 + dice.Below(12), ref dice);
                break;
            case 7:
                Noise(ref dice, dice.Below(20));
                break;
            default:
                if (length < BytesMax / 2)
                {
                    AddFrame(ref dice, dice.Below(9));
                }

                break;
        }
    }

    /// <summary>Makes the outermost check right, as if all of it were one frame.</summary>
    private void Mend()
    {
        if (isRtu && length > 3)
        {
            length -= 2;
            AddCrc(0);
        }
        else if (!isRtu && length is > 7 and < 260)
        {
            (bytes[2], bytes[3], bytes[4], bytes[5]) = (0, 0, 0, (byte)(length - 6));
        }
    }

    private void AddCrc(int from)
    {
        var crc = WireOracle.Crc(bytes.AsSpan(from, length - from));
        Add((byte)crc, (byte)(crc >> 8));
    }

    private void Insert(int at, int count, ref Dice dice)
    {
        if (length + count > BytesMax)
        {
            return;
        }

        bytes.AsSpan(at, length - at).CopyTo(bytes.AsSpan(at + count));
        for (var index = at; index < at + count; index++)
        {
            bytes[index] = dice.Byte();
        }

        length += count;
    }

    private void Noise(ref Dice dice, int count)
    {
        for (; count > 0 && length < BytesMax; count--)
        {
            bytes[length++] = dice.Byte();
        }
    }

    private void Add(params ReadOnlySpan<byte> more)
    {
        more.CopyTo(bytes.AsSpan(length));
        length += more.Length;
    }
}
