using System.Globalization;
using Sluice.Agent;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

public sealed class FindOrderTests : AtAPanel
{
    private const string List = "# by the machine builder\nsignal,address,type,description\n"
        + "heartbeat,LW-0,uint16,\noil/temperature,LW-100,uint16,\"sump, rear\"\n";

    public FindOrderTests()
        : base(List) => Show(71.3f);

    [Fact]
    public async Task What_the_panel_shows_tells_type_and_order_and_the_line_for_the_list()
    {
        var said = await FindAsync("--shows", "71.3", "--once");

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Contains("hmi1 LW-100 (holding:100, unit 1): 999A 428E", said.Output, StringComparison.Ordinal);
        Assert.Contains("float32   CDAB   1      71.3\n", said.Output, StringComparison.Ordinal);
        Assert.Contains(
            "signal,address,type,order\nNAME,LW-100,float32,CDAB\n", said.Output, StringComparison.Ordinal);
        Assert.Equal(List, await File.ReadAllTextAsync(Gateway.ListPath));
        Assert.Equal([3], Panel.Responder.RequestsByFunction.Keys.Select(each => (int)each));
        Assert.Equal(1, Panel.Accepted);
    }

    [Fact]
    public async Task The_line_is_written_with_its_golden_sample_and_every_other_line_stays()
    {
        var said = await FindAsync("--shows", "71.3", "--once", "--write", "oil/temperature");

        Assert.Equal((ExitCode.Fine, ""), (said.Code, said.Error));
        Assert.Equal(
            List.Replace("description\n", "description,order\n", StringComparison.Ordinal)
                .Replace(
                    "LW-100,uint16,\"sump, rear\"", "LW-100,float32,\"sump, rear\",CDAB",
                    StringComparison.Ordinal),
            await File.ReadAllTextAsync(Gateway.ListPath));
        Assert.Contains(
            "\noil/temperature,1,holding:100,999A 428E ", await File.ReadAllTextAsync(Gateway.GoldenPath),
            StringComparison.Ordinal);
        Assert.Equal(ExitCode.Fine, (await Gateway.RunAsync("check", "--files-only", "--config", Gateway.Configuration))
            .Code);
    }

