using CsCheck;
using Sluice.Release.Binaries;
using Xunit;

namespace Sluice.Fast.Packaging;

/// <summary>
/// What a program for Linux asks of its machine. Real programs, and readelf as the judge, are in test/packages; here is
/// what is damaged, and what is too much.
/// </summary>
public sealed class ElfFileTests
{
    /// <summary>This very process: a program for Linux, whatever it was made by.</summary>
    private static readonly byte[] Real = File.ReadAllBytes("/proc/self/exe");

    [Fact]
    public void A_program_that_runs_here_names_its_libraries_and_their_versions()
    {
        var file = ElfFile.Read(Real);
        Assert.Contains("libc.so.6", file.Libraries);
        Assert.NotNull(file.GlibcFloor);
    }

    [Fact]
    public void A_file_of_another_kind_is_refused_in_words() => Assert.All(
        new byte[][] { [], "MZ"u8.ToArray(), new byte[64], [.. "\x7f"u8, .. "ELF"u8, 1, 1, .. new byte[58]] },
        content => Assert.Contains(
            "ELF", Assert.Throws<InvalidDataException>(() => ElfFile.Read(content)).Message));

    /// <summary>In its header and in its last part, where the sections are told of.</summary>
    [Fact]
    public void A_damaged_program_is_read_or_refused_and_never_more() => Gen.Select(
        Gen.Bool, Gen.Int[0, 4095], Gen.Byte).List[1, 8].Sample(
        changes =>
        {
            var content = (byte[])Real.Clone();
            foreach (var (inHeader, at, value) in changes)
            {
                content[inHeader ? at % 64 : content.Length - 1 - at] = value;
            }

            try
            {
                _ = ElfFile.Read(content);
            }
            catch (InvalidDataException)
            {
                // In words; anything else ends the test.
            }
        },
        iter: 300);

    [Theory]
    [InlineData("libc.so.6", "GLIBC_2.34", "")]
    [InlineData("libc.so.6", "GLIBC_2.38", "it needs glibc 2.38 (libc.so.6), and 2.34 is promised")]
    [InlineData("libstdc++.so.6", "GLIBC_2.17", "it needs libstdc++.so.6 beside it")]
    [InlineData("libc.so.6", "GCC_3.0", "it asks for no version of glibc at all")]
    public void What_asks_for_more_than_was_promised_is_no_program_to_release(string library, string name, string words)
    {
        var broken = BinaryRules.Broken(new ElfFile(183, [library], [new SymbolVersion(library, name)])).ToList();
        Assert.Equal(words.Length == 0 ? 0 : 1, broken.Count);
        Assert.All(broken, each => Assert.StartsWith(words, each));
    }

    [Fact]
    public void Releases_of_glibc_are_ordered_as_numbers_and_not_as_text() => Assert.Equal(
        new Version(2, 17),
        new ElfFile(183, [], [new SymbolVersion("a", "GLIBC_2.9"), new SymbolVersion("a", "GLIBC_2.17")]).GlibcFloor);
}
