using Sluice.Plant.Demo;

const int Usage = 64;

if (args is not ["demo", .. var rest])
{
    await Console.Error.WriteLineAsync(DemoOptions.Usage);
    return Usage;
}

if (DemoOptions.Parse(rest, out var problem) is not { } options)
{
    await Console.Error.WriteLineAsync($"{problem}\n{DemoOptions.Usage}");
    return Usage;
}

return await DemoRun.RunAsync(options, TimeProvider.System);
