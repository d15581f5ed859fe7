using System.Text;
using Sluice.Agent;
using Sluice.Agent.Commissioning.Finding;
using Sluice.Agent.Commissioning.Golden;
using Sluice.Agent.Configuration;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

public sealed class GoldenTests
{
    private const string File = "# kept\nsignal,unitId,address,registers,shown,tolerance,taken\n"
        + "oil/temperature,1,holding:100,999A 428E 0000 0000,71.3,0.05,2026-05-04T08:30:00Z\n";

    [Fact]
    public void A_line_that_still_says_the_same_holds()
    {
        var verdict = Sample().Verify(Today("float32", ByteOrder.CDAB));
        Assert.True(verdict.Holds);
        Assert.Contains("71.3", verdict.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("float32", ByteOrder.ABCD, 1.0, "makes ")]
    [InlineData("uint32", ByteOrder.CDAB, 1.0, "makes 1116641690")]
    [InlineData("float32", ByteOrder.CDAB, 10.0, "scale 10")]
    [InlineData("string:20", ByteOrder.ABCD, 1.0, "takes 10")]
    public void A_line_whose_type_order_or_scale_was_changed_does_not_hold(
        string type, ByteOrder order, double scale, string sentence)
    {
        var verdict = Sample().Verify(Today(type, order) with { Scale = scale });
        Assert.False(verdict.Holds);
        Assert.Contains(sentence, verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_reads_another_place_or_is_gone_needs_a_new_sample()
    {
        var moved = Today("float32", ByteOrder.CDAB) with
        {
            Address = new ModbusAddress(ModbusTable.HoldingRegister, 110),
        };
        Assert.Contains("holding:110 of unit 1 now", Sample().Verify(moved).Sentence, StringComparison.Ordinal);
        Assert.Contains("no signal oil/temperature", Sample().Verify(null).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_put_into_the_file_is_what_is_read_back_and_other_lines_stay()
    {
        var other = Sample() with { Signal = "count", Shown = ShownValue.OfText("Flansch, \"DN80\" #1") };
        var put = GoldenFile.Put(Encoding.UTF8.GetBytes(File), "count", [other]);
        var again = GoldenFile.Put(put, "count", [other with { UnitId = 2 }]);

        Assert.StartsWith(File, Encoding.UTF8.GetString(again), StringComparison.Ordinal);
        var samples = GoldenFile.Read(again, new ProblemList("golden"));
        Assert.Equal(["oil/temperature", "count"], samples.Select(each => each.Signal));
        Assert.Equal(other with { UnitId = 2, Line = 4, Registers = samples[1].Registers }, samples[1]);
        Assert.Equal(other.Registers, samples[1].Registers);
    }

    [Fact]
    public void Every_line_that_is_no_sample_is_named_and_the_others_are_read()
    {
        var problems = new ProblemList("hmi1.golden.csv");
        var samples = GoldenFile.Read(
            Encoding.UTF8.GetBytes(File + "a,1,holding:x,0001,1,0.5,2026-05-04T08:30:00Z\n"
                + "b,999,holding:1,0001,1,0.5,2026-05-04T08:30:00Z\nc,1,holding:1,1,1,0.5,2026-05-04T08:30:00Z\n"
                + "d,1,holding:1,0001,x,0.5,2026-05-04T08:30:00Z\ne,1,holding:1,0001,1,x,2026-05-04T08:30:00Z\n"
                + "f,1,holding:1,0001,1,0.5,yesterday\n"),
            problems);

        Assert.Single(samples);
        Assert.Equal(
            ["a, address", "b, unitId", "c, registers", "d, shown", "e, tolerance", "f, taken"],
            problems.Problems.Select(problem => problem.Path));
        Assert.Equal([4, 5, 6, 7, 8, 9], problems.Problems.Select(problem => problem.Line));
    }

    [Fact]
    public async Task Check_warns_where_an_edited_line_no_longer_reads_what_the_screen_showed()
    {
        using var gateway = new CommissionedGateway(
            CommissionedGateway.Panel(502), "signal,address,type,order\noil/temperature,LW-100,float32,CDAB\n");
        await System.IO.File.WriteAllTextAsync(gateway.GoldenPath, File, TestContext.Current.CancellationToken);
        var before = await gateway.RunAsync("check", "--files-only", "--config", gateway.Configuration);
        await System.IO.File.WriteAllTextAsync(
            gateway.ListPath, "signal,address,type,order\noil/temperature,LW-100,float32,ABCD\n",
            TestContext.Current.CancellationToken);
        var after = await gateway.RunAsync("check", "--files-only", "--config", gateway.Configuration);

        Assert.DoesNotContain("warning", before.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Fine, after.Code);
        Assert.Contains("hmi1.golden.csv:3: warning: oil/temperature: the screen showed 71.3", after.Output,
            StringComparison.Ordinal);
    }

    private static GoldenSample Sample() =>
        GoldenFile.Read(Encoding.UTF8.GetBytes(File), new ProblemList("golden"))[0];

    private static ModbusSignal Today(string type, ByteOrder order) => new()
    {
        Signal = new Signal
        {
            Name = "hmi1/oil/temperature",
            Source = "hmi1",
            Type = SignalType.TryParse(type, out var parsed) ? parsed : default,
        },
        UnitId = 1,
        Address = new ModbusAddress(ModbusTable.HoldingRegister, 100),
        Order = order,
    };
}
