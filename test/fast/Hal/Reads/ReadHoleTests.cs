using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

/// <summary>What was learned about a device's address space, over a restart.</summary>
public sealed class ReadHoleTests : IDisposable
{
    private static readonly ReadHole[] Two =
    [
        new(3, ModbusTable.HoldingRegister, 120, TimeSpan.FromMinutes(37)),
        new(7, ModbusTable.Coil, 9, TimeSpan.Zero),
    ];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("sluice-holes-");

    private string FilePath => Path.Combine(directory.FullName, "holes", "drives.txt");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void What_was_learned_comes_back_with_the_same_signal_list_and_with_no_other()
    {
        var file = new ReadHoleFile(FilePath);
        Assert.Empty(file.Load("one").Holes);
        Assert.Equal("", file.Load("one").Problem);
        Assert.True(file.Save("one", Two));
        Assert.Equal(Two, file.Load("one").Holes);
        Assert.Empty(file.Load("another").Holes);
        Assert.Equal("", file.Load("another").Problem);
    }

    [Fact]
    public void A_file_with_any_byte_changed_or_missing_is_not_used_and_says_so()
    {
        var file = new ReadHoleFile(FilePath);
        file.Save("one", Two);
        var whole = File.ReadAllBytes(FilePath);
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x04;
            File.WriteAllBytes(FilePath, damaged);
            Refuses(file);
            File.WriteAllBytes(FilePath, whole[..at]);
            Refuses(file);
        }
    }

    [Fact]
    public void A_file_is_never_larger_than_its_bound_and_a_larger_one_is_not_read()
    {
        var file = new ReadHoleFile(FilePath);
        Assert.True(file.Save("one", Two));
        Assert.False(file.Save("one", Enumerable.Repeat(Two[0], ReadHoleFile.BytesMax / 16)));
        Assert.Equal(Two, file.Load("one").Holes);
        File.WriteAllBytes(FilePath, new byte[ReadHoleFile.BytesMax + 1]);
        Refuses(file);
    }

    [Fact]
    public void A_place_is_known_by_its_address_whatever_the_order_of_the_list()
    {
        ModbusSignal[] list = [Word("a", 0), Word("b", 5), Word("c", 9)];
        var plan = new ReadPlan(list, new ReadPlanOptions());
        plan.Plan([0, 1, 2]);
        plan.Split(plan.Blocks[0], TimeSpan.FromHours(1));
        var learned = plan.Holes(TimeSpan.FromHours(2));
        Assert.Equal([new ReadHole(1, ModbusTable.HoldingRegister, 5, TimeSpan.FromHours(1))], learned);

        var other = new ReadPlan([.. list.Reverse()], new ReadPlanOptions());
        Assert.Equal(plan.Fingerprint, other.Fingerprint);
        other.Learn(learned, TimeSpan.Zero);
        other.Plan([0, 1, 2]);
        Assert.Equal([0, 5], other.Blocks.Select(block => (int)block.Address));
        Assert.NotEqual(plan.Fingerprint, new ReadPlan(list[..2], new ReadPlanOptions()).Fingerprint);
    }

    [Fact]
    public void A_hole_is_tried_again_in_its_time_the_oldest_first_and_one_at_a_time()
    {
        var plan = new ReadPlan([Word("a", 0), Word("b", 5), Word("c", 9)], new ReadPlanOptions());
        plan.Learn(
            [
                new ReadHole(1, ModbusTable.HoldingRegister, 9, TimeSpan.FromHours(3)),
                new ReadHole(1, ModbusTable.HoldingRegister, 5, TimeSpan.FromHours(5)),
                new ReadHole(1, ModbusTable.HoldingRegister, 6, TimeSpan.FromHours(5)),
            ],
            TimeSpan.Zero);
        Assert.Equal(2, plan.Splits);
        Assert.False(plan.RetryOldest(TimeSpan.FromHours(-6)));
        Assert.True(plan.RetryOldest(TimeSpan.FromHours(-4)));
        Assert.Equal([9], plan.Holes(TimeSpan.Zero).Select(hole => (int)hole.Address));
        Assert.False(plan.RetryOldest(TimeSpan.FromHours(-4)));
    }

    [Fact]
    public async Task A_source_that_starts_anew_asks_no_block_that_the_device_refused_before()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        device.Map.Forbid(ModbusTable.HoldingRegister, 3, 4);
        long first;
        await using (var source = Source(device))
        {
            Assert.All((await Signals.ReadAsync(source)).Values, each => Assert.True(each.Quality.IsGood));
            first = device.Responder.Requests;
        }

        await using (var source = Source(device))
        {
            Assert.All((await Signals.ReadAsync(source)).Values, each => Assert.True(each.Quality.IsGood));
            Assert.Equal(2, device.Responder.Requests - first);
            Assert.Equal(1, Signals.Counter(source, "splits"));
        }

        Assert.Equal(3, first);
    }

    [Fact]
    public async Task A_damaged_file_costs_a_few_requests_and_a_sentence_and_no_reading()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        await File.WriteAllTextAsync(FilePath, "sluice holes 1\nlist", TestContext.Current.CancellationToken);
        await using var source = Source(device);
        Assert.All((await Signals.ReadAsync(source)).Values, each => Assert.True(each.Quality.IsGood));
        Assert.Contains("learned again", source.Health.Sentence, StringComparison.Ordinal);
        Assert.Equal("connected", source.Health.State);
    }

    private static void Refuses(ReadHoleFile file)
    {
        var (holes, problem) = file.Load("one");
        Assert.Empty(holes);
        Assert.Contains("learned again", problem, StringComparison.Ordinal);
    }

    private ModbusSource Source(ModbusTcpServer device) => new(
        "plc", [Word("a", 0), Word("b", 5)],
        new ModbusTcpOptions { Address = IPAddress.Loopback, Port = device.Port, Timeout = TimeSpan.FromSeconds(2) },
        TimeProvider.System, new ReadHoleFile(FilePath));

    private static ModbusSignal Word(string name, int address) => Signals.Modbus(name, $"holding:{address}", "uint16");
}
