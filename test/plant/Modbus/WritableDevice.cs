using System.Buffers.Binary;
using Sluice.Hal.Modbus;

namespace Sluice.Plant.Modbus;

/// <summary>How a <see cref="WritableDevice"/> answers.</summary>
/// <param name="Pdu">Empty = not at all.</param>
/// <param name="FromAnother">In the name of another transaction or unit.</param>
/// <param name="After">Only then.</param>
/// <param name="ByteByByte">Every byte on its own, each after a pause.</param>
public readonly record struct JudgedAnswer(
    byte[] Pdu, bool FromAnother = false, TimeSpan After = default, bool ByteByByte = false);

/// <summary>
/// The device that libmodbus's own test client expects (its unit-test.h): a small map that can be written to, and
/// addresses that misbehave. Only here, in the simulated plant: what ships can write nothing. Request PDU in, answer
/// out (Modbus Application Protocol V1.1b3, 6.1 to 6.6, 6.11 to 6.13, 6.16 and 6.17).
/// </summary>
public sealed class WritableDevice
{
    public const byte Unit = 17;

    private const int Coils = 0x130;
    private const int CoilCount = 0x25;
    private const int Inputs = 0x1C4;
    private const int InputCount = 0x16;
    private const int Registers = 0x160;
    private const int RegisterCount = 0x20;
    private const int InputRegister = 0x108;

    private const int CoilRefused = Coils + 2;
    private const int Busy = 0x170;
    private const int Stranger = 0x171;
    private const int Slow = 0x172;
    private const int SingleBytes = 0x173;
    private const int ShortAnswerCount = 2;

    // Its client waits 0.2 s, which must be too short, and 0.6 s, which must do on a busy machine too.
    private static readonly TimeSpan SlowAfter = TimeSpan.FromMilliseconds(320);

    private const byte IllegalFunction = 1;
    private const byte IllegalAddress = 2;
    private const byte IllegalValue = 3;
    private const byte DeviceBusy = 6;

    private readonly bool[] coils = new bool[CoilCount];
    private readonly bool[] inputs = [.. Enumerable.Range(0, InputCount).Select(
        each => (new byte[] { 0xAC, 0xDB, 0x35 }[each / 8] >> (each % 8) & 1) != 0)];

    private readonly ushort[] registers = new ushort[RegisterCount];

    public JudgedAnswer Answer(ReadOnlySpan<byte> request)
    {
        if (request.Length >= 5 && request[0] == 3)
        {
            var (address, count) = (Word(request, 1), Word(request, 3));
            if (count == ShortAnswerCount)
            {
                return new JudgedAnswer(ReadRegisters(3, address, 1, registers, Registers));
            }

            switch (address)
            {
                case Busy:
                    return new JudgedAnswer(No(3, DeviceBusy));
                case Stranger:
                    return new JudgedAnswer([3, 2, 0, 0], FromAnother: true);
                case Slow:
                    return new JudgedAnswer(Plain(request), After: SlowAfter);
                case SingleBytes:
                    return new JudgedAnswer([3, 2, 0, 0], ByteByByte: true);
                default:
                    break;
            }
        }

        return new JudgedAnswer(Plain(request));
    }

    private byte[] Plain(ReadOnlySpan<byte> request)
    {
        var function = request[0];
        if (request.Length < 5)
        {
            return function == 17 ? [17, 10, 180, 0xFF, .. "SLUICE 1"u8] : No(function, IllegalFunction);
        }

        var (address, second) = (Word(request, 1), Word(request, 3));
        return function switch
        {
            1 => ReadBits(1, address, second, coils, Coils),
            2 => ReadBits(2, address, second, inputs, Inputs),
            3 => ReadRegisters(3, address, second, registers, Registers),
            4 => ReadRegisters(4, address, second, [10], InputRegister),
            5 => WriteCoil(request, address, second),
            6 => WriteRegister(request, address, (ushort)second),
            15 => WriteCoils(request, address, second),
            16 => WriteRegisters(request, address, second),
            22 => WriteMasked(request, address),
            23 => WriteAndRead(request, address, second),
            _ => No(function, IllegalFunction),
        };
    }

