using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

/// <summary>Right on the wire, wrong in the plant: a panel that answers perfectly is not believed blindly.</summary>
public sealed class PanelTests
{
    private static readonly TimeSpan Within = TimeSpan.FromMilliseconds(150);

    [Fact]
    public async Task A_panel_is_believed_once_its_heartbeat_was_seen_to_beat()
    {
        await using var panel = new SimulatedPanel();
        await using var source = Guarded(panel);
        var first = await Signals.ReadAsync(source);
        Assert.All(first.Values, each => Assert.Equal(Quality.Uncertain(QualityReason.Stale), each.Quality));
        panel.Step();
        var second = await Signals.ReadAsync(source);
        Assert.All(second.Values, each => Assert.True(each.Quality.IsGood, each.ToString()));
        Assert.Equal(SignalValue.FromSingle(71.25f), second["temperature"].Value);
        Assert.Equal(SignalValue.From(2UL), second["count"].Value);
    }

    [Fact]
    public async Task A_panel_whose_plc_is_dead_is_stale_and_good_again_when_it_runs()
    {
        await using var panel = new SimulatedPanel();
        await using var source = Guarded(panel);
        await BelieveAsync(panel, source);
        panel.HasPlc = false;
        var stale = await Signals.ReadUntilAsync(source, each => !each["temperature"].Quality.IsGood);
        Assert.Equal(Quality.Uncertain(QualityReason.Stale), stale["temperature"].Quality);
        Assert.Equal(SignalValue.FromSingle(71.25f), stale["temperature"].Value);
        Assert.Equal("doubted", source.Health.State);
        Assert.Contains("PLC", source.Health.Sentence, StringComparison.Ordinal);
        panel.HasPlc = true;
        await BelieveAsync(panel, source);
    }

    [Fact]
    public async Task A_panel_that_never_answered_is_not_said_to_have_changed_its_program()
    {
        await using var panel = new SimulatedPanel();
        await using var source = new GuardedSource(
            Source(panel, Signals.Modbus("layout", "LW-1", "uint16", unit: 0)),
            [new SignalGuard { Signal = 0, EqualTo = 7 }],
            TimeProvider.System);

        var readings = await Signals.ReadAsync(source);

        Assert.Equal(Quality.Bad(QualityReason.Timeout), readings["layout"].Quality);
        Assert.DoesNotContain("program", source.Health.Sentence, StringComparison.Ordinal);
        Assert.NotEqual("doubted", source.Health.State);
    }

    [Fact]
    public async Task The_zeros_of_a_panel_that_has_just_restarted_are_never_good()
    {
        await using var panel = new SimulatedPanel();
        await using var source = Guarded(panel);
        await BelieveAsync(panel, source);
        panel.HasPlc = false;
        panel.Reboot();
        var after = await Signals.ReadUntilAsync(source, each => each["temperature"].Value.Kind != ValueKind.None);
        Assert.Equal(Quality.Uncertain(QualityReason.LayoutChanged), after["temperature"].Quality);
        panel.HasPlc = true;
        await BelieveAsync(panel, source);
    }

    [Fact]
    public async Task A_program_download_that_moves_every_address_is_never_good()
    {
        await using var panel = new SimulatedPanel();
        await using var source = Guarded(panel);
        await BelieveAsync(panel, source);
        panel.DownloadProgram();
        for (var index = 0; index < 20; index++)
        {
            panel.Step();
            var readings = await Signals.ReadAsync(source, "temperature");
            Assert.False(readings["temperature"].Quality.IsGood);
            Assert.Equal("temperature", readings.Keys.Single());
        }
    }

    [Fact]
    public async Task A_panel_that_serves_one_connection_is_asked_over_one_connection()
    {
        await using var panel = new SimulatedPanel(connectionsMax: 1);
        await using var source = Guarded(panel);
        for (var index = 0; index < 20; index++)
        {
            await BelieveAsync(panel, source);
        }

        Assert.Equal(1, panel.Accepted);
    }

    [Fact]
    public async Task A_panel_whose_connections_are_all_taken_is_bad_and_good_again_when_one_is_free()
    {
        await using var panel = new SimulatedPanel(connectionsMax: 1);
        await using var source = Source(panel, Signals.Modbus("word", "LW-1", "uint16"));
        await using (var other = Source(panel, Signals.Modbus("word", "LW-1", "uint16")))
        {
            await Signals.ReadUntilAsync(other, each => each["word"].Quality.IsGood);
            var refused = (await Signals.ReadAsync(source))["word"];
            Assert.Equal(Quality.Bad(QualityReason.Disconnected), refused.Quality);
            Assert.True((await Signals.ReadAsync(other))["word"].Quality.IsGood, "the other client was thrown out");
        }

        var readings = await Signals.ReadUntilAsync(source, each => each["word"].Quality.IsGood);
        Assert.Equal("7", readings["word"].Value.ToString());
    }

