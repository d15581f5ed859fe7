using System.Text;
using Sluice.Agent.Configuration;
using Xunit;

namespace Sluice.Fast.Configuration;

/// <summary>
/// What spreadsheets and editors do to bytes; kept out of the case folders because git would mend them.
/// </summary>
public sealed class EncodingTests
{
    private static readonly byte[] Gateway = Encoding.UTF8.GetBytes(MemoryFolder.Gateway);
    private static readonly byte[] List = Encoding.UTF8.GetBytes(MemoryFolder.List);

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_are_fine()
    {
        byte[] mark = [0xEF, 0xBB, 0xBF];
        var loaded = MemoryFolder.Load(
            [.. mark, .. Encoding.UTF8.GetBytes(MemoryFolder.Gateway.Replace("\n", "\r\n", StringComparison.Ordinal))],
            [.. mark, .. Encoding.UTF8.GetBytes(MemoryFolder.List.Replace("\n", "\r\n", StringComparison.Ordinal))]);

        Assert.Empty(loaded.Problems);
        Assert.Equal("hmi1/oil/temperature", loaded.Configuration!.Sources[0].Signals[0].Signal.Name);
    }

    [Fact]
    public void Line_numbers_count_windows_and_old_mac_line_ends_once()
    {
        foreach (var end in (string[])["\n", "\r\n", "\r"])
        {
            var list = $"# a comment{end}{end}signal,address,type{end}a,holding:1,int16{end}b,holding:2,wrong{end}";
            var problem = Assert.Single(MemoryFolder.Load(MemoryFolder.Gateway, list).Problems);
            Assert.Equal(("hmi1.csv", 5), (problem.File, problem.Line));
        }
    }

    [Fact]
    public void Utf_16_is_named_and_how_to_save_instead()
    {
        var list = MemoryFolder.Load(Gateway, [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("signal")]);
        Assert.Contains("UTF-16", Assert.Single(list.Problems).Sentence, StringComparison.Ordinal);

        var gateway = MemoryFolder.Load([0xFE, 0xFF, 0, 0x7B], List);
        Assert.Contains("save it as UTF-8", Assert.Single(gateway.Problems).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_letter_of_another_encoding_is_found_with_its_line()
    {
        var list = Encoding.Latin1.GetBytes("signal,address,type,unit\noil,holding:1,int16,\u00B0C\n");
        var problem = Assert.Single(MemoryFolder.Load(Gateway, list).Problems);
        Assert.Equal(2, problem.Line);
        Assert.Contains("not saved as UTF-8", problem.Sentence, StringComparison.Ordinal);

        var gateway = MemoryFolder.Gateway.Replace("plant1", "f\u00F6rder", StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(MemoryFolder.Load(Encoding.Latin1.GetBytes(gateway), List).Problems).Line);
    }

    [Fact]
    public void A_spreadsheet_in_place_of_a_list_is_called_one()
    {
        var problem = Assert.Single(MemoryFolder.Load(Gateway, [0x50, 0x4B, 3, 4, 0x14, 0, 6, 0]).Problems);
        Assert.Contains("spreadsheet", problem.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_count_characters_and_not_bytes()
    {
        var gateway = MemoryFolder.Gateway.Replace("\"site\": \"plant1\"", "/* äöü€😀 */ \"site\": \"pl "
            + "ant\"", StringComparison.Ordinal);
        var problem = Assert.Single(MemoryFolder.Load(gateway, MemoryFolder.List).Problems);
        var line = gateway.Split('\n')[problem.Line - 1];
        var before = line[..line.IndexOf("\"pl ant\"", StringComparison.Ordinal)];
        Assert.Equal(before.EnumerateRunes().Count() + 1, problem.Column);
    }
}
