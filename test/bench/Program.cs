using Sluice.Bench.Buffer;
using Sluice.Bench.Footprint;
using Sluice.Bench.Modbus;
using Sluice.Bench.Uplink;
using Sluice.Plant.Gateway;

// sluice-bench [--agent FILE] | buffer DIRECTORY BUFFER-PROCESS | modbus PROGRAMS | uplink AGENT UPLINK-PROCESS: prints
// figures, asserts nothing.
// Without a file it measures the agent built beside it.
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

if (args is not ([] or ["--agent", _]))
{
    await Console.Error.WriteLineAsync(
        "sluice-bench [--agent FILE] | buffer DIRECTORY BUFFER-PROCESS | modbus PROGRAMS | "
        + "uplink AGENT UPLINK-PROCESS");
    return Usage;
}

var agent = args is [_, var file] ? file : AgentProcess.Beside;
if (!File.Exists(agent))
{
    await Console.Error.WriteLineAsync($"There is no agent at {agent}: make publish RID=linux-x64 builds one.");
    return Usage;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
await AgentFootprint.PrintAsync(Path.GetFullPath(agent), Console.Out, TimeProvider.System, stop.Token);
return 0;
