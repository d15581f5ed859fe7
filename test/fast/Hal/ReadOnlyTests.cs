using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Sluice.Fast.Repository;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

/// <summary>Nothing that is public can be made to send anything but a question.</summary>
public sealed partial class ReadOnlyTests
{
    private static readonly byte[] Questions = [1, 2, 3, 4, 43];

    /// <summary>What talks or encodes; driven below over every transport, with every value it can be given.</summary>
    private static readonly string[] Driven =
    [
        "IModbusClient.ReadBitsAsync", "IModbusClient.ReadIdentificationAsync", "IModbusClient.ReadRegistersAsync",
        "IdentificationWalk.RunAsync",
        "MbapFramer.WriteRequest",
        "ModbusClient.DisposeAsync", "ModbusClient.ReadBitsAsync", "ModbusClient.ReadIdentificationAsync",
        "ModbusClient.ReadRegistersAsync",
        "ModbusRtuClient.DisposeAsync",
        "ModbusSource.DisposeAsync", "ModbusSource.ReadAsync", "ModbusSource.UseSpareTimeAsync",
        "ModbusTcpClient.DisposeAsync",
        "ReadRequest.WritePdu",
        "RtuFramer.WriteRequest",
    ];

    /// <summary>Wires: they carry the frame that their one client was given by the framer, and make none.</summary>
    private static readonly string[] Wires = ["IByteLine", "SerialByteLine", "TcpByteLine"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A new member that could send comes here, and then to the drive below.</summary>
    [Fact]
    public void Whatever_is_public_and_could_send_is_known_here() =>
        Assert.Equal(
            Driven.Order(StringComparer.Ordinal),
            typeof(IModbusClient).Assembly.GetExportedTypes()
                .Where(type => type.Namespace == typeof(IModbusClient).Namespace && !Wires.Contains(type.Name))
                .SelectMany(type => type.GetMethods(
                    BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
                .Where(CouldSend)
                .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")
                .Distinct()
                .Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("tcp")]
    [InlineData("rtu")]
    [InlineData("rtu-over-tcp")]
    public async Task Only_the_function_codes_1_2_3_4_and_43_reach_a_wire(string transport)
    {
        await using var plant = Wire.Make(transport);
        await using (var client = plant.Open())
        {
            await DriveAsync(client);
        }

        foreach (var isSingle in (bool[])[false, true])
        {
            await using var source = new ModbusSource(
                "plc",
                [
                    Signals.Modbus("a", "holding:0", "uint32"), Signals.Modbus("b", "input:90", "float64"),
                    Signals.Modbus("c", "coil:1", "bool"), Signals.Modbus("d", "discrete:65535", "bool"),
                ],
                plant.Open(),
                new ModbusSourceOptions
                {
                    Plan = new ReadPlanOptions { OneRequestPerSignal = isSingle, RegistersMax = isSingle ? 4 : 125 },
                    IdentifyNeeds = TimeSpan.FromTicks(1),
                },
                TimeProvider.System);
            Assert.All((await Signals.ReadAsync(source)).Values, each => Assert.True(each.Quality.IsGood));
            await source.UseSpareTimeAsync(TimeSpan.FromMinutes(1), Stop);
            Assert.Equal("Example Drives", Assert.Single(source.Health.Devices).Vendor);
        }

        Assert.Equal(Questions, plant.Responder.RequestsByFunction.Keys.Order().ToArray());
    }

    [Fact]
    public void Whatever_request_can_be_made_encodes_to_a_question_in_every_frame()
    {
        var seen = new SortedSet<byte>();
        var frame = new byte[64];
        for (var value = 0; value <= byte.MaxValue; value++)
        {
            foreach (var make in (Func<ReadRequest>[])
                [
                    () => new ReadRequest((byte)value, (ModbusTable)value, (ushort)(value * 257), value * 16),
                    () => ReadRequest.Identification((byte)value, (IdentificationScope)value, (byte)value),
                    () => ReadRequest.Identification(1, IdentificationScope.Single, (byte)value)
                        with { Table = (ModbusTable)value, Address = 65535, Count = value },
                ])
            {
                Try(() =>
                {
                    var request = make();
                    request.WritePdu(frame);
                    seen.Add(frame[0]);
                    MbapFramer.WriteRequest(frame, (ushort)value, request);
                    seen.Add(frame[MbapFramer.HeaderBytes]);
                    RtuFramer.WriteRequest(frame, request);
                    seen.Add(frame[1]);
                });
            }
        }

        Assert.Equal(Questions, seen);
    }

    /// <summary>The function is written in one place, from one property, and nothing is named after a write.</summary>
    [Fact]
    public void The_source_has_one_encoder_and_no_name_of_a_write()
    {
        var encoders = new List<string>();
        foreach (var path in Directory.GetFiles(
            Path.Combine(RepositoryTree.FindRoot(), "hal", "Modbus"), "*.cs", SearchOption.AllDirectories))
        {
            var text = File.ReadAllText(path);
            Assert.DoesNotMatch(NameOfAWrite(), text);
            encoders.AddRange(Encoder().Matches(text).Select(match => $"{Path.GetFileName(path)}: {match.Value}"));
        }

        Assert.Equal(["ReadRequest.cs: pdu[0] = Function;"], encoders);
    }

    private static bool CouldSend(MethodInfo method) =>
        !method.IsSpecialName
        && (method.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal)
            || typeof(Task).IsAssignableFrom(method.ReturnType)
            || method.GetParameters().Any(each => each.ParameterType == typeof(Span<byte>)
                || each.ParameterType == typeof(Memory<byte>) || each.ParameterType == typeof(byte[])));

    private static async Task DriveAsync(IModbusClient client)
    {
        foreach (var unit in (byte[])[0, 1, 247, 255])
        {
            for (var value = 0; value <= (unit == 1 ? byte.MaxValue : 8); value++)
            {
                var table = (ModbusTable)value;
                foreach (var (address, count) in ((ushort, int)[])[(0, 0), (0, 1), (7, 125), (65535, 1), (65535, 2)])
                {
                    await TryAsync(() => client.ReadRegistersAsync(unit, table, address, new ushort[count], Stop));
                    await TryAsync(() => client.ReadBitsAsync(unit, table, address, new bool[count], Stop));
                }

                var scope = (IdentificationScope)value;
                await TryAsync(async () =>
                    (await client.ReadIdentificationAsync(unit, scope, (byte)(unit + value), Stop)).Result);
            }

            await IdentificationWalk.RunAsync(client, unit, Stop);
        }
    }

    /// <summary>What cannot be asked is refused before anything is sent; all else is answered.</summary>
    private static async Task TryAsync(Func<ValueTask<ModbusResult>> ask)
    {
        try
        {
            Assert.True((await ask()).Status is ModbusStatus.Answered or ModbusStatus.DeviceException);
        }
        catch (Exception refused) when (refused is ArgumentException or InvalidOperationException)
        {
            // The caller is told that no device could be asked this.
        }
    }

    private static void Try(Action encode)
    {
        try
        {
            encode();
        }
        catch (Exception refused) when (refused is ArgumentException or InvalidOperationException)
        {
            // There is no such table or scope.
        }
    }

    [GeneratedRegex("(Write|Force|Preset|Mask)(Single|Multiple|File)?(Coil|Register)", RegexOptions.IgnoreCase)]
    private static partial Regex NameOfAWrite();

    [GeneratedRegex(@"(pdu\[0\]|frame\[1\]|frame\[7\]|frame\[HeaderBytes\])\s*=[^=][^;]*;")]
    private static partial Regex Encoder();

    /// <summary>A device that answers rightly and counts by function, on each kind of wire.</summary>
    private sealed class Wire(ModbusResponder responder, Func<IModbusClient> open, IAsyncDisposable device)
        : IAsyncDisposable
    {
        public ModbusResponder Responder => responder;

        public IModbusClient Open() => open();

        public ValueTask DisposeAsync() => device.DisposeAsync();

        public static Wire Make(string transport)
        {
            var wire = transport switch
            {
                "tcp" => Tcp(new ModbusTcpServer(IPAddress.Loopback, 0)),
                "rtu" => Serial(new SimulatedRtuDevice()),
                _ => Converter(new ModbusResponder(new ModbusMap())),
            };
            wire.Responder.Identification = ["Example Drives", "XD-7", "V2.11"];
            return wire;
        }

        private static Wire Tcp(ModbusTcpServer server) => new(
            server.Responder,
            () => new ModbusTcpClient(
                new ModbusTcpOptions { Address = IPAddress.Loopback, Port = server.Port, Timeout = Patience },
                TimeProvider.System),
            server);

        private static Wire Serial(SimulatedRtuDevice device) => new(
            device.Responder,
            () => Rtu(new SerialByteLine(new SerialPortOptions { Path = device.Path, Baud = 115_200 })),
            device);

        private static Wire Converter(ModbusResponder responder)
        {
            var server = new EvilModbusServer(
                request =>
                {
                    var frame = new byte[256];
                    frame[0] = request[0];
                    var length = 1 + responder.Answer(request.AsSpan(1..^2), frame.AsSpan(1));
                    var checksum = RtuFramer.Checksum(frame.AsSpan(0, length));
                    return [.. frame[..length], (byte)checksum, (byte)(checksum >> 8)];
                },
                RtuFramer.RequestBytesMax);
            return new Wire(
                responder,
                () => Rtu(new TcpByteLine(IPAddress.Loopback, server.Port, Patience, TimeProvider.System)),
                server);
        }

        private static TimeSpan Patience => TimeSpan.FromSeconds(5);

        private static ModbusRtuClient Rtu(IByteLine line) => new(
            line,
            new ModbusRtuOptions
            {
                Timeout = Patience, ListenFirst = TimeSpan.Zero, Silence = TimeSpan.FromTicks(1),
            },
            TimeProvider.System);
    }
}
