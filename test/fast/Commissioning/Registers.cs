using System.Globalization;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;

namespace Sluice.Fast.Commissioning;

/// <summary>Four registers as a device sends them, made by the plant's own code, and what its screen shows.</summary>
internal static class Registers
{
    public static (ushort[] Registers, string Shown) Of(SignalKind kind, ByteOrder order, double value, Random dice)
    {
        var map = new ModbusMap();
        for (var neighbour = 0; neighbour < 4; neighbour++)
        {
            map.SetRegister(ModbusTable.HoldingRegister, neighbour, (ushort)dice.Next(1, 65536));
        }

        // A double is printed with 15 digits at most; whole numbers of 64 bits have more.
        var shown = kind == SignalKind.Uint64
            ? ((ulong)value).ToString(CultureInfo.InvariantCulture)
            : ((long)value).ToString(CultureInfo.InvariantCulture);
        switch (kind)
        {
            case SignalKind.Float32:
                map.SetFloat(ModbusTable.HoldingRegister, 0, (float)value, order);
                shown = ((float)value).ToString("0.00", CultureInfo.InvariantCulture);
                break;
            case SignalKind.Float64:
                map.SetDouble(ModbusTable.HoldingRegister, 0, value, order);
                shown = value.ToString("0.00", CultureInfo.InvariantCulture);
                break;
            case SignalKind.Int64 or SignalKind.Uint64:
                map.SetUInt64(ModbusTable.HoldingRegister, 0,
                    kind == SignalKind.Int64 ? unchecked((ulong)(long)value) : (ulong)value, order);
                break;
            case SignalKind.Int32:
                map.SetInt32(ModbusTable.HoldingRegister, 0, (int)value, order);
                break;
            case SignalKind.Uint32:
                map.SetUInt32(ModbusTable.HoldingRegister, 0, (uint)value, order);
                break;
            case SignalKind.Bcd32:
                map.SetUInt32(ModbusTable.HoldingRegister, 0, Digits(value), order);
                break;
            default:
                var word = kind == SignalKind.Bcd16 ? (ushort)Digits(value) : unchecked((ushort)(int)value);
                map.SetRegister(ModbusTable.HoldingRegister, 0,
                    order == ByteOrder.BADC ? (ushort)((word << 8) | (word >> 8)) : word);
                break;
        }

        return ([.. Enumerable.Range(0, 4).Select(at => map.GetRegister(ModbusTable.HoldingRegister, at))], shown);
    }

    /// <summary>A digit in every four bits.</summary>
    private static uint Digits(double value) =>
        uint.Parse(value.ToString("0", CultureInfo.InvariantCulture), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture);
}
