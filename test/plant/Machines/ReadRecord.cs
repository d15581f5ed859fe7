using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;

namespace Sluice.Plant.Machines;

/// <summary>
/// The plant's own record of what it gave away: a 32-bit register pair that counts its own readings, so that each
/// answer carries a value that no other answer carried. Whatever the MES is missing between 1 and the last value that
/// it got was answered by the plant and lost on the way. From any thread.
/// </summary>
public sealed class ReadRecord
{
    private readonly ModbusMap map;
    private readonly int address;
    private uint given;

    public ReadRecord(ModbusResponder responder, int address)
    {
        map = responder.Map;
        this.address = address;
        responder.BeforeRead = OnRead;
    }

    /// <summary>The last value that was answered; every value from 1 to it was answered once.</summary>
    public uint Given => Volatile.Read(ref given);

    private void OnRead(ModbusTable table, int from, int count)
    {
        if (table == ModbusTable.HoldingRegister && from <= address && address + 1 < from + count)
        {
            map.SetUInt32(table, address, Interlocked.Increment(ref given));
        }
    }
}
