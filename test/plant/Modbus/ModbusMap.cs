using System.Text;
using Sluice.Hal.Modbus;

namespace Sluice.Plant.Modbus;

/// <summary>
/// The four tables of a simulated device. Machine models write into it from their own threads while servers read: every
/// member is safe from any thread, and a value of several registers changes in one piece.
/// </summary>
public sealed class ModbusMap
{
    private readonly Lock gate = new();
    private readonly ushort[] holding = new ushort[65536];
    private readonly ushort[] input = new ushort[65536];
    private readonly bool[] coils = new bool[65536];
    private readonly bool[] discrete = new bool[65536];
    private readonly List<(ModbusTable Table, int From, int To)> forbidden = [];

    /// <summary>Reads that touch these addresses, first and last included, are answered with exception 2.</summary>
    public void Forbid(ModbusTable table, int from, int to)
    {
        lock (gate)
        {
            forbidden.Add((table, from, to));
        }
    }

    public bool IsReadable(ModbusTable table, int from, int count)
    {
        lock (gate)
        {
            return from + count <= 65536
                && !forbidden.Exists(each => each.Table == table && each.From < from + count && from <= each.To);
        }
    }

    public void SetRegister(ModbusTable table, int address, ushort value) => SetRegisters(table, address, [value]);

    public void SetRegisters(ModbusTable table, int address, ReadOnlySpan<ushort> values)
    {
        lock (gate)
        {
            values.CopyTo(Registers(table).AsSpan(address));
        }
    }

    public void SetBit(ModbusTable table, int address, bool value)
    {
        lock (gate)
        {
            Bits(table)[address] = value;
        }
    }

    public void SetFloat(ModbusTable table, int address, float value, ByteOrder order = ByteOrder.ABCD) =>
        SetWords(table, address, BitConverter.SingleToUInt32Bits(value), 2, order);

    public void SetDouble(ModbusTable table, int address, double value, ByteOrder order = ByteOrder.ABCD) =>
        SetWords(table, address, BitConverter.DoubleToUInt64Bits(value), 4, order);

    public void SetUInt32(ModbusTable table, int address, uint value, ByteOrder order = ByteOrder.ABCD) =>
        SetWords(table, address, value, 2, order);

    public void SetInt32(ModbusTable table, int address, int value, ByteOrder order = ByteOrder.ABCD) =>
        SetWords(table, address, unchecked((uint)value), 2, order);

    public void SetUInt64(ModbusTable table, int address, ulong value, ByteOrder order = ByteOrder.ABCD) =>
        SetWords(table, address, value, 4, order);

    /// <summary>Text, two bytes to a register, first character in the high byte, filled with NUL.</summary>
    public void SetText(ModbusTable table, int address, string text, int lengthBytes)
    {
        var bytes = new byte[(lengthBytes + 1) / 2 * 2];
        Encoding.UTF8.GetBytes(text).AsSpan().CopyTo(bytes);
        var registers = new ushort[bytes.Length / 2];
        for (var index = 0; index < registers.Length; index++)
        {
            registers[index] = (ushort)((bytes[index * 2] << 8) | bytes[(index * 2) + 1]);
        }

        SetRegisters(table, address, registers);
    }

    public ushort GetRegister(ModbusTable table, int address)
    {
        lock (gate)
        {
            return Registers(table)[address];
        }
    }

    public bool GetBit(ModbusTable table, int address)
    {
        lock (gate)
        {
            return Bits(table)[address];
        }
    }

    /// <summary>All zero, as after the device's own reboot.</summary>
    public void Clear()
    {
        lock (gate)
        {
            Array.Clear(holding);
            Array.Clear(input);
            Array.Clear(coils);
            Array.Clear(discrete);
        }
    }

    internal void CopyRegisters(ModbusTable table, int address, Span<byte> bigEndian)
    {
        lock (gate)
        {
            var registers = Registers(table);
            for (var index = 0; index < bigEndian.Length / 2; index++)
            {
                bigEndian[index * 2] = (byte)(registers[address + index] >> 8);
                bigEndian[(index * 2) + 1] = (byte)registers[address + index];
            }
        }
    }

    internal void CopyBits(ModbusTable table, int address, int count, Span<byte> packed)
    {
        packed.Clear();
        lock (gate)
        {
            var bits = Bits(table);
            for (var index = 0; index < count; index++)
            {
                packed[index / 8] |= (byte)(bits[address + index] ? 1 << (index % 8) : 0);
            }
        }
    }

    private void SetWords(ModbusTable table, int address, ulong value, int count, ByteOrder order)
    {
        Span<ushort> words = stackalloc ushort[count];
        for (var index = 0; index < count; index++)
        {
            var word = (ushort)(value >> (16 * (count - 1 - index)));
            if (order is ByteOrder.BADC or ByteOrder.DCBA)
            {
                word = (ushort)((word << 8) | (word >> 8));
            }

            words[order is ByteOrder.CDAB or ByteOrder.DCBA ? count - 1 - index : index] = word;
        }

        SetRegisters(table, address, words);
    }

    private ushort[] Registers(ModbusTable table) => table switch
    {
        ModbusTable.HoldingRegister => holding,
        ModbusTable.InputRegister => input,
        _ => throw new ArgumentException($"{table} has no registers", nameof(table)),
    };

    private bool[] Bits(ModbusTable table) => table switch
    {
        ModbusTable.Coil => coils,
        ModbusTable.DiscreteInput => discrete,
        _ => throw new ArgumentException($"{table} has no bits", nameof(table)),
    };
}
