using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;

namespace Sluice.Fast.Hal.Faults;

/// <summary>What a case is played over: the device's end, the source's end, and the frame between them.</summary>
internal abstract class FaultTransport
{
    public required IScriptedDevice Device { get; init; }

    public static FaultTransport Tcp()
    {
        var device = new ScriptedModbusServer();
        return new TcpTransport(device.Port) { Device = device };
    }

    public static FaultTransport RtuOverTcp()
    {
        var device = new ScriptedModbusServer(RtuFramer.RequestBytesMax);
        return new RtuTransport(timeout =>
            new TcpByteLine(IPAddress.Loopback, device.Port, timeout, TimeProvider.System)) { Device = device };
    }

    public static FaultTransport Serial()
    {
        var device = new ScriptedSerialDevice();
        return new RtuTransport(_ => new SerialByteLine(new SerialPortOptions { Path = device.Path }))
        {
            Device = device,
        };
    }

    public static byte[] Checksum(byte[] bytes)
    {
        var crc = RtuFramer.Checksum(bytes);
        return [(byte)crc, (byte)(crc >> 8)];
    }

    /// <summary>The shortest wait that is one, where the case asks for none.</summary>
    private static TimeSpan ReconnectAfter(FaultCase fault) =>
        TimeSpan.FromMilliseconds(fault.Option("reconnectMs", 5)) + TimeSpan.FromTicks(1);

    public abstract ISignalSource Open(FaultCase fault);

    public abstract ReadOnlySpan<byte> PduOf(byte[] request);

    public abstract byte[] Frame(byte[] request, ReadOnlySpan<byte> pdu);

    /// <summary>
    /// Dead units are probed nearly all the time: how seldom it may be is the policy's own test, on a line that is
    /// stepped.
    /// </summary>
    private static UnitPolicyOptions Impatient { get; } =
        new() { DeadShareMax = 0.8, ProbePauseMin = TimeSpan.FromMilliseconds(5) };

    private sealed class TcpTransport(int port) : FaultTransport
    {
        public override ISignalSource Open(FaultCase fault)
        {
            var options = new ModbusTcpOptions
            {
                Address = IPAddress.Loopback,
                Port = port,
                Timeout = TimeSpan.FromMilliseconds(fault.Option("timeoutMs", 1000)),
                Window = fault.Option("window", 1),
                TimeoutsBeforeReconnect = fault.Option("timeoutsBeforeReconnect", 3),
                GapRegistersMax = fault.Option("gapRegistersMax", 16),
                OneRequestPerSignal = fault.Option("oneRequestPerSignal", 0) == 1,
                ReconnectFirst = ReconnectAfter(fault),
                ReconnectMax = ReconnectAfter(fault) * 4,
            };
            return new ModbusSource(
                "plc", [.. fault.Signals.Select(Signals.Of)], new ModbusTcpClient(options, TimeProvider.System),
                ModbusSourceOptions.Of(options) with { Units = Impatient }, TimeProvider.System);
        }

        public override ReadOnlySpan<byte> PduOf(byte[] request) => request.AsSpan(7);

        public override byte[] Frame(byte[] request, ReadOnlySpan<byte> pdu) =>
            ScriptedModbusServer.Frame(request, pdu);
    }

    private sealed class RtuTransport(Func<TimeSpan, IByteLine> line) : FaultTransport
    {
        public override ISignalSource Open(FaultCase fault)
        {
            var options = new ModbusRtuOptions
            {
                Timeout = TimeSpan.FromMilliseconds(fault.Option("timeoutMs", 1000)),
                ListenFirst = TimeSpan.FromMilliseconds(fault.Option("listenFirstMs", 0)),
                TimeoutsBeforeReconnect = fault.Option("timeoutsBeforeReconnect", 3),
                ReconnectFirst = ReconnectAfter(fault),
                ReconnectMax = ReconnectAfter(fault) * 4,
            };
            return new ModbusSource(
                "plc", [.. fault.Signals.Select(Signals.Of)],
                new ModbusRtuClient(line(options.Timeout), options, TimeProvider.System),
                new ModbusSourceOptions
                {
                    Plan = new ReadPlanOptions { OneRequestPerSignal = fault.Option("oneRequestPerSignal", 0) == 1 },
                    Units = Impatient,
                },
                TimeProvider.System);
        }

        public override ReadOnlySpan<byte> PduOf(byte[] request) => request.AsSpan(1, 5);

        public override byte[] Frame(byte[] request, ReadOnlySpan<byte> pdu)
        {
            byte[] frame = [request[0], .. pdu];
            return [.. frame, .. Checksum(frame)];
        }
    }
}
