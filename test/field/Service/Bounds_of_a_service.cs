using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sluice.Field.Parts;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Service;

/// <summary>What a service manager may rely on: how long a stop takes at most, and how much memory is enough.</summary>
public sealed class Bounds_of_a_service(ITestOutputHelper output)
{
    /// <summary>The agent's own bound, and a second for the machine. The unit gives it 20 s.</summary>
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(11);

    private static readonly TimeSpan Flood = TimeSpan.FromSeconds(20);

    /// <summary>As the unit has it.</summary>
    private const int MemoryMaxMegabytes = 256;

    private const int FloodSignals = 2000;

    [Fact]
    public async Task A_stop_is_over_in_time_and_clean_although_machine_and_broker_hang()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(20);
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);

        plant.Machine.Hang();
        plant.Broker.Process.Suspend();
        var watch = Stopwatch.StartNew();
        Assert.Equal(0, await plant.Gateway.StopAsync());
        output.WriteLine($"stopped in {watch.Elapsed.TotalSeconds:0.0} s, with a machine and a broker that hang");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, StopMax);

        plant.Broker.Process.Resume();
        plant.Machine.GoOn();
        plant.Gateway.Start();
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
    }

    /// <summary>More than the buffer holds, with the broker away and then back: what does not fit is dropped and told,
    /// and the memory stays what the unit allows.</summary>
    [Fact]
    public async Task A_flood_of_readings_stays_within_the_memory_that_the_unit_allows()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        var list = new StringBuilder("signal,address,type,report\n");
        for (var i = 0; i < FloodSignals; i++)
        {
            list.Append(CultureInfo.InvariantCulture, $"wave{i},sine,float64,always\n");
        }

        plant.Configure(plant.Configuration with
        {
            MadeUp = list.ToString(), MadeUpEvery = "10 ms", RateMax = "8 MiB/s",
        });
        var files = plant.Keys.WriteClientFiles(plant.Directory.At("mes"), "mes");
        await using (Hear(plant, files))
        {
            await plant.Broker.Process.SaysAsync("Sending SUBACK to mes", FieldPlant.Soon);
        }

        await using var room = MemoryRoom.Make(MemoryMaxMegabytes);
        await using var gateway = new FieldGateway(plant.Directory) { Inside = room.Inside };
        gateway.Start();
        await plant.ServesAsync(gateway, 5);
        await plant.Broker.StopAsync();
        await Task.Delay(Flood);
        await plant.Broker.StartAsync();
        await using var mes = Hear(plant, files);
        await gateway.ConnectedAsync(FieldPlant.Later);
        await Task.Delay(Flood / 2);
        var status = await gateway.StatusJsonAsync();

        Assert.True(mes.Lines.Count > 100, "nothing was published");
        var peak = PeakKilobytes(gateway.Process.Id);
        var flood = status.GetProperty("sources").EnumerateArray()
            .Single(source => source.GetProperty("name").GetString() == "demo");
        var reported = flood.GetProperty("reported").GetInt64();
        output.WriteLine($"{reported} readings reported, {peak / 1024} MiB at the most; {room.Said}");
        Assert.True(reported > 500_000, "that was no flood");
        Assert.InRange(peak, 1, MemoryMaxMegabytes * 1024);
        Assert.False(gateway.Process.HasExited);
        Assert.Equal(0, await gateway.StopAsync());
    }

    /// <summary>An MES that reads what comes and keeps nothing but how long it was; it does not outlive the broker.
    /// </summary>
    private static ChildProcess Hear(FieldPlant plant, (string Certificate, string Key) files) => ChildProcess.Start(
        "/usr/bin/mosquitto_sub",
        ["-h", "127.0.0.1", "-p", plant.Broker.Port.ToString(CultureInfo.InvariantCulture), "--cafile",
            plant.Broker.Files.Authority, "--cert", files.Certificate, "--key", files.Key, "-V", "mqttv5", "-i", "mes",
            "-c", "-x", "3600", "-q", "1", "-t", "sluice/v1/#", "-F", "%l"]);

    private static long PeakKilobytes(int process) => long.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
