using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Gateway;
using Sluice.Plant.Keys;
using Sluice.Plant.Machines;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Xunit;

namespace Sluice.Fast.Plant;

public sealed class Press_cell : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-cell-").FullName;
    private readonly PressCell cell = new(seed: 7, TimeProvider.System);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await cell.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void Its_files_are_a_configuration_that_the_agent_accepts()
    {
        var loaded = ConfigurationLoader.Load(Files().Write(directory));

        Assert.Empty(loaded.Problems.Select(problem => problem.ToString()));
        Assert.Equal(["hmi1", "plc"], loaded.Configuration?.Sources.Select(source => source.Name));
    }

    [Fact]
    public void Its_identity_is_one_that_the_agent_accepts()
    {
        using var keys = new PlantKeys();
        using var certificate = keys.WriteIdentityDirectory(directory, "gw-042");

        var loaded = IdentityDirectory.Load(
            directory, "gw-042", ValidityTime.Of(DateTimeOffset.UtcNow, true, DateTimeOffset.UnixEpoch, null, null));

        Assert.Empty(loaded.Problems.Select(problem => problem.ToString()));
        Assert.NotNull(loaded.Identity);
    }

    [Fact]
    public async Task Each_signal_of_its_lists_reads_as_what_the_machine_says()
    {
        var configuration = ConfigurationLoader.Load(Files().Write(directory)).Configuration;
        var values = new Dictionary<string, Reading>();
        foreach (var source in configuration!.Sources.Cast<ModbusTcpSettings>())
        {
            foreach (var reading in await ReadOnceAsync(source))
            {
                values[reading.Signal.Name] = reading;
            }
        }

        Assert.All(values.Values, reading => Assert.Equal(Quality.Good, reading.Quality));
        Assert.InRange(values["hmi1/oil/temperature"].Value.AsDouble, 40, 45);
        Assert.InRange(values["plc/cycle/count"].Value.AsUnsigned, 65_530UL, 65_540UL);
        Assert.InRange(values["plc/energy/total"].Value.AsUnsigned, 4_301_222_540UL, 4_301_223_000UL);
        Assert.Equal("Flansch DN80", values["hmi1/recipe/name"].Value.AsText);
        Assert.True(values["hmi1/stack/green"].Value.AsBoolean);
    }

    [Fact]
    public async Task Its_record_gives_each_number_to_one_answer()
    {
        var configuration = ConfigurationLoader.Load(Files().Write(directory)).Configuration;
        var plc = configuration!.Sources.OfType<ModbusTcpSettings>().Single(source => source.Name == "plc");
        var numbers = new List<ulong>();
        for (var round = 0; round < 5; round++)
        {
            numbers.AddRange((await ReadOnceAsync(plc))
                .Where(reading => reading.Signal.Name == PressCell.RecordSignal)
                .Select(reading => reading.Value.AsUnsigned));
        }

        Assert.Equal([1, 2, 3, 4, 5], numbers);
        Assert.Equal(5u, cell.Record.Given);
    }

    [Fact]
    public void The_same_seed_is_the_same_shift_and_the_door_opens_in_it()
    {
        var one = new Press(3);
        var other = new Press(3);
        var doors = 0;
        for (var step = 0; step < 1200; step++)
        {
            one.Step(TimeSpan.FromMilliseconds(50));
            other.Step(TimeSpan.FromMilliseconds(50));
            doors += one.DoorOpen ? 1 : 0;
            Assert.Equal((one.OilDegC, one.MotorAmpere, one.Cycles), (other.OilDegC, other.MotorAmpere, other.Cycles));
            Assert.True(one.Running != one.DoorOpen);
        }

        // Sixty seconds: two openings of three seconds, twenty steps a second.
        Assert.Equal(120, doors);
        Assert.InRange(one.Cycles, 65_540u, 65_556u);
    }

    private GatewayFiles Files() => new() { BrokerPort = 8883, Sources = [cell.PanelSource, cell.PlcSource] };

    private static async Task<IReadOnlyList<Reading>> ReadOnceAsync(ModbusTcpSettings settings)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var source = new ModbusSource(
            settings.Name, settings.Addresses, settings.Options, TimeProvider.System);
        var batch = new ReadingBatch();
        await source.ReadAsync(Enumerable.Range(0, settings.Addresses.Count).ToArray(), batch, bound.Token);
        return batch.Readings.ToArray();
    }
}