    [Fact]
    public async Task Words_recipe_words_and_bits_lie_where_the_panel_has_them()
    {
        await using var panel = new SimulatedPanel();
        panel.Map.SetRegister(ModbusTable.HoldingRegister, SimulatedPanel.RecipeWordBase + 5, 4711);
        panel.Map.SetBit(ModbusTable.Coil, 12, true);
        await using var source = Source(
            panel, Signals.Modbus("recipe", "RW-5", "uint16"), Signals.Modbus("bit", "LB-12", "bool"),
            Signals.Modbus("word", "LW-1", "uint16"), Signals.Modbus("classic", "410005", "uint16"));
        var readings = await Signals.ReadAsync(source);
        Assert.Equal("4711", readings["recipe"].Value.ToString());
        Assert.Equal("4711", readings["classic"].Value.ToString());
        Assert.Equal("true", readings["bit"].Value.ToString());
        Assert.Equal("7", readings["word"].Value.ToString());
    }

    [Fact]
    public async Task Unit_0_of_a_panel_is_silent_and_says_so()
    {
        await using var panel = new SimulatedPanel();
        await using var source = Source(panel, Signals.Modbus("word", "LW-1", "uint16", unit: 0));
        Assert.Equal(Quality.Bad(QualityReason.Timeout), (await Signals.ReadAsync(source))["word"].Quality);
        Assert.Contains("unit 0", source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_read_only_the_function_codes_of_reading_reach_the_wire()
    {
        await using var panel = new SimulatedPanel();
        await using var client = new ModbusTcpClient(Options(panel), TimeProvider.System);
        var stop = TestContext.Current.CancellationToken;
        foreach (var table in Enum.GetValues<ModbusTable>())
        {
            var isBits = table is ModbusTable.Coil or ModbusTable.DiscreteInput;
            for (ushort address = 0; address < 200; address += 37)
            {
                _ = isBits
                    ? await client.ReadBitsAsync(1, table, address, new bool[address + 1], stop)
                    : await client.ReadRegistersAsync(1, table, address, new ushort[(address % 125) + 1], stop);
            }
        }

        _ = await client.ReadIdentificationAsync(1, IdentificationScope.Basic, 0, stop);

        // Everything public that a client of this library can be made to do has been done; a new member comes here too.
        Assert.Equal(
            ["ReadBitsAsync", "ReadIdentificationAsync", "ReadRegistersAsync"],
            typeof(IModbusClient).GetMethods().Where(each => !each.IsSpecialName).Select(each => each.Name).Order());
        Assert.Equal([1, 2, 3, 4, 43], panel.Responder.RequestsByFunction.Keys.Order().ToArray());
    }

    private static async Task BelieveAsync(SimulatedPanel panel, GuardedSource source) =>
        await Signals.ReadUntilAsync(source, each =>
        {
            panel.Step();
            return each.Values.All(reading => reading.Quality.IsGood);
        });

    private static GuardedSource Guarded(SimulatedPanel panel) => new(
        Source(
            panel, Signals.Modbus("heartbeat", "LW-0", "uint16"), Signals.Modbus("layout", "LW-1", "uint16"),
            Signals.Modbus("temperature", "LW-100", "float32", ByteOrder.CDAB),
            Signals.Modbus("count", "LW-102", "uint32", ByteOrder.CDAB)),
        [new SignalGuard { Signal = 0, ChangesWithin = Within }, new SignalGuard { Signal = 1, EqualTo = 7 }],
        TimeProvider.System);

    private static ModbusSource Source(SimulatedPanel panel, params ModbusSignal[] signals) =>
        new("plc", signals, Options(panel), TimeProvider.System);

    private static ModbusTcpOptions Options(SimulatedPanel panel) => new()
    {
        Address = IPAddress.Loopback,
        Port = panel.Port,
        Timeout = TimeSpan.FromMilliseconds(150),
        RegistersMax = 64,
        ReconnectFirst = TimeSpan.FromMilliseconds(5),
        ReconnectMax = TimeSpan.FromMilliseconds(20),
    };
}
