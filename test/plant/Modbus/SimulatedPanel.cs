using System.Net;
using Sluice.Hal.Modbus;

namespace Sluice.Plant.Modbus;

/// <summary>
/// A Weintek cMT panel as others found it to behave (design notes, Weintek panels): unit 1 answers and no other; LW-n
/// is holding and input register n up to 9998, RW-n is holding register 9999 + n, LB-n is coil n up to 12799; few
/// connections; it answers perfectly whatever happens to the PLC behind it.
/// </summary>
public sealed class SimulatedPanel : IAsyncDisposable
{
    public const int WordMax = 9998;
    public const int RecipeWordBase = 9999;
    public const int BitMax = 12799;

    public const int Heartbeat = 0;
    public const int LayoutVersion = 1;
    public const int Temperature = 100;
    public const int Count = 102;

    private readonly ModbusTcpServer server;
    private ushort heartbeat;
    private uint count;
    private int shift;

    public SimulatedPanel(int connectionsMax = 2, IPAddress? address = null, int port = 0)
    {
        server = new ModbusTcpServer(address ?? IPAddress.Loopback, port)
        {
            Answers = unit => unit == 1,
            ConnectionsMax = connectionsMax,
        };
        server.Map.Forbid(ModbusTable.Coil, BitMax + 1, 65535);
        server.Map.Forbid(ModbusTable.DiscreteInput, 0, 65535);
        server.Map.Forbid(ModbusTable.InputRegister, WordMax + 1, 65535);
        Step();
    }

    public int Port => server.Port;

    public ModbusMap Map => server.Map;

    public ModbusResponder Responder => server.Responder;

    public long Accepted => server.Accepted;

    /// <summary>The PLC behind the panel runs; while it does not, the panel goes on answering what it had.</summary>
    public bool HasPlc { get; set; } = true;

    /// <summary>What the PLC does in one of its cycles, as far as the panel sees it.</summary>
    public void Step()
    {
        if (!HasPlc)
        {
            return;
        }

        heartbeat++;
        count++;
        SetWord(Heartbeat, heartbeat);
        SetWord(LayoutVersion, 7);
        Map.SetFloat(ModbusTable.HoldingRegister, Temperature + shift, 71.25f, ByteOrder.CDAB);
        Map.SetUInt32(ModbusTable.HoldingRegister, Count + shift, count, ByteOrder.CDAB);
    }

    /// <summary>
    /// The panel starts anew: its connections are gone, and every word is 0 until the PLC writes it again.
    /// </summary>
    public void Reboot()
    {
        server.StopListening();
        Map.Clear();
        server.StartListening();
    }

    /// <summary>A program download: everything moves by ten words, and the layout's version with it.</summary>
    public void DownloadProgram()
    {
        server.CloseConnections();
        Map.Clear();
        shift += 10;
        Step();
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private void SetWord(int word, ushort value)
    {
        Map.SetRegister(ModbusTable.HoldingRegister, word + shift, value);
        Map.SetRegister(ModbusTable.InputRegister, word + shift, value);
    }
}
