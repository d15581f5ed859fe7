using System.Net;
using Sluice.Hal.Modbus;
using Sluice.Plant.Gateway;
using Sluice.Plant.Modbus;

namespace Sluice.Plant.Machines;

/// <summary>
/// A press with its PLC and its Weintek panel, as two Modbus TCP devices on loopback, and the signal lists that its
/// builder would hand over. One loop steps the press and writes both devices.
/// </summary>
public sealed class PressCell : IAsyncDisposable
{
    public const string RecordSignal = "plc/record/count";

    private const int RecordAddress = 5000;
    private static readonly TimeSpan StepEvery = TimeSpan.FromMilliseconds(50);

    private readonly Press press;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;

    public PressCell(int seed, TimeProvider clock)
    {
        this.clock = clock;
        press = new Press(seed);
        Panel = new ModbusTcpServer(IPAddress.Loopback, 0);
        Plc = new ModbusTcpServer(IPAddress.Loopback, 0);
        Record = new ReadRecord(Plc.Responder, RecordAddress);
        WriteDevices();
        running = RunAsync(stop.Token);
    }

    public ModbusTcpServer Panel { get; }

    public ModbusTcpServer Plc { get; }

    /// <summary>What the PLC answered for <see cref="RecordSignal"/>.</summary>
    public ReadRecord Record { get; }

    /// <summary>The panel's list: word order CDAB, as these panels have it.</summary>
    public SourceFile PanelSource => SourceFile.ModbusTcp(
        "hmi1", Panel.Port,
        "oil/temperature,LW-100,float32,CDAB,,,degC,change,0.02,5 s,500 ms,1,Gear oil at the sump",
        "hall/temperature,LW-102,float32,CDAB,,,degC,change,0.05,5 s,1 s,1,Beside the press",
        "recipe/name,LW-200,string:20,,,,,change,,10 s,1 s,1,What is being pressed",
        "heartbeat,LW-10,uint16,,,,,change,,,1 s,1,Grows while the panel lives",
        "door/open,LB-12,bool,,,,,change,,5 s,200 ms,1,Guard door",
        "stack/green,LB-20,bool,,,,,change,,10 s,500 ms,1,",
        "stack/red,LB-21,bool,,,,,change,,10 s,500 ms,1,") with
    {
        Profile = "weintek",
        Timeout = "500 ms",
    };

    /// <summary>The PLC's list; the record is read twelve times a second and every answer is reported.</summary>
    public SourceFile PlcSource => SourceFile.ModbusTcp(
        "plc", Plc.Port,
        "motor/current,input:30,int16,,0.01,0,A,change,0.2,5 s,200 ms,1,Main drive",
        "pressure,input:31,uint16,,0.1,0,bar,change,2,5 s,200 ms,1,Main cylinder",
        "cycle/count,holding:400,uint32,CDAB,,,,change,,5 s,500 ms,1,Counter of the PLC: width 32",
        "energy/total,holding:410,uint64,,,,Wh,change,,5 s,1 s,1,Meter behind the PLC: past 32 bits",
        "record/count,holding:5000,uint32,,,,,always,,,80 ms,1,Counts its own readings") with
    {
        Timeout = "500 ms",
    };

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        await Panel.DisposeAsync().ConfigureAwait(false);
        await Plc.DisposeAsync().ConfigureAwait(false);
        stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(StepEvery, clock);
        var last = clock.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                var now = clock.GetTimestamp();
                press.Step(clock.GetElapsedTime(last, now));
                last = now;
                WriteDevices();
            }
        }
        catch (OperationCanceledException)
        {
            // The shift is over.
        }
    }

    private void WriteDevices()
    {
        const ModbusTable Holding = ModbusTable.HoldingRegister;
        Panel.Map.SetFloat(Holding, 100, (float)Math.Round(press.OilDegC, 2), ByteOrder.CDAB);
        Panel.Map.SetFloat(Holding, 102, (float)Math.Round(press.AmbientDegC, 2), ByteOrder.CDAB);
        Panel.Map.SetText(Holding, 200, press.Recipe, 20);
        Panel.Map.SetRegister(Holding, 10, press.Heartbeat);
        Panel.Map.SetBit(ModbusTable.Coil, 12, press.DoorOpen);
        Panel.Map.SetBit(ModbusTable.Coil, 20, press.Running);
        Panel.Map.SetBit(ModbusTable.Coil, 21, press.DoorOpen);

        Plc.Map.SetRegister(ModbusTable.InputRegister, 30, unchecked((ushort)(short)(press.MotorAmpere * 100)));
        Plc.Map.SetRegister(ModbusTable.InputRegister, 31, (ushort)(Math.Max(0, press.PressureBar) * 10));
        Plc.Map.SetUInt32(Holding, 400, press.Cycles, ByteOrder.CDAB);
        Plc.Map.SetUInt64(Holding, 410, press.EnergyWattHours);
    }
}
