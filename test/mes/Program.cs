using Sluice.Mes;

// sluice-mes: the reference receiver. --help says what it does.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
return await new MesCommandLine(Console.Out, TimeProvider.System).InvokeAsync(args, stop.Token);
