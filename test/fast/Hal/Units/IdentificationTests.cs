using System.Net;
using CsCheck;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Units;

public sealed class IdentificationTests
{
    private static readonly string[] Seven =
        ["Example Drives", "XD-7", "V2.11", "http://drives.example", "Drive seven", "7-11", "Press, left"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(7)]
    [InlineData(2)]
    [InlineData(1)]
    public async Task A_device_tells_about_itself_in_one_page_or_in_many(int objectsInAPage)
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        device.Responder.Identification = Seven;
        device.Responder.IdentificationObjectsMax = objectsInAPage;
        await using var client = Tcp(device.Port);
        var (outcome, told) = await IdentificationWalk.RunAsync(client, 1, Stop);
        Assert.Equal(ModbusStatus.Answered, outcome.Status);
        Assert.Equal(
            new DeviceIdentification("Example Drives", "XD-7", "V2.11", "Drive seven", "7-11", "Press, left"), told);
        Assert.Equal((7 + objectsInAPage - 1) / objectsInAPage, device.Responder.Requests);
    }

    [Fact]
    public async Task A_device_tells_about_itself_on_a_serial_line_where_no_frame_says_its_length()
    {
        await using var device = new SimulatedRtuDevice();
        device.Responder.Identification = Seven;
        device.Responder.IdentificationObjectsMax = 3;
        await using var client = Rtu(device.Path);
        var (outcome, told) = await IdentificationWalk.RunAsync(client, 1, Stop);
        Assert.Equal(ModbusStatus.Answered, outcome.Status);
        Assert.Equal("Press, left", told?.Application);
        var registers = new ushort[2];
        Assert.Equal(
            ModbusStatus.Answered,
            (await client.ReadRegistersAsync(1, ModbusTable.HoldingRegister, 0, registers, Stop)).Status);
    }

    [Fact]
    public async Task One_object_is_asked_for_by_its_id()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        device.Responder.Identification = Seven;
        await using var client = Tcp(device.Port);
        var found = await client.ReadIdentificationAsync(1, IdentificationScope.Single, 4, Stop);
        Assert.Equal([new IdentificationObject(4, "Drive seven")], found.Page!.Objects);
        var none = await client.ReadIdentificationAsync(1, IdentificationScope.Single, 9, Stop);
        Assert.Equal(new ModbusResult(ModbusStatus.DeviceException, 2), none.Result);
        Assert.Null(none.Page);
    }

    [Fact]
    public async Task A_device_that_does_not_know_the_function_says_so_and_goes_on_answering()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        await using var client = Tcp(device.Port);
        var (outcome, told) = await IdentificationWalk.RunAsync(client, 1, Stop);
        Assert.Equal(new ModbusResult(ModbusStatus.DeviceException, 1), outcome);
        Assert.Null(told);
        Assert.Equal(1, device.Responder.Requests);
        Assert.Equal(
            ModbusStatus.Answered,
            (await client.ReadBitsAsync(1, ModbusTable.Coil, 0, new bool[1], Stop)).Status);
    }

    /// <summary>What a device may get wrong, each as the PDU that it answers with.</summary>
    [Theory]
    [InlineData("2B", "nothing behind the function")]
    [InlineData("2B0D0282000000", "another MEI type")]
    [InlineData("2B0E0182000000", "another scope than asked for")]
    [InlineData("2B0E0200000000", "a conformity that there is not")]
    [InlineData("2B0E0282010000", "neither more nor no more")]
    [InlineData("2B0E0282000001", "an object that is not there")]
    [InlineData("2B0E028200000100054142", "an object cut short")]
    [InlineData("2B0E02820000010002414243", "a byte too many")]
    [InlineData("2B0E02820000FF0001410001", "255 objects in a frame of two")]
    [InlineData("AB", "an exception without a code")]
    public async Task A_malformed_answer_is_a_bad_answer_and_never_an_exception(string pdu, string what)
    {
        await using var device = new EvilModbusServer(
            request => ScriptedModbusServer.Frame(request, Convert.FromHexString(pdu)));
        await using var client = Tcp(device.Port);
        var (outcome, told) = await IdentificationWalk.RunAsync(client, 1, Stop);
        Assert.True(outcome.Status == ModbusStatus.BadAnswer, $"{what}: {outcome}");
        Assert.Null(told);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    public async Task A_device_that_promises_more_for_ever_is_left_after_a_few_questions(byte next)
    {
        var questions = 0;
        await using var device = new EvilModbusServer(request =>
        {
            questions++;
            return ScriptedModbusServer.Frame(request, [0x2B, 0x0E, 0x02, 0x82, 0xFF, next, 1, 0, 1, (byte)'A']);
        });
        await using var client = Tcp(device.Port);
        var (outcome, told) = await IdentificationWalk.RunAsync(client, 1, Stop);
        Assert.Equal(ModbusStatus.Answered, outcome.Status);
        Assert.Equal("A", told?.Vendor);
        Assert.InRange(questions, 1, IdentificationWalk.QuestionsMax);
    }

    [Fact]
    public void Whatever_a_device_answers_the_walk_ends() =>
        Gen.Select(Gen.Byte, Gen.Byte, Gen.Bool).Array[0, 300].Sample(answers =>
        {
            var walk = new IdentificationWalk();
            var asked = 0;
            foreach (var (id, next, more) in answers)
            {
                if (walk.Next is not { } question)
                {
                    break;
                }

                byte[] pdu = [0x2B, 0x0E, (byte)question.Scope, 1, (byte)(more ? 0xFF : 0), next, 1, id, 0];
                walk.Observe(new IdentificationResult(ModbusResult.Answered, IdentificationPage.Read(pdu)));
                asked++;
            }

            Assert.InRange(asked, 0, IdentificationWalk.QuestionsMax);
        });

    [Fact]
    public void No_bytes_are_read_beyond_those_that_came_and_a_page_is_measured_the_same_byte_by_byte() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Bool).Sample((tail, isNear) =>
        {
            byte[] pdu = isNear ? [0x2B, 0x0E, 2, 1, 0, 0, 3, .. tail] : tail;
            var whole = IdentificationPage.Measure(pdu, IdentificationScope.Regular);
            Assert.InRange(whole, -1, IdentificationPage.PduBytesMax);
            for (var length = 0; length <= pdu.Length; length++)
            {
                var part = IdentificationPage.Measure(pdu.AsSpan(0, length), IdentificationScope.Regular);
                Assert.True(part == 0 || part == whole, $"{length} bytes: {part}, all: {whole}");
            }

            if (whole > 0 && whole <= pdu.Length)
            {
                Assert.Equal(pdu[6], IdentificationPage.Read(pdu.AsSpan(0, whole)).Objects.Count);
            }
        });

    [Fact]
    public void What_a_device_tells_cannot_steer_a_terminal()
    {
        byte[] pdu = [0x2B, 0x0E, 1, 1, 0, 0, 1, 0, 8, (byte)' ', 0x1B, (byte)'[', (byte)'2', (byte)'J', 10, 0xC3, 0];
        Assert.Equal("?[2J??", IdentificationPage.Read(pdu).Objects[0].Text);
    }

    private static ModbusTcpClient Tcp(int port) => new(
        new ModbusTcpOptions { Address = IPAddress.Loopback, Port = port, Timeout = TimeSpan.FromSeconds(2) },
        TimeProvider.System);

    private static ModbusRtuClient Rtu(string path) => new(
        new SerialByteLine(new SerialPortOptions { Path = path, Baud = 115_200 }),
        new ModbusRtuOptions { Timeout = TimeSpan.FromSeconds(2), ListenFirst = TimeSpan.Zero },
        TimeProvider.System);
}
