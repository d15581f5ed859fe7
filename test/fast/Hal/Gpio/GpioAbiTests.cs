using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Hal.Gpio.CharacterDevice;
using Xunit;

namespace Sluice.Fast.Hal.Gpio;

/// <summary>
/// The structures against the numbers that a C compiler gives for linux/gpio.h (Debian 12, linux-libc-dev 6.1, arm64
/// and amd64 alike).
/// </summary>
public sealed class GpioAbiTests
{
    [Fact]
    public void Structures_have_the_kernels_sizes()
    {
        Assert.Equal(68, Unsafe.SizeOf<ChipInfo>());
        Assert.Equal(16, Unsafe.SizeOf<LineAttribute>());
        Assert.Equal(24, Unsafe.SizeOf<LineConfigAttribute>());
        Assert.Equal(272, Unsafe.SizeOf<LineConfig>());
        Assert.Equal(592, Unsafe.SizeOf<LineRequest>());
        Assert.Equal(256, Unsafe.SizeOf<LineInfo>());
        Assert.Equal(16, Unsafe.SizeOf<LineValues>());
        Assert.Equal(48, Unsafe.SizeOf<LineEvent>());
        Assert.Equal(8, Unsafe.SizeOf<PollEntry>());
        Assert.Equal(48, Marshal.SizeOf<LineEvent>());
    }

    [Fact]
    public void Fields_lie_where_the_kernel_looks_for_them()
    {
        var request = new LineRequest();
        Assert.Equal(256, OffsetOf(ref request, ref request.Consumer));
        Assert.Equal(288, OffsetOf(ref request, ref request.Config));
        Assert.Equal(296, OffsetOf(ref request, ref request.Config.AttributeCount));
        Assert.Equal(320, OffsetOf(ref request, ref request.Config.Attributes));
        Assert.Equal(560, OffsetOf(ref request, ref request.LineCount));
        Assert.Equal(564, OffsetOf(ref request, ref request.EventBufferSize));
        Assert.Equal(588, OffsetOf(ref request, ref request.FileDescriptor));

        var info = new LineInfo();
        Assert.Equal(64, OffsetOf(ref info, ref info.Offset));
        Assert.Equal(72, OffsetOf(ref info, ref info.Flags));
        Assert.Equal(80, OffsetOf(ref info, ref info.Attributes));

        var lineEvent = new LineEvent();
        Assert.Equal(8, OffsetOf(ref lineEvent, ref lineEvent.Id));
        Assert.Equal(16, OffsetOf(ref lineEvent, ref lineEvent.Number));
        Assert.Equal(20, OffsetOf(ref lineEvent, ref lineEvent.LineNumber));

        var attribute = new LineAttribute();
        Assert.Equal(8, OffsetOf(ref attribute, ref attribute.DebounceMicroseconds));
    }

    [Fact]
    public void Requests_have_the_numbers_of_the_header()
    {
        Assert.Equal(0x8044B401u, GpioAbi.GetChipInfo);
        Assert.Equal(0xC100B405u, GpioAbi.GetLineInfo);
        Assert.Equal(0xC250B407u, GpioAbi.GetLine);
        Assert.Equal(0xC010B40Eu, GpioAbi.GetLineValues);
        Assert.Equal(0xC010B40Fu, GpioAbi.SetLineValues);
    }

    [Fact]
    public void A_name_ends_at_its_zero_and_is_cut_to_the_kernels_length()
    {
        var name = default(KernelName);
        name.Set("DI1"u8);
        Assert.Equal("DI1", name.Text);
        name.Set("a name that is longer than thirty-one"u8);
        Assert.Equal("a name that is longer than thir", name.Text);
    }

    private static long OffsetOf<TOuter, TField>(ref TOuter outer, ref TField field) =>
        Unsafe.ByteOffset(ref Unsafe.As<TOuter, byte>(ref outer), ref Unsafe.As<TField, byte>(ref field));
}
