using Sluice.Plant.Demo;
using Sluice.Plant.Modbus;
using Sluice.Plant.World;

const int Usage = 64;

if (args is ["sim", .. var simulated])
{
    return SimCommand.Run(simulated);
}

if (args is ["panel", var address, var port])
{
    return await PanelCommand.RunAsync(address, port, TimeProvider.System);
}

if (args is not ["demo", .. var rest])
{
    await Console.Error.WriteLineAsync($"{DemoOptions.Usage}\n{SimCommand.Usage}\n{PanelCommand.Usage}");
    return Usage;
}

if (DemoOptions.Parse(rest, out var problem) is not { } options)
{
    await Console.Error.WriteLineAsync($"{problem}\n{DemoOptions.Usage}");
    return Usage;
}

return await DemoRun.RunAsync(options, TimeProvider.System);
