using Sluice.Bench.Buffer;
using Sluice.Bench.Footprint;
using Sluice.Bench.Modbus;
using Sluice.Bench.Uplink;

// sluice-bench footprint AGENT GATEWAY-TESTS PAGE | buffer DIRECTORY BUFFER-PROCESS | modbus PROGRAMS |
// uplink AGENT UPLINK-PROCESS: prints figures, asserts nothing.
const int Usage = 64;

if (args is ["buffer", var directory, var process])
{
    BufferBench.Print(directory, process, Console.Out, TimeProvider.System);
    return 0;
}

if (args is ["modbus", var programs])
{
    await TcpThroughput.PrintAsync(programs, Console.Out, TimeProvider.System);
    await RtuLine.PrintAsync(programs, Console.Out, TimeProvider.System);
    await Fleet.PrintAsync(Console.Out, TimeProvider.System);
    await GoodNeighbour.PrintAsync(Console.Out, TimeProvider.System);
    return 0;
}

if (args is ["uplink", var published, var bare])
{
    await UplinkBench.PrintAsync(
        Path.GetFullPath(published), Path.GetFullPath(bare), Console.Out, TimeProvider.System, CancellationToken.None);
    return 0;
}

// The other process of the same bench.
if (args is ["modbus-devices"])
{
    await Fleet.ServeAsync();
    return 0;
}

if (args is not ["footprint", var agent, var tests, var page] || !File.Exists(agent))
{
    await Console.Error.WriteLineAsync(
        "sluice-bench footprint AGENT GATEWAY-TESTS PAGE | buffer DIRECTORY BUFFER-PROCESS | modbus PROGRAMS | "
        + "uplink AGENT UPLINK-PROCESS");
    return Usage;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
await FiguresPage.WriteAsync(
    Path.GetFullPath(agent), Path.GetFullPath(tests), page, Console.Out, TimeProvider.System, stop.Token);
return 0;
