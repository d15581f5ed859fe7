using Sluice.Agent.Configuration;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Configuration;

/// <summary>What the files say about Modbus sources is what the sources are opened with.</summary>
public sealed class ModbusSourceSettingsTests
{
    private static readonly Dictionary<string, SourceSettings> Sources = ConfigurationLoader
        .Load(Repository.File("test/fast/Configuration/cases/rtu-buses-and-guards-all-right/gateway.json"))
        .Configuration!.Sources.ToDictionary(source => source.Name);

    [Fact]
    public void Guards_name_signals_of_their_source_by_place()
    {
        var panel = Assert.IsType<ModbusTcpSettings>(Sources["hmi1"]);

        Assert.Equal(
            [
                new SignalGuard { Signal = 0, ChangesWithin = TimeSpan.FromSeconds(10) },
                new SignalGuard { Signal = 1, EqualTo = 7 },
            ],
            panel.Guards);
        Assert.Equal("hmi1/layout/version", panel.Addresses[panel.Guards[1].Signal].Signal.Name);
        Assert.Equal(TimeSpan.FromMilliseconds(200), panel.Options.PauseAfterConnect);
        Assert.Equal(0, panel.Options.GapRegistersMax);
    }

    [Fact]
    public void A_serial_bus_is_bound_with_its_port_and_units()
    {
        var drives = Assert.IsType<ModbusRtuSettings>(Sources["drives"]);

        Assert.Equal(
            new SerialPortOptions
            {
                Path = "/dev/serial/by-path/platform-usb-0:1.2:1.0-port0",
                Baud = 19_200,
                Parity = SerialParity.None,
                StopBits = 2,
                Rs485 = true,
            },
            drives.Port);
        Assert.Equal(
            new ModbusRtuOptions
            {
                Timeout = TimeSpan.FromMilliseconds(300),
                Silence = RtuFramer.Silence(19_200),
                ListenFirst = TimeSpan.FromSeconds(10),
                RegistersMax = 32,
                OneRequestPerSignal = true,
                Identify = false,
            },
            drives.Options);
        Assert.Equal([3, 4], drives.Addresses.Select(each => (int)each.UnitId));
        Assert.Equal(TimeSpan.FromHours(1), Assert.Single(drives.Guards).ChangesWithin);
        Assert.Equal(2, drives.RequestsPerCycle());
    }

    [Theory]
    [InlineData("/dev/serial/by-path/no-such-adapter", "is not there")]
    [InlineData("/dev", "is a folder")]
    public void A_serial_port_that_is_not_there_is_a_warning_about_this_machine(string port, string sentence)
    {
        var problem = Assert.Single(Look(port), problem => problem.File == port);

        Assert.False(problem.IsError);
        Assert.StartsWith(sentence, problem.Sentence, StringComparison.Ordinal);
        Assert.Contains("drives", problem.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_serial_port_that_may_be_opened_is_not_talked_about()
    {
        // Anybody may open it. That it is no terminal is seen by opening it only, which check never does.
        Assert.DoesNotContain(Look("/dev/null"), problem => problem.File == "/dev/null");
    }

    [Fact]
    public void Two_names_of_one_serial_port_are_told()
    {
        var folder = Directory.CreateTempSubdirectory("sluice-");
        try
        {
            var other = Path.Combine(folder.FullName, "by-path");
            File.CreateSymbolicLink(other, "/dev/null");

            var problem = Assert.Single(Look("/dev/null", other), problem => problem.File == other);
            Assert.Contains("another name of the port of source drives", problem.Sentence, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Requests a second that a line can carry at most, worked out by hand from 11 bits a byte.</summary>
    [Theory]
    [InlineData(9_600, 125, 3.2)]
    [InlineData(115_200, 125, 34.9)]
    [InlineData(19_200, 10, 43.6)]
    public void The_line_s_time_is_that_of_its_bytes_and_silences(int baud, int registers, double requestsPerSecond)
    {
        var takes = RtuLineTime.OfExchange(
            new ReadRequest(1, ModbusTable.HoldingRegister, 0, registers),
            new SerialPortOptions { Path = "/dev/ttyS1", Baud = baud },
            TimeSpan.Zero);

        Assert.Equal(requestsPerSecond, 1 / takes.TotalSeconds, 0.2);
    }

    private static IReadOnlyList<ConfigurationProblem> Look(params string[] ports)
    {
        var folder = Directory.CreateTempSubdirectory("sluice-");
        try
        {
            var drives = (ModbusRtuSettings)Sources["drives"];
            var configuration = MemoryFolder.Load(MemoryFolder.Gateway, MemoryFolder.List).Configuration! with
            {
                Buffer = new BufferSettings { Directory = folder.FullName },
                Identity = new IdentitySettings { Directory = folder.FullName },
                Sources = [.. ports.Select((port, index) => drives with
                {
                    Name = index == 0 ? "drives" : $"other{index}",
                    Port = drives.Port! with { Path = port },
                })],
            };
            return HostChecks.Look(configuration, TimeProvider.System);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