    private static byte[] ReadBits(byte function, int address, int count, bool[] bits, int first)
    {
        if (count is < 1 or > 2000 || !Lies(address, count, first, bits.Length))
        {
            return No(function, count is < 1 or > 2000 ? IllegalValue : IllegalAddress);
        }

        var pdu = new byte[2 + ((count + 7) / 8)];
        (pdu[0], pdu[1]) = (function, (byte)(pdu.Length - 2));
        for (var index = 0; index < count; index++)
        {
            pdu[2 + (index / 8)] |= (byte)(bits[address - first + index] ? 1 << (index % 8) : 0);
        }

        return pdu;
    }

    private static byte[] ReadRegisters(byte function, int address, int count, ushort[] from, int first)
    {
        if (count is < 1 or > 125 || !Lies(address, count, first, from.Length))
        {
            return No(function, count is < 1 or > 125 ? IllegalValue : IllegalAddress);
        }

        var pdu = new byte[2 + (count * 2)];
        (pdu[0], pdu[1]) = (function, (byte)(count * 2));
        for (var index = 0; index < count; index++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(pdu.AsSpan(2 + (index * 2)), from[address - first + index]);
        }

        return pdu;
    }

    private byte[] WriteCoil(ReadOnlySpan<byte> request, int address, int value)
    {
        if (address == CoilRefused || !Lies(address, 1, Coils, CoilCount))
        {
            return No(5, address == CoilRefused ? IllegalValue : IllegalAddress);
        }

        coils[address - Coils] = value == 0xFF00;
        return request[..5].ToArray();
    }

    private byte[] WriteRegister(ReadOnlySpan<byte> request, int address, ushort value)
    {
        if (address == Busy || !Lies(address, 1, Registers, RegisterCount))
        {
            return No(6, address == Busy ? IllegalValue : IllegalAddress);
        }

        registers[address - Registers] = value;
        return request[..5].ToArray();
    }

    private byte[] WriteCoils(ReadOnlySpan<byte> request, int address, int count)
    {
        var isRight = count is >= 1 and <= 1968 && request[5] == (count + 7) / 8 && request.Length == 6 + request[5];
        if (!isRight || !Lies(address, count, Coils, CoilCount))
        {
            return No(15, isRight ? IllegalAddress : IllegalValue);
        }

        for (var index = 0; index < count; index++)
        {
            coils[address - Coils + index] = (request[6 + (index / 8)] >> (index % 8) & 1) != 0;
        }

        return request[..5].ToArray();
    }

    private byte[] WriteRegisters(ReadOnlySpan<byte> request, int address, int count)
    {
        var isRight = count is >= 1 and <= 123 && request[5] == count * 2 && request.Length == 6 + request[5];
        if (!isRight || !Lies(address, count, Registers, RegisterCount))
        {
            return No(16, isRight ? IllegalAddress : IllegalValue);
        }

        for (var index = 0; index < count; index++)
        {
            registers[address - Registers + index] = (ushort)Word(request, 6 + (index * 2));
        }

        return request[..5].ToArray();
    }

    private byte[] WriteMasked(ReadOnlySpan<byte> request, int address)
    {
        if (!Lies(address, 1, Registers, RegisterCount))
        {
            return No(22, IllegalAddress);
        }

        var (and, or) = (Word(request, 3), Word(request, 5));
        ref var register = ref registers[address - Registers];
        register = (ushort)((register & and) | (or & ~and));
        return request[..7].ToArray();
    }

    private byte[] WriteAndRead(ReadOnlySpan<byte> request, int address, int count)
    {
        var (to, written) = (Word(request, 5), Word(request, 7));
        var isRight = count is >= 1 and <= 125 && written is >= 1 and <= 121 && request[9] == written * 2;
        if (!isRight || !Lies(address, count, Registers, RegisterCount) || !Lies(to, written, Registers, RegisterCount))
        {
            return No(23, isRight ? IllegalAddress : IllegalValue);
        }

        for (var index = 0; index < written; index++)
        {
            registers[to - Registers + index] = (ushort)Word(request, 10 + (index * 2));
        }

        return ReadRegisters(23, address, count, registers, Registers);
    }

    private static bool Lies(int address, int count, int first, int held) =>
        address >= first && address + count <= first + held;

    private static int Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);

    private static byte[] No(byte function, byte code) => [(byte)(function | 0x80), code];
}
