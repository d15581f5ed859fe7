using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field;

/// <summary>The parts that nobody here wrote do what the field tests take for granted.</summary>
public sealed class The_harness : IDisposable
{
    private readonly FieldDirectory directory = new();
    private readonly PlantKeys keys = new();

    public void Dispose()
    {
        keys.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task The_broker_takes_what_a_gateway_may_write_and_hands_it_to_the_MES()
    {
        await using var broker = new MosquittoBroker(directory, keys);
        await broker.StartAsync();
        await using var mes = await StartMesAsync(broker);

        var (code, said) = await PublishAsync(broker, keys, "gw-1", "sluice/v1/plant1/gw-1/data", "{\"v\":1}");

        Assert.True(code == 0, said);
        await Eventually.HoldsAsync(() => mes.Arrivals.Count > 0, TimeSpan.FromSeconds(10), () => "nothing arrived");
        var arrival = Assert.Single(mes.Arrivals);
        Assert.Equal(("data", "{\"v\":1}", false), (arrival.Topic, arrival.Payload, arrival.Retained));
        Assert.Equal("application/json", arrival.ContentType);
    }

    [Fact]
    public async Task The_broker_refuses_a_gateway_that_writes_for_another()
    {
        await using var broker = new MosquittoBroker(directory, keys);
        await broker.StartAsync();
        await using var mes = await StartMesAsync(broker);

        var (_, said) = await PublishAsync(broker, keys, "gw-1", "sluice/v1/plant1/gw-2/data", "{}");
        await PublishAsync(broker, keys, "gw-1", "sluice/v1/plant1/gw-1/data", "{}");

        Assert.Contains("Not authorized", said);
        await Eventually.HoldsAsync(() => mes.Arrivals.Count > 0, TimeSpan.FromSeconds(10), () => "nothing arrived");
        Assert.Single(mes.Arrivals);
    }

    [Fact]
    public async Task The_broker_refuses_whoever_has_no_certificate_of_this_plant()
    {
        await using var broker = new MosquittoBroker(directory, keys);
        await broker.StartAsync();
        using var foreign = new PlantKeys("elsewhere");

        var (code, said) = await PublishAsync(broker, foreign, "gw-1", "sluice/v1/plant1/gw-1/data", "{}");

        Assert.True(code != 0, said);
    }

    [Fact]
    public async Task The_session_of_the_MES_outlives_a_restart_of_the_broker()
    {
        await using var broker = new MosquittoBroker(directory, keys);
        await broker.StartAsync();
        await using var mes = await StartMesAsync(broker);
        await broker.StopAsync();
        await broker.StartAsync();

        // Straight after the start, while the MES may still be away: its session keeps it.
        var (code, said) = await PublishAsync(broker, keys, "gw-1", "sluice/v1/plant1/gw-1/data", "{}");

        Assert.True(code == 0, said);
        await Eventually.HoldsAsync(() => mes.Arrivals.Count > 0, TimeSpan.FromSeconds(20), () => "nothing arrived");
    }

    /// <summary>Once it ended the program of all field tests: the cut line was read on a thread of nobody.</summary>
    [Fact]
    public async Task An_MES_that_is_stopped_in_the_middle_of_a_line_ends_nothing_but_itself()
    {
        await using var broker = new MosquittoBroker(directory, keys);
        await broker.StartAsync();
        var mes = await StartMesAsync(broker);
        var (_, said) = await PublishAsync(
            broker, keys, "gw-1", "sluice/v1/plant1/gw-1/data", new string('1', 100_000), "--repeat", "50");
        await Eventually.HoldsAsync(() => mes.Arrivals.Count > 0, TimeSpan.FromSeconds(20), () => said);

        await mes.DisposeAsync();
    }

    [Fact]
    public async Task What_a_test_cannot_understand_ends_that_test()
    {
        var child = ChildProcess.Start("/bin/echo", ["words"], _ => throw new FormatException("no such words"));
        await child.ExitAsync(TimeSpan.FromSeconds(20));

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(async () => await child.DisposeAsync());

        Assert.Contains("no such words", fault.Message);
    }

    [Fact]
    public async Task The_plant_records_every_value_before_it_serves_it()
    {
        await using var plant = await PymodbusServer.StartAsync(directory);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, plant.Port));

        var served = new List<long>();
        for (byte turn = 1; turn <= 3; turn++)
        {
            // MBAP: transaction, protocol 0, six bytes follow, unit 1; function 3 at 0, two registers.
            await socket.SendAsync(new byte[] { 0, turn, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2 });
            var answer = new byte[13];
            for (var read = 0; read < answer.Length;)
            {
                read += await socket.ReceiveAsync(answer.AsMemory(read));
            }

            served.Add((uint)((answer[9] << 24) | (answer[10] << 16) | (answer[11] << 8) | answer[12]));
        }

        Assert.Equal([1L, 2L, 3L], served);
        Assert.Equal(served, plant.Record().Select(value => value.Count));
    }

    [Fact]
    public async Task A_pulled_cable_neither_carries_nor_closes()
    {
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        far.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        far.Listen();
        await using var proxy = new SilentProxy(((IPEndPoint)far.LocalEndPoint!).Port);
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(new IPEndPoint(IPAddress.Loopback, proxy.Port));
        using var accepted = await far.AcceptAsync();
        await near.SendAsync("one"u8.ToArray());
        var heard = new byte[3];
        await accepted.ReceiveAsync(heard);

        proxy.Pull();
        await near.SendAsync("two"u8.ToArray());

        Assert.Equal("one"u8.ToArray(), heard);
        Assert.False(accepted.Poll(TimeSpan.FromMilliseconds(300), SelectMode.SelectRead));
        Assert.False(near.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead));
    }

    private Task<MosquittoSubscriber> StartMesAsync(MosquittoBroker broker) =>
        MosquittoSubscriber.StartAsync(keys.WriteClientFiles(directory.At("mes"), "mes"), broker);

    private async Task<(int Code, string Said)> PublishAsync(
        MosquittoBroker broker, PlantKeys identity, string gateway, string topic, string payload,
        params string[] more)
    {
        var (certificate, key) = identity.WriteClientFiles(directory.At("as-" + gateway), gateway);
        return await ChildProcess.RunAsync(
            "/usr/bin/mosquitto_pub",
            [
                "-h", "127.0.0.1", "-p", broker.Port.ToString(CultureInfo.InvariantCulture),
                "--cafile", broker.Files.Authority, "--cert", certificate, "--key", key,
                "-V", "mqttv5", "-q", "1", "-i", gateway, "-t", topic, "-m", payload,
                "-D", "publish", "content-type", "application/json", .. more,
            ]);
    }
}
