using System.Buffers.Binary;
using System.Runtime.InteropServices;

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
/// One read of registers, bits or identification, and the judge of its answers: the part of the protocol that is the
/// same on every transport (Modbus Application Protocol V1.1b3, 6.1 to 6.4, 6.21 and 7).
/// <para>
/// Invariants: it can only encode the function codes 1, 2, 3, 4 and 43 (MEI type 14); an answer is accepted only if
/// function, byte count and total length are exactly those that the request must produce.
/// </para>
/// </summary>
public readonly record struct ReadRequest(byte UnitId, ModbusTable Table, ushort Address, int Count)
{
    /// <summary>Function code, address, quantity: the longest request.</summary>
    public const int PduBytesMax = 5;

    public const int RegistersMax = 125;

    public const int BitsMax = 2000;

    /// <summary>Registers of memory that <see cref="Unpack"/> needs for an identification.</summary>
    public const int PageRegisters = (IdentificationPage.PduBytesMax + 1) / 2;

    private const int IdentificationPduBytes = 4;
    private const int ExceptionPduBytes = 2;

    /// <summary>What the device is asked to tell about itself; None: a table is read.</summary>
    public IdentificationScope Scope { get; private init; }

    /// <summary>Bytes of the request.</summary>
    public int PduBytes => Scope == IdentificationScope.None ? PduBytesMax : IdentificationPduBytes;

    public bool IsBits => Table is ModbusTable.Coil or ModbusTable.DiscreteInput;

    public byte Function => Table switch
    {
        _ when Scope != IdentificationScope.None => IdentificationPage.Function,
        ModbusTable.Coil => 1,
        ModbusTable.DiscreteInput => 2,
        ModbusTable.HoldingRegister => 3,
        ModbusTable.InputRegister => 4,
        _ => throw new InvalidOperationException($"there is no Modbus table {Table}"),
    };

    /// <summary>Bytes of data that the answer must carry.</summary>
    public int DataBytes => IsBits ? (Count + 7) / 8 : Count * 2;

    /// <summary>Asks a device about itself, from this object on.</summary>
    public static ReadRequest Identification(byte unitId, IdentificationScope scope, byte objectId) =>
        scope is IdentificationScope.Basic or IdentificationScope.Regular or IdentificationScope.Single
            ? new ReadRequest(unitId, ModbusTable.HoldingRegister, objectId, 1) { Scope = scope }
            : throw new ArgumentException($"no device can be asked to identify itself as {scope}", nameof(scope));

    /// <summary>Throws if no device could answer this: the caller is wrong, not the world.</summary>
    public void Check()
    {
        // Throws for a table that there is not, before anything is begun for it.
        _ = Function;
        if (IsBits && Count is < 1 or > BitsMax || !IsBits && Count is < 1 or > RegistersMax || Address + Count > 65536)
        {
            throw new ArgumentException($"no device can be asked for {Count} of {Table} from {Address}");
        }
    }

    public void WritePdu(Span<byte> pdu)
    {
        pdu[0] = Function;
        if (Scope != IdentificationScope.None)
        {
            pdu[1] = IdentificationPage.MeiType;
            pdu[2] = (byte)Scope;
            pdu[3] = (byte)Address;
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(pdu[1..], Address);
        BinaryPrimitives.WriteUInt16BigEndian(pdu[3..], (ushort)Count);
    }

    /// <summary>
    /// Length of the answer PDU that begins here, for a transport whose frames do not say it: 0 while more bytes are
    /// needed to know it, -1 if no answer to this begins so.
    /// </summary>
    public int AnswerPduBytes(ReadOnlySpan<byte> pdu) => pdu.IsEmpty ? 0
        : pdu[0] == (Function | 0x80) ? ExceptionPduBytes
        : Scope == IdentificationScope.None ? 2 + DataBytes : IdentificationPage.Measure(pdu, Scope);

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

        if (Scope != IdentificationScope.None)
        {
            return IdentificationPage.Measure(pdu, Scope) == pdu.Length
                ? AnswerVerdict.Answers
                : AnswerVerdict.WrongLength;
        }

        return pdu[1] == DataBytes && pdu.Length == 2 + DataBytes ? AnswerVerdict.Answers : AnswerVerdict.WrongLength;
    }

    /// <summary>
    /// Unpacks the data of an answer that <see cref="Judge"/> found right: registers, bits, or an identification's PDU
    /// byte by byte into the memory of <see cref="PageRegisters"/> registers.
    /// </summary>
    public void Unpack(ReadOnlySpan<byte> pdu, Span<ushort> registers, Span<bool> bits)
    {
        if (Scope != IdentificationScope.None)
        {
            pdu.CopyTo(MemoryMarshal.AsBytes(registers));
            return;
        }

        var data = pdu.Slice(2, DataBytes);
        if (IsBits)
        {
            for (var index = 0; index < Count; index++)
            {
                bits[index] = (data[index >> 3] >> (index & 7) & 1) != 0;
            }

            return;
        }

        // Whole vectors at once: register by register this was a third of what a request cost.
        data.CopyTo(MemoryMarshal.AsBytes(registers[..Count]));
        if (BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(registers[..Count], registers);
        }
    }

    /// <summary>The identification that <see cref="Unpack"/> left in this memory.</summary>
    public static IdentificationPage PageIn(ReadOnlySpan<ushort> registers) =>
        IdentificationPage.Read(MemoryMarshal.AsBytes(registers));
}
