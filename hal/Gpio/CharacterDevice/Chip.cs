using Microsoft.Win32.SafeHandles;

namespace Sluice.Hal.Gpio.CharacterDevice;

/// <summary>
/// One GPIO chip, open. Asks for lines; what it cannot have is an <see cref="IOException"/> whose message is a sentence
/// for a technician.
/// </summary>
internal sealed class Chip : IDisposable
{
    /// <summary>Before the label of a chip, where it is not named by its device file.</summary>
    public const string LabelPrefix = "label:";

    private static readonly byte[] Consumer = "sluice-agent"u8.ToArray();

    private readonly SafeFileHandle file;
    private readonly string path;

    private Chip(SafeFileHandle file, string path, in ChipInfo info)
    {
        this.file = file;
        this.path = path;
        LineCount = (int)info.Lines;
        Label = info.Label.Text;
    }

    public int LineCount { get; }

    /// <summary>What the board calls the chip.</summary>
    public string Label { get; }

    /// <summary>
    /// Opens /dev/gpiochipN, or <c>label:NAME</c>: the number of a chip may be another one after a boot or after it was
    /// unplugged, its label is not.
    /// </summary>
    public static Chip Open(string where)
    {
        if (!where.StartsWith(LabelPrefix, StringComparison.Ordinal))
        {
            return OpenDevice(where);
        }

        Chip? found = null;
        foreach (var path in Directory.EnumerateFiles("/dev", "gpiochip*").Order(StringComparer.Ordinal))
        {
            var chip = OpenDevice(path);
            if (found is not null || chip.Label != where[LabelPrefix.Length..])
            {
                chip.Dispose();
            }
            else
            {
                found = chip;
            }
        }

        return found ?? throw new IOException($"No GPIO chip is labelled {where[LabelPrefix.Length..]}. "
            + "`gpiodetect` lists the labels, in brackets.");
    }

    private static Chip OpenDevice(string path)
    {
        SafeFileHandle file;
        try
        {
            file = Kernel.OpenDevice(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"There is no GPIO chip {path}. The chips of this machine are /dev/gpiochip*.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(
                $"GPIO chip {path} may not be opened by this user; a udev rule gives it to the agent's group.", e);
        }

        var info = default(ChipInfo);
        if (!Kernel.Control(file, GpioAbi.GetChipInfo, ref info, out var error))
        {
            file.Dispose();
            throw new IOException($"{path} is not a GPIO chip ({Kernel.Say(error)}).");
        }

        return new Chip(file, path, info);
    }

    /// <summary>The number of the line of this name, or -1; two lines of one name are refused.</summary>
    public int Find(string name)
    {
        var found = -1;
        for (var number = 0; number < LineCount; number++)
        {
            if (InfoOf(number).Name.Text != name)
            {
                continue;
            }

            if (found >= 0)
            {
                throw new IOException(
                    $"GPIO chip {path} has two lines named {name} ({found} and {number}); write the number instead.");
            }

            found = number;
        }

        return found;
    }

    public LineInfo InfoOf(int number)
    {
        var info = new LineInfo { Offset = (uint)number };
        return Kernel.Control(file, GpioAbi.GetLineInfo, ref info, out var error)
            ? info
            : throw new IOException($"GPIO chip {path} says nothing about line {number} ({Kernel.Say(error)}).");
    }

    /// <summary>Has the line as an input, with the edges that are to be reported.</summary>
    public SafeFileHandle Watch(int number, LineBias bias, TimeSpan debounce, EdgeKinds edges)
    {
        var request = Request(number);
        request.Config.Flags = LineFlags.Input
            | bias switch
            {
                LineBias.PullUp => LineFlags.BiasPullUp,
                LineBias.PullDown => LineFlags.BiasPullDown,
                LineBias.Disabled => LineFlags.BiasDisabled,
                _ => LineFlags.None,
            }
            | ((edges & EdgeKinds.Rising) != 0 ? LineFlags.EdgeRising : LineFlags.None)
            | ((edges & EdgeKinds.Falling) != 0 ? LineFlags.EdgeFalling : LineFlags.None);
        if (edges != EdgeKinds.None)
        {
            request.EventBufferSize = GpioAbi.EventBufferMax;
        }

        if (debounce > TimeSpan.Zero)
        {
            request.Config.AttributeCount = 1;
            request.Config.Attributes[0].Mask = 1;
            request.Config.Attributes[0].Attribute.Id = GpioAbi.AttributeDebounce;
            request.Config.Attributes[0].Attribute.DebounceMicroseconds = (uint)debounce.TotalMicroseconds;
        }

        return Take(ref request, number, edges);
    }

    /// <summary>A request for one line, nothing said yet about what for.</summary>
    public static LineRequest Request(int number)
    {
        var request = new LineRequest { LineCount = 1 };
        request.Offsets[0] = (uint)number;
        request.Consumer.Set(Consumer);
        return request;
    }

    public SafeFileHandle Take(ref LineRequest request, int number, EdgeKinds edges)
    {
        if (Kernel.Control(file, GpioAbi.GetLine, ref request, out var error))
        {
            return new SafeFileHandle(request.FileDescriptor, ownsHandle: true);
        }

        throw new IOException(error switch
        {
            Kernel.BusyError => $"Line {number} of {path} is in use by \"{InfoOf(number).Consumer.Text}\".",
            Kernel.NoSuchDeviceOrAddressError when edges != EdgeKinds.None =>
                $"Line {number} of {path} has no interrupt, so its edges cannot be seen; "
                + "set edge to none to read its level only.",
            Kernel.InvalidError => $"Line {number} of {path} cannot be set up so; the chip has {LineCount} lines "
                + "(from 0), and not every chip can do every bias.",
            _ => $"Line {number} of {path} cannot be had ({Kernel.Say(error)}).",
        });
    }

    public void Dispose() => file.Dispose();
}
