using System.Text;
using Sluice.Agent.Commissioning.Lists;
using Xunit;

namespace Sluice.Fast.Commissioning;

public sealed class SignalListEditTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-list").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_line_that_is_changed_leaves_every_other_byte_as_it_was()
    {
        const string before = "\uFEFF# from the machine builder;  ä\r\n\r\nsignal , address,type,order,description\r\n"
            + "oil/temperature, LW-100 ,uint16,,\"sump, rear\"\r\n# between\n  a,LW-2,int16\r\n,,,\r\nb,LW-3,int16";
        var after = Text(Put(before, "oil/temperature", ("type", "float32"), ("order", "CDAB"), ("address", "LW-100")));

        Assert.Equal(
            before.Replace("LW-100 ,uint16,,", "LW-100 ,float32,CDAB,", StringComparison.Ordinal), after);
    }

    [Theory]
    [InlineData("signal,address,type\na,LW-1,int16\n", "\n")]
    [InlineData("signal,address,type\r\na,LW-1,int16", "\r\n")]
    [InlineData("signal,address,type\ra,LW-1,int16\r", "\r")]
    public void A_new_line_goes_to_the_end_with_the_ends_that_the_file_has(string before, string end)
    {
        var edited = Put(before, "new/one", ("type", "float32"), ("address", "LW-100"));

        Assert.True(edited.IsNew);
        Assert.Equal(3, edited.Line);
        Assert.Equal(before.TrimEnd('\r', '\n') + end + "new/one,LW-100,float32" + end, Text(edited));
    }

    [Fact]
    public void A_column_that_is_missing_is_put_at_the_end_of_the_header_and_of_this_line_alone()
    {
        var edited = Put("signal,address,type\na,LW-1,int16\nb,LW-2,int16\n", "b", ("order", "CDAB"), ("scale", ""));

        Assert.Equal(["order"], edited.AddedColumns);
        Assert.Equal("signal,address,type,order\na,LW-1,int16\nb,LW-2,int16,CDAB\n", Text(edited));
    }

    [Fact]
    public void A_text_that_holds_a_comma_or_a_quote_goes_into_quotes()
    {
        var edited = Put("signal,description\na,\n", "a", ("description", "3\" pipe, rear"));
        Assert.Equal("signal,description\na,\"3\"\" pipe, rear\"\n", Text(edited));
    }

    [Fact]
    public void A_file_that_is_replaced_keeps_its_mode_and_leaves_nothing_beside_it()
    {
        var path = Path.Combine(directory, "hmi1.csv");
        File.WriteAllText(path, "before");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.Null(SafeFile.Replace(path, "after"u8));

        Assert.Equal("after", File.ReadAllText(path));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
        Assert.Single(Directory.GetFiles(directory));
    }

    [Fact]
    public void A_file_in_a_folder_that_is_not_there_is_a_sentence()
    {
        Assert.Contains("cannot be written", SafeFile.Replace(Path.Combine(directory, "no", "a.csv"), "x"u8)!,
            StringComparison.Ordinal);
    }

    private static EditedList Put(string list, string signal, params (string Column, string Text)[] cells) =>
        SignalListEdit.Put(
            Encoding.UTF8.GetBytes(list), signal,
            [.. cells.Select(cell => KeyValuePair.Create(cell.Column, cell.Text))]);

    private static string Text(EditedList edited) => Encoding.UTF8.GetString(edited.Bytes);
}
