using System.Text;
using Sluice.Agent.Binding;
using Xunit;

namespace Sluice.Fast.Binding;

public sealed class BindingRecordTests
{
    [Theory]
    [InlineData("b1", "s1", "b1", "s1", "Here")]
    [InlineData("b1", "s1", "b2", "s1", "Elsewhere")]
    [InlineData("b1", "s1", "b1", "s2", "Elsewhere")]
    [InlineData("b1", "s1", "b2", "s2", "Elsewhere")]
    [InlineData("b1", "s1", null, "s1", "InPart")]
    [InlineData("b1", "s1", "b1", null, "InPart")]
    [InlineData("b1", "s1", null, "s2", "Elsewhere")]
    [InlineData("b1", "s1", null, null, "InPart")]
    [InlineData("b1", null, "b1", "s1", "InPart")]
    [InlineData("b1", null, "b2", "s1", "Elsewhere")]
    [InlineData("b1", null, null, "s1", "InPart")]
    [InlineData(null, "s1", "b1", "s1", "InPart")]
    [InlineData(null, "s1", null, "s1", "Here")]
    [InlineData(null, "s1", null, "s2", "Elsewhere")]
    [InlineData(null, null, "b1", "s1", "Unbound")]
    public void What_is_known_on_both_sides_and_differs_is_another_machine(
        string? boundBoard, string? boundStorage, string? board, string? storage, string state)
    {
        var bound = BindingRecord.Read(new BindingRecord(new MachineFacts(boundBoard, boundStorage)).Write());

        Assert.Equal(state, BindingRecord.Judge(bound, new MachineFacts(board, storage)).ToString());
    }

    [Fact]
    public void A_record_says_what_was_known_and_takes_in_what_gets_known_and_never_what_differs()
    {
        var bound = new BindingRecord(new MachineFacts("b1", null));
        Assert.Equal("board b1\n", Encoding.ASCII.GetString(bound.Write()));

        var completed = bound.Completed(new MachineFacts("b2", "s1"));

        Assert.Equal("board b1\nstorage s1\n", Encoding.ASCII.GetString(completed.Write()));
        Assert.Equal(completed, BindingRecord.Read(completed.Write()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("board \nstorage \n")]
    [InlineData("board with spaces\n")]
    [InlineData("\u001b[31m")]
    [InlineData("storage ../../etc/passwd\n")]
    public void What_says_no_machine_binds_nothing(string text) =>
        Assert.Null(BindingRecord.Read(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void Any_bytes_are_read_without_a_fault_and_what_is_read_can_be_written()
    {
        var random = new Random(20261123);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.Next(BindingRecord.BytesMax)];
            random.NextBytes(bytes);
            var text = round % 2 == 0 ? bytes : [.. "board "u8, .. bytes, .. "\nstorage "u8, .. bytes];
            if (BindingRecord.Read(text) is { } read)
            {
                Assert.Equal(read, BindingRecord.Read(read.Write()));
            }
        }
    }
}
