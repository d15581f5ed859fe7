using System.Globalization;
using CsCheck;
using Sluice.Agent.Configuration;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class UnitTextTests
{
    [Theory]
    [InlineData("500 ms", 500)]
    [InlineData("500ms", 500)]
    [InlineData("1 s", 1_000)]
    [InlineData(" 15  s ", 15_000)]
    [InlineData("1.5 s", 1_500)]
    [InlineData("2 min", 120_000)]
    [InlineData("1 h", 3_600_000)]
    [InlineData("3 d", 259_200_000)]
    [InlineData("0 ms", 0)]
    public void A_duration_is_read(string text, double milliseconds)
    {
        Assert.True(UnitText.TryDuration(text, out var duration, out _));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("64 KiB", 64L << 10)]
    [InlineData("512 MB", 512_000_000)]
    [InlineData("2 GiB", 2L << 30)]
    [InlineData("1.5 KiB", 1536)]
    [InlineData("1 kB", 1000)]
    [InlineData("7 B", 7)]
    public void A_size_is_read(string text, long bytes)
    {
        Assert.True(UnitText.TrySize(text, out var size, out _));
        Assert.Equal(bytes, size);
        Assert.True(UnitText.TryRate(text + "/s", out var rate, out _));
        Assert.Equal(bytes, rate);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("1000")]
    [InlineData("-1 s")]
    [InlineData("1,5 s")]
    [InlineData("1 s 1 ms")]
    [InlineData("1e3 ms")]
    [InlineData("0x10 s")]
    [InlineData("1 S")]
    [InlineData("99999999999999999999999999999999 d")]
    [InlineData("999999999999999999 d")]
    [InlineData("∞ s")]
    public void What_is_no_duration_is_refused_with_what_to_write(string text)
    {
        Assert.False(UnitText.TryDuration(text, out var duration, out var problem));
        Assert.Equal(TimeSpan.Zero, duration);
        Assert.Contains("write", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 sec", "\"s\"")]
    [InlineData("2 Min", "\"min\"")]
    [InlineData("5 minutes", "\"min\"")]
    public void A_slip_in_a_unit_is_asked_about(string text, string meant)
    {
        Assert.False(UnitText.TryDuration(text, out _, out var problem));
        Assert.Contains($"did you mean {meant}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_reads_back()
    {
        Gen.Long[0, TimeSpan.FromDays(400).Ticks / TimeSpan.TicksPerMillisecond].Sample(milliseconds =>
        {
            var duration = TimeSpan.FromMilliseconds(milliseconds);
            Assert.True(UnitText.TryDuration(UnitText.Format(duration), out var read, out _));
            Assert.Equal(duration, read);
        });
        Gen.Long[0, 1L << 45].Sample(bytes =>
        {
            Assert.True(UnitText.TrySize(UnitText.FormatSize(bytes), out var read, out _));
            Assert.Equal(bytes, read);
            Assert.True(UnitText.TryRate(UnitText.FormatRate(bytes), out read, out _));
            Assert.Equal(bytes, read);
        });
    }

    [Fact]
    public void Any_text_is_read_or_refused_with_a_sentence() => Gen.String.Sample(text =>
    {
        var read = UnitText.TryDuration(text, out _, out var problem);
        Assert.Equal(read, problem.Length == 0);
        read = UnitText.TryRate(text, out _, out problem);
        Assert.Equal(read, problem.Length == 0);
    });

    [Fact]
    public void The_shortest_way_is_written()
    {
        Assert.Equal("90 s", UnitText.Format(TimeSpan.FromSeconds(90)));
        Assert.Equal("1 d", UnitText.Format(TimeSpan.FromHours(24)));
        Assert.Equal("64 KiB", UnitText.FormatSize(65536));
        Assert.Equal("1.5 GiB", UnitText.FormatRounded(3L << 29));
        Assert.Equal("1025 B", UnitText.FormatSize(1025).ToString(CultureInfo.InvariantCulture));
    }
}
