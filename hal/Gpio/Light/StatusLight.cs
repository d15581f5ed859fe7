using Microsoft.Win32.SafeHandles;
using Sluice.Hal.Gpio.CharacterDevice;

namespace Sluice.Hal.Gpio.Light;

/// <summary>
/// The light on the cabinet: the one line that Sluice ever drives, and only where the configuration names one. It asks
/// for that single line and for no other, and switches it off when it lets it go. Called from one loop.
/// </summary>
public sealed class StatusLight : ILight
{
    private readonly string path;
    private readonly GpioLine line;
    private SafeFileHandle? file;

    /// <param name="chipPath">The chip, such as /dev/gpiochip0, or label:NAME.</param>
    /// <param name="line">The line of the light, by number or name.</param>
    public StatusLight(string chipPath, GpioLine line)
    {
        path = chipPath;
        this.line = line;
    }

    public string Problem { get; private set; } = "";

    public bool Set(bool on)
    {
        try
        {
            file ??= Take();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = e.Message;
            return false;
        }

        var values = new LineValues { Bits = on ? 1u : 0u, Mask = 1 };
        if (Kernel.Control(file, GpioAbi.SetLineValues, ref values, out var error))
        {
            Problem = "";
            return true;
        }

        Problem = $"The status light at {line} of {path} cannot be switched ({Kernel.Say(error)}).";
        file.Dispose();
        file = null;
        return false;
    }

    public void Dispose()
    {
        if (file is not null)
        {
            Set(false);
            file?.Dispose();
            file = null;
        }
    }

    private SafeFileHandle Take()
    {
        using var chip = Chip.Open(path);
        var number = line.Number >= 0 ? line.Number : chip.Find(line.Name);
        if (number < 0)
        {
            throw new IOException($"GPIO chip {path} has no line named {line.Name} for the status light.");
        }

        var request = Chip.Request(number);
        request.Config.Flags = LineFlags.Output;
        request.Config.AttributeCount = 1;
        request.Config.Attributes[0].Mask = 1;
        request.Config.Attributes[0].Attribute.Id = GpioAbi.AttributeValues;
        request.Config.Attributes[0].Attribute.Values = 0;
        return chip.Take(ref request, number, EdgeKinds.None);
    }
}
