using System.Buffers.Binary;

namespace Sluice.Hal.Modbus;

/// <summary>What an answer is, measured against the one request that it claims to answer.</summary>
public enum AnswerVerdict : byte
{
    /// <summary>Function, byte count and length are exactly those of the request.</summary>
    Answers,

    /// <summary>The device said no, in a well-formed exception answer to this function.</summary>
    Exception,

    /// <summary>Another function's answer.</summary>
    WrongFunction,

    /// <summary>The length or byte count is not what was asked for: after this, a stream cannot be trusted.</summary>
    WrongLength,
}

/// <summary>
/// One read of registers or bits, and the judge of its answers: the part of the protocol that is the same on every
/// transport (Modbus Application Protocol V1.1b3, 6.1 to 6.4 and 7).
/// <para>
/// Invariants: it can only encode the function codes 1, 2, 3 and 4; an answer is accepted only if function, byte count
/// and total length are exactly those that the request must produce.
/// </para>
/// </summary>
public readonly record struct ReadRequest(byte UnitId, ModbusTable Table, ushort Address, int Count)
{
    /// <summary>Function code, address, quantity.</summary>
    public const int PduBytes = 5;

    public const int RegistersMax = 125;

    public const int BitsMax = 2000;

    public bool IsBits => Table is ModbusTable.Coil or ModbusTable.DiscreteInput;

    public byte Function => Table switch
    {
        ModbusTable.Coil => 1,
        ModbusTable.DiscreteInput => 2,
        ModbusTable.HoldingRegister => 3,
        ModbusTable.InputRegister => 4,
        _ => throw new InvalidOperationException($"there is no Modbus table {Table}"),
    };

    /// <summary>Bytes of data that the answer must carry.</summary>
    public int DataBytes => IsBits ? (Count + 7) / 8 : Count * 2;

    /// <summary>Throws if no device could answer this: the caller is wrong, not the world.</summary>
    public void Check()
    {
        if (IsBits && Count is < 1 or > BitsMax || !IsBits && Count is < 1 or > RegistersMax || Address + Count > 65536)
        {
            throw new ArgumentException($"no device can be asked for {Count} of {Table} from {Address}");
        }
    }

    public void WritePdu(Span<byte> pdu)
    {
        pdu[0] = Function;
        BinaryPrimitives.WriteUInt16BigEndian(pdu[1..], Address);
        BinaryPrimitives.WriteUInt16BigEndian(pdu[3..], (ushort)Count);
    }

    public AnswerVerdict Judge(ReadOnlySpan<byte> pdu)
    {
        if (pdu.Length < 2)
        {
            return AnswerVerdict.WrongLength;
        }

        if (pdu[0] == (Function | 0x80))
        {
            // Exception code 0 does not exist (V1.1b3, section 7): such an answer was not made by a device that works.
            return pdu.Length == 2 && pdu[1] != 0 ? AnswerVerdict.Exception : AnswerVerdict.WrongLength;
        }

        if (pdu[0] != Function)
        {
            return AnswerVerdict.WrongFunction;
        }

        return pdu[1] == DataBytes && pdu.Length == 2 + DataBytes ? AnswerVerdict.Answers : AnswerVerdict.WrongLength;
    }

    /// <summary>Unpacks the data of an answer that <see cref="Judge"/> found right.</summary>
    public void Unpack(ReadOnlySpan<byte> pdu, Span<ushort> registers, Span<bool> bits)
    {
        var data = pdu.Slice(2, DataBytes);
        if (IsBits)
        {
            for (var index = 0; index < Count; index++)
            {
                bits[index] = (data[index >> 3] >> (index & 7) & 1) != 0;
            }

            return;
        }

        for (var index = 0; index < Count; index++)
        {
            registers[index] = BinaryPrimitives.ReadUInt16BigEndian(data[(index * 2)..]);
        }
    }
}
