namespace Sluice.Field.Parts.Wires;

/// <summary>Two serial ports with a cable between them: ptys that socat joins. Line time is not kept.</summary>
internal sealed class SerialCable : IAsyncDisposable
{
    private readonly ChildProcess socat;

    private SerialCable(ChildProcess socat, string machineEnd, string gatewayEnd)
    {
        this.socat = socat;
        MachineEnd = machineEnd;
        GatewayEnd = gatewayEnd;
    }

    public string MachineEnd { get; }

    public string GatewayEnd { get; }

    public static async Task<SerialCable> StartAsync(FieldDirectory directory)
    {
        var (machine, gateway) = (directory.At("tty-machine"), directory.At("tty-gateway"));
        var socat = ChildProcess.Start(
            "/usr/bin/socat", [$"pty,raw,echo=0,link={machine}", $"pty,raw,echo=0,link={gateway}"]);
        await Eventually.HoldsAsync(
            () => File.Exists(machine) && File.Exists(gateway), TimeSpan.FromSeconds(10),
            () => $"socat made no ports. It said:\n{socat.Tail()}");
        return new SerialCable(socat, machine, gateway);
    }

    public ValueTask DisposeAsync() => socat.DisposeAsync();
}