    [Fact]
    public async Task While_several_ways_are_left_nothing_is_written_and_the_way_on_is_said()
    {
        Panel.Map.SetRegister(ModbusTable.HoldingRegister, 200, 713);
        var said = await FindAtAsync("LW-200", "--shows", "713", "--once", "--write", "motor/speed");

        Assert.Equal(ExitCode.Unclear, said.Code);
        Assert.Contains("did not move", said.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was written", said.Error, StringComparison.Ordinal);
        Assert.Contains("--type int16", said.Error, StringComparison.Ordinal);
        Assert.Equal(List, await File.ReadAllTextAsync(Gateway.ListPath));

        var chosen = await FindAtAsync(
            "LW-200", "--shows", "713", "--once", "--write", "motor/speed", "--type", "uint16", "--order", "ABCD");
        Assert.Equal(ExitCode.Fine, chosen.Code);
        Assert.EndsWith("\nmotor/speed,LW-200,uint16\n", await File.ReadAllTextAsync(Gateway.ListPath),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_is_asked_again_and_again_until_one_way_is_left()
    {
        using var person = new Person();
        using var atTerminal = new CommissionedGateway(CommissionedGateway.Panel(Panel.Port), List)
        {
            IsTerminal = true,
        };
        SetCount(713);
        Panel.Map.SetRegister(ModbusTable.HoldingRegister, 302, 9);
        person.Types(() => SetCount(70_000), "70000");
        person.Types(() => SetCount(4_000_000_000), "4000000000");

        var said = await atTerminal.OnSourceAsync(
            person, "find-order", "--source", "hmi1", "--address", "LW-300", "--shows", "713");

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Equal(2, person.Lines);
        Assert.Contains("What does the screen show now?", said.Error, StringComparison.Ordinal);
        Assert.Contains("4000000000 is what one way of", said.Output, StringComparison.Ordinal);
        Assert.Contains("NAME,LW-300,uint32,CDAB\n", said.Output, StringComparison.Ordinal);

        void SetCount(uint value) => Panel.Map.SetUInt32(ModbusTable.HoldingRegister, 300, value, ByteOrder.CDAB);
    }

    [Fact]
    public async Task A_script_gives_the_later_values_and_each_is_waited_for()
    {
        Panel.Map.SetRegister(ModbusTable.HoldingRegister, 200, 713);
        var finding = FindAtAsync(
            "LW-200", "--shows", "713", "--then", "-5", "--type", "int16", "--within", "20 s");
        Panel.Responder.BeforeRead = (_, _, _) =>
        {
            if (Panel.Responder.Requests == 6)
            {
                Panel.Map.SetRegister(ModbusTable.HoldingRegister, 200, unchecked((ushort)-5));
            }
        };
        var said = await finding;

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Contains("Waiting until it shows -5", said.Error, StringComparison.Ordinal);
        Assert.Contains("NAME,LW-200,int16", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_moves_while_a_person_types_is_said_and_costs_nothing()
    {
        var seen = 0;
        Panel.Responder.BeforeRead = (_, _, _) => Show(71f + (Math.Min(Interlocked.Increment(ref seen), 3) * 0.2f));
        using var later = new StringReader("71.6\n");
        var said = await Gateway.OnSourceAsync(
            later, "find-order", "--source", "hmi1", "--address", "LW-100", "--shows", "71.3");

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Contains("The value moved between looking and typing, from ", said.Error, StringComparison.Ordinal);
        Assert.Contains("float32,CDAB", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nothing_shows_is_answered_with_what_the_registers_may_be()
    {
        var said = await FindAsync("--shows", "17.3", "--once");

        Assert.Equal(ExitCode.Unclear, said.Code);
        Assert.Contains("Nothing makes 17.3 of it", said.Output, StringComparison.Ordinal);
        Assert.Contains("float32   CDAB   1      71.3\n", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_is_found_by_its_bytes()
    {
        Panel.Map.SetText(ModbusTable.HoldingRegister, 500, "lFnacs hND08", 20);
        var said = await FindAtAsync("LW-500", "--shows", "Flansch DN80", "--type", "string:20", "--once");

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Contains("NAME,LW-500,string:20,BADC\n", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_the_map_is_no_reason_not_to_look_at_what_is_before_it()
    {
        Panel.Map.Forbid(ModbusTable.HoldingRegister, 102, 65535);
        Assert.Equal(ExitCode.Fine, (await FindAsync("--shows", "71.3", "--once")).Code);
    }

    [Fact]
    public async Task A_unit_that_does_not_answer_is_named()
    {
        using var impatient = new CommissionedGateway(CommissionedGateway.Panel(Panel.Port, "500 ms"), List);
        var said = await impatient.OnSourceAsync(
            TextReader.Null, "find-order", "--source", "hmi1", "--address", "LW-100", "--shows", "71.3", "--unit", "2",
            "--once");

        Assert.Equal(ExitCode.Unavailable, said.Code);
        Assert.Contains("LW-100 of unit 2", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_wrong_with_the_question_is_said_at_once()
    {
        var said = await Gateway.OnSourceAsync(
            TextReader.Null, "find-order", "--source", "hmi2", "--address", "LX-1", "--shows", "71,3",
            "--order", "ACBD", "--type", "real", "--scale", "0", "--unit", "300", "--within", "5", "--write", "a b");

        Assert.Equal(ExitCode.Usage, said.Code);
        Assert.Equal(9, said.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        foreach (var option in (string[])["source", "address", "shows", "order", "type", "scale", "unit", "within",
            "write"])
        {
            Assert.Contains($"--{option}: ", said.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, Panel.Accepted);
    }

    [Fact]
    public async Task A_single_bit_has_no_order_to_find()
    {
        var said = await FindAtAsync("LB-12", "--shows", "1");
        Assert.Equal(ExitCode.Usage, said.Code);
        Assert.Contains("LB-12 is a single bit", said.Error, StringComparison.Ordinal);
    }

    private void Show(float value) =>
        Panel.Map.SetFloat(ModbusTable.HoldingRegister, SimulatedPanel.Temperature, value, ByteOrder.CDAB);

    private Task<Said> FindAsync(params string[] arguments) => FindAtAsync("LW-100", arguments);

    private Task<Said> FindAtAsync(string address, params string[] arguments) => Gateway.OnSourceAsync(
        TextReader.Null, "find-order", ["--source", "hmi1", "--address", address, .. arguments]);

    /// <summary>Types a line when it is asked, after the machine has moved.</summary>
    private sealed class Person : TextReader
    {
        private readonly Queue<(Action Machine, string Line)> lines = new();

        public int Lines { get; private set; }

        public void Types(Action machine, string line) => lines.Enqueue((machine, line));

        public override string? ReadLine()
        {
            if (!lines.TryDequeue(out var next))
            {
                return null;
            }

            Lines++;
            next.Machine();
            return next.Line;
        }

        public override string ToString() => Lines.ToString(CultureInfo.InvariantCulture);
    }
}
