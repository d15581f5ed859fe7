using System.Globalization;
using System.Net;
using Sluice.Field.Parts;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Field.Judges;

/// <summary>
/// Our simulated device read by mbpoll, a client that nobody here wrote: what our tests take for a device is one.
/// </summary>
public sealed class Judged_by_mbpoll : IAsyncLifetime
{
    private const int First = 200;

    private readonly ModbusTcpServer server = new(IPAddress.Loopback, 0);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData(ModbusTable.HoldingRegister, "4:hex")]
    [InlineData(ModbusTable.InputRegister, "3:hex")]
    public async Task Registers_are_printed_as_the_map_holds_them(ModbusTable table, string type)
    {
        // 125, the most that one request may ask for; no two alike, so that none can stand in for another.
        var registers = Enumerable.Range(0, 125).Select(index => (ushort)(0xFFFF - (index * 523))).ToArray();
        server.Map.SetRegisters(table, First, registers);
        Assert.Equal(
            registers.Select(each => $"0x{each:X4}"), await PollAsync("-t", type, "-c", "125"));
    }

    [Theory]
    [InlineData(ModbusTable.Coil, "0")]
    [InlineData(ModbusTable.DiscreteInput, "1")]
    public async Task Bits_are_printed_as_the_map_holds_them(ModbusTable table, string type)
    {
        // Not a multiple of eight, and no pattern that repeats within a byte or a word.
        var bits = Enumerable.Range(0, 99).Select(index => index * index % 7 > 2).ToArray();
        for (var index = 0; index < bits.Length; index++)
        {
            server.Map.SetBit(table, First + index, bits[index]);
        }

        Assert.Equal(bits.Select(each => each ? "1" : "0"), await PollAsync("-t", type, "-c", "99"));
    }

    [Theory]
    [InlineData(ByteOrder.ABCD, true)]
    [InlineData(ByteOrder.CDAB, false)]
    public async Task Values_of_two_registers_have_the_word_order_that_was_asked_for(ByteOrder order, bool highFirst)
    {
        string[] words = highFirst ? ["-B"] : [];
        server.Map.SetFloat(ModbusTable.HoldingRegister, First, -71.25f, order);
        Assert.Equal(["-71.25"], await PollAsync(["-t", "4:float", "-c", "1", .. words]));
        server.Map.SetInt32(ModbusTable.HoldingRegister, First, -100_000, order);
        Assert.Equal(["-100000"], await PollAsync(["-t", "4:int", "-c", "1", .. words]));
    }

    [Fact]
    public async Task What_the_device_refuses_mbpoll_calls_by_its_name()
    {
        server.Map.Forbid(ModbusTable.HoldingRegister, First + 3, First + 3);
        Assert.Contains("Illegal data address", (await RunAsync("-t", "4", "-c", "5")).Text);
        server.Responder.RegistersMax = 4;
        Assert.Contains("Illegal data value", (await RunAsync("-t", "3", "-c", "5")).Text);
        server.Responder.AlwaysException = 6;
        Assert.Contains("device or server is busy", (await RunAsync("-t", "3", "-c", "1")).Text);
    }

    [Fact]
    public async Task A_write_is_refused_counted_and_changes_nothing()
    {
        server.Map.SetRegister(ModbusTable.HoldingRegister, First, 7);
        var (code, text) = await ChildProcess.RunAsync(
            "/usr/bin/mbpoll", [.. Common(), "-t", "4", "127.0.0.1", "8"]);
        Assert.NotEqual(0, code);
        Assert.Contains("Illegal function", text);
        Assert.Equal(["0x0007"], await PollAsync("-t", "4:hex", "-c", "1"));
        Assert.Equal(1, server.Responder.RequestsByFunction[6]);
    }

    /// <summary>
    /// The values that mbpoll printed, in order of their addresses, which must be the ones asked for.
    /// </summary>
    private async Task<List<string>> PollAsync(params string[] arguments)
    {
        var (code, text) = await RunAsync(arguments);
        Assert.True(code == 0, text);
        var printed = text.Split('\n')
            .Where(line => line.StartsWith('['))
            .Select(line => line.Split(["[", "]:"], StringSplitOptions.RemoveEmptyEntries))
            .Select(parts => (Address: int.Parse(parts[0], CultureInfo.InvariantCulture), Value: parts[1].Trim()))
            .ToList();
        Assert.Equal(Enumerable.Range(First, printed.Count), printed.Select(each => each.Address));
        return [.. printed.Select(each => each.Value)];
    }

    private Task<(int Code, string Text)> RunAsync(params string[] arguments) =>
        ChildProcess.RunAsync("/usr/bin/mbpoll", [.. Common(), .. arguments, "127.0.0.1"]);

    /// <summary>One poll, addresses from 0, unit 1.</summary>
    private string[] Common() =>
    [
        "-m", "tcp", "-1", "-0", "-a", "1", "-p", server.Port.ToString(CultureInfo.InvariantCulture),
        "-r", First.ToString(CultureInfo.InvariantCulture),
    ];
}
