namespace Sluice.Hal.Modbus;

/// <summary>One request under way, and the memory that its answer goes to. Owned by the source's loop.</summary>
internal sealed class ReadLane
{
    public ushort[] Registers { get; } = new ushort[ReadRequest.RegistersMax];

    public bool[] Bits { get; } = new bool[ReadRequest.BitsMax];

    public ReadBlock Block { get; set; }

    public TimeSpan BeganAt { get; set; }

    public bool IsAsked { get; set; }

    public ValueTask<ModbusResult> Answer { get; set; }
}
