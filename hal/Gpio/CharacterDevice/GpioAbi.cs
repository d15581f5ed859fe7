using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sluice.Hal.Gpio.CharacterDevice;

/// <summary>
/// The GPIO character device as the kernel publishes it: linux/gpio.h, ABI v2 (Linux 5.10 and later). Field for field;
/// a size that is off by a byte is another ioctl number, and the kernel answers ENOTTY. Sizes are checked by tests.
/// </summary>
internal static class GpioAbi
{
    public const int NameBytes = 32;
    public const int LinesMax = 64;
    public const int AttributesMax = 10;

    /// <summary>
    /// Most events that the kernel keeps for one request: GPIO_V2_LINES_MAX * 16 (drivers/gpio/gpiolib-cdev.c).
    /// </summary>
    public const uint EventBufferMax = LinesMax * 16;

    // _IOR and _IOWR of asm-generic/ioctl.h: direction << 30 | size << 16 | type << 8 | number. Type 0xB4 is GPIO.
    public const uint GetChipInfo = (2u << 30) | (68u << 16) | (0xB4u << 8) | 0x01;
    public const uint GetLineInfo = (3u << 30) | (256u << 16) | (0xB4u << 8) | 0x05;
    public const uint GetLine = (3u << 30) | (592u << 16) | (0xB4u << 8) | 0x07;
    public const uint GetLineValues = (3u << 30) | (16u << 16) | (0xB4u << 8) | 0x0E;
    public const uint SetLineValues = (3u << 30) | (16u << 16) | (0xB4u << 8) | 0x0F;

    public const uint AttributeValues = 2;
    public const uint AttributeDebounce = 3;

    public const uint RisingEdge = 1;
    public const uint FallingEdge = 2;
}

/// <summary>enum gpio_v2_line_flag.</summary>
[Flags]
internal enum LineFlags : ulong
{
    None = 0,
    Used = 1 << 0,
    ActiveLow = 1 << 1,
    Input = 1 << 2,
    Output = 1 << 3,
    EdgeRising = 1 << 4,
    EdgeFalling = 1 << 5,
    OpenDrain = 1 << 6,
    OpenSource = 1 << 7,
    BiasPullUp = 1 << 8,
    BiasPullDown = 1 << 9,
    BiasDisabled = 1 << 10,
}

/// <summary>char name[GPIO_MAX_NAME_SIZE].</summary>
[InlineArray(GpioAbi.NameBytes)]
internal struct KernelName
{
    private byte first;

    /// <summary>The text up to its closing zero.</summary>
    public readonly string Text
    {
        get
        {
            ReadOnlySpan<byte> bytes = this;
            var end = bytes.IndexOf((byte)0);
            return System.Text.Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
        }
    }

    public void Set(ReadOnlySpan<byte> text)
    {
        Span<byte> bytes = this;
        bytes.Clear();
        text[..Math.Min(text.Length, bytes.Length - 1)].CopyTo(bytes);
    }
}

/// <summary>struct gpiochip_info.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ChipInfo
{
    public KernelName Name;
    public KernelName Label;
    public uint Lines;
}

/// <summary>struct gpio_v2_line_attribute: the union is 8 bytes; a debounce period lies in its first four.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct LineAttribute
{
    [FieldOffset(0)]
    public uint Id;

    [FieldOffset(8)]
    public ulong Values;

    [FieldOffset(8)]
    public uint DebounceMicroseconds;
}

/// <summary>struct gpio_v2_line_config_attribute.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineConfigAttribute
{
    public LineAttribute Attribute;
    public ulong Mask;
}

[InlineArray(GpioAbi.AttributesMax)]
internal struct LineConfigAttributes
{
    private LineConfigAttribute first;
}

[InlineArray(GpioAbi.AttributesMax)]
internal struct LineAttributes
{
    private LineAttribute first;
}

[InlineArray(GpioAbi.LinesMax)]
internal struct LineOffsets
{
    private uint first;
}

[InlineArray(4)]
internal struct FourWords
{
    private uint first;
}

[InlineArray(5)]
internal struct FiveWords
{
    private uint first;
}

[InlineArray(6)]
internal struct SixWords
{
    private uint first;
}

/// <summary>struct gpio_v2_line_config.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineConfig
{
    public LineFlags Flags;
    public uint AttributeCount;
    public FiveWords Padding;
    public LineConfigAttributes Attributes;
}

/// <summary>struct gpio_v2_line_request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineRequest
{
    public LineOffsets Offsets;
    public KernelName Consumer;
    public LineConfig Config;
    public uint LineCount;
    public uint EventBufferSize;
    public FiveWords Padding;
    public int FileDescriptor;
}

/// <summary>struct gpio_v2_line_info.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineInfo
{
    public KernelName Name;
    public KernelName Consumer;
    public uint Offset;
    public uint AttributeCount;
    public LineFlags Flags;
    public LineAttributes Attributes;
    public FourWords Padding;
}

/// <summary>struct gpio_v2_line_values.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineValues
{
    public ulong Bits;
    public ulong Mask;
}

/// <summary>struct gpio_v2_line_event.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineEvent
{
    public ulong TimestampNanoseconds;
    public uint Id;
    public uint Offset;
    public uint Number;
    public uint LineNumber;
    public SixWords Padding;
}
