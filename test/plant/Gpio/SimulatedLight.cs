using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Light;

namespace Sluice.Plant.Gpio;

/// <summary>
/// A status light wired to a line of a <see cref="SimulatedChip"/>: its plug can be pulled, its line can be somebody
/// else's. Like the real one it holds the line from the first time that it is had.
/// </summary>
public sealed class SimulatedLight(SimulatedChip chip, int line) : ILight
{
    /// <summary>How often it was asked to be set, also in vain.</summary>
    public int Asked { get; private set; }

    public bool IsDisposed { get; private set; }

    public string Problem { get; private set; } = "";

    public bool Set(bool on)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Asked++;
        Problem = chip switch
        {
            { Unplugged: true } => "There is no such chip.",
            _ when chip.Busy.Contains(line) => $"Line {line} is in use by \"somebody\".",
            _ => "",
        };
        if (Problem.Length > 0)
        {
            return false;
        }

        chip[line] = on;
        return true;
    }

    public void Dispose()
    {
        if (!IsDisposed && !chip.Unplugged && !chip.Busy.Contains(line))
        {
            chip[line] = false;
        }

        IsDisposed = true;
    }
}
