using System.CommandLine;
using System.Globalization;
using System.Net;
using Sluice.Agent.Commissioning.Asking;
using Sluice.Agent.Commissioning.Discovery;
using Sluice.Agent.Configuration;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.CommandLine.Finding;

/// <summary>What discover modbus is to look at, checked.</summary>
internal sealed record DiscoveryTarget
{
    public required DiscoveryWish Wish { get; init; }

    public required TimeSpan Timeout { get; init; }

    public required TimeSpan Pause { get; init; }

    public required TimeSpan Listen { get; init; }

    public IPEndPoint? Network { get; init; }

    public SerialPortOptions? Serial { get; init; }

    public bool IsRtu { get; init; }

    public bool IsWeintek { get; init; }

    public string Device => Wish.Device;

    /// <summary>A bus takes one client, also behind a converter.</summary>
    public bool IsBus => IsRtu;

    public IModbusClient Open(TimeProvider clock) => IsRtu
        ? ModbusLinks.OverRtu(Serial, Network, new ModbusRtuOptions
        {
            Timeout = Timeout,
            ListenFirst = Listen,
            Silence = Serial is null ? new ModbusRtuOptions().Silence : RtuFramer.Silence(Serial.Baud),
        }, clock)
        : new ModbusTcpClient(new ModbusTcpOptions
        {
            Address = Network!.Address,
            Port = Network.Port,
            Timeout = Timeout,

            // Units that are not there do not answer: that is no reason to make the connection anew.
            TimeoutsBeforeReconnect = int.MaxValue,
        }, clock);

    /// <summary>
    /// Whether the running agent, which says that it reads this device, asks the same one. A panel has few connections
    /// whatever their port; a converter has a port for each of its buses.
    /// </summary>
    public bool IsPolledAs(string device) => Serial is { } serial
        ? Behind(device) == Behind(serial.Path)
        : IPEndPoint.TryParse(device, out var polled) && Network is { } network
            && polled.Address.Equals(network.Address) && (!IsRtu || polled.Port == network.Port);

    private static string Behind(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path;
        }
    }
}

/// <summary>The options of discover modbus. All that is wrong with them is said at once.</summary>
internal sealed class DiscoverModbusOptions
{
    private const int RateMax = 50;

    private readonly Option<string> host = Text("--host", "ADDRESS", "IP address of the device or converter.");

    private readonly Option<string> tcpPort = Text("--tcp-port", "N", "Its TCP port: 502.");

    private readonly Option<bool> rtu = new("--rtu")
    {
        Description = "With --host: a converter that hands RTU frames through.",
    };

    private readonly Option<string> port = Text(
        "--port", "DEVICE", "Serial port: /dev/ttyS1, or a name under /dev/serial/by-path.");

    private readonly Option<string> baud = Text("--baud", "N", "Bits a second: 19200.");
    private readonly Option<string> parity = Text("--parity", "WORD", "even, odd or none: even.");
    private readonly Option<string> stopBits = Text("--stop-bits", "N", "1 or 2: 1.");

    private readonly Option<bool> rs485 = new("--rs485")
    {
        Description = "The kernel switches the port's transmitter for each frame.",
    };

    private readonly Option<string> listen = Text(
        "--listen", "TIME", "How long to listen to a serial line before the first byte: 5 s. Where another client is "
            + "heard, nothing is ever sent.");

    private readonly Option<string> units = Text(
        "--units", "LIST", "Only these: 1-10,20. Else on TCP 1, 255, 0 and the rest up to 247, on a bus 1 to 247.");

    private readonly Option<string> tables = Text(
        "--tables", "LIST", "Only these of holding, input, coil and discrete, with commas.");

    private readonly Option<string> addresses = Text("--addresses", "RANGE", "Only these PDU addresses: 0-9999.");

    private readonly Option<bool> thorough = new("--thorough")
    {
        Description = "Read every address of a long range, where otherwise parts are left out.",
    };

    private readonly Option<string> rate = Text("--rate", "N", "Requests a second, 1 to 50: 10.");
    private readonly Option<string> timeout = Text("--timeout", "TIME", "How long to wait for an answer: 500 ms.");

    private readonly Option<string> profile = Text(
        "--profile", "WORD", "weintek: the draft has LW, LB and RW addresses.");

    public Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document, for programs." };

    public Option<string> Draft { get; } = DiscoverVerb.Draft();

    public Option<string> Socket { get; } = VerbOptions.Socket();

    public Option<bool> BesideAgent { get; } = VerbOptions.BesideAgent();

    public void AddTo(Command verb)
    {
        foreach (var option in (Option[])[
            host, tcpPort, rtu, port, baud, parity, stopBits, rs485, listen, units, tables, addresses, thorough, rate,
            timeout, profile, Draft, Json, BesideAgent, Socket])
        {
            verb.Add(option);
        }
    }

    public (DiscoveryTarget? Target, IReadOnlyList<string> Problems) Target(ParseResult parsed)
    {
        var problems = new List<string>();
        var network = Network(parsed, problems);
        var serial = Serial(parsed, problems);
        var isRtu = serial is not null || parsed.GetValue(rtu);
        if (parsed.GetValue(host) is null == parsed.GetValue(port) is null)
        {
            problems.Add("Write either --host and an IP address, or --port and a serial port.");
        }

        var table = Tables(parsed, problems);
        var (first, last) = Addresses(parsed, problems);
        var scan = Units(parsed, isRtu, problems);
        var perSecond = Number(parsed, rate, 10, 1, RateMax, problems);
        var wait = Time(parsed, timeout, TimeSpan.FromMilliseconds(500), problems);
        if (wait < TimeSpan.FromMilliseconds(10))
        {
            problems.Add("--timeout: no device answers so fast: write at least 10 ms.");
        }

        var silence = Time(
            parsed, listen, serial is null ? TimeSpan.Zero : new ModbusRtuOptions().ListenFirst, problems);
        var word = parsed.GetValue(profile);
        if (word is not (null or "none" or "weintek"))
        {
            problems.Add($"--profile: \"{FileNode.Clip(word)}\" is not known: write weintek, or leave it out.");
        }

        return problems.Count > 0 ? (null, problems) : (new DiscoveryTarget
        {
            Network = network,
            Serial = serial,
            IsRtu = isRtu,
            IsWeintek = word == "weintek",
            Timeout = wait,
            Listen = silence,
            Pause = TimeSpan.FromSeconds(1.0 / perSecond),
            Wish = new DiscoveryWish
            {
                Device = serial?.Path ?? network!.ToString(),
                Units = scan,
                Tables = table,
                First = first,
                Last = last,
                Thorough = parsed.GetValue(thorough),
            },
        }, problems);
    }

    private IPEndPoint? Network(ParseResult parsed, List<string> problems)
    {
        if (parsed.GetValue(host) is not { } text)
        {
            return null;
        }

        var number = Number(parsed, tcpPort, 502, 1, 65535, problems);
        if (AddressText.TryAddress(text, out var address, out var problem))
        {
            return new IPEndPoint(address, number);
        }

        problems.Add($"--host: {problem}");
        return null;
    }

    private SerialPortOptions? Serial(ParseResult parsed, List<string> problems)
    {
        if (parsed.GetValue(port) is not { } path)
        {
            return null;
        }

        if (NameText.RefuseSerialPort(path) is { } refused)
        {
            problems.Add($"--port: {refused}");
        }

        var word = parsed.GetValue(parity) ?? "even";
        if (word is not ("even" or "odd" or "none"))
        {
            problems.Add($"--parity: \"{FileNode.Clip(word)}\" is not known: write even, odd or none.");
        }

        return new SerialPortOptions
        {
            Path = path,
            Baud = Number(parsed, baud, 19_200, 1_200, 921_600, problems),
            Parity = word switch
            {
                "odd" => SerialParity.Odd,
                "none" => SerialParity.None,
                _ => SerialParity.Even,
            },
            StopBits = Number(parsed, stopBits, 1, 1, 2, problems),
            Rs485 = parsed.GetValue(rs485),
        };
    }

    private UnitScan Units(ParseResult parsed, bool isRtu, List<string> problems)
    {
        if (parsed.GetValue(units) is not { } text)
        {
            return isRtu ? UnitScan.OnBus() : UnitScan.OnTcp();
        }

        var chosen = new SortedSet<byte>();
        var (min, max) = isRtu ? (1, 247) : (0, 255);
        foreach (var part in text.Split(','))
        {
            if (!TryRange(part, min, max, out var from, out var to))
            {
                problems.Add($"--units: \"{FileNode.Clip(part)}\" is not a unit or a range of them: write numbers from "
                    + string.Create(CultureInfo.InvariantCulture, $"{min} to {max} such as 1-10,20."));
                break;
            }

            chosen.UnionWith(Enumerable.Range(from, to - from + 1).Select(unit => (byte)unit));
        }

        return UnitScan.Of(chosen);
    }

    private IReadOnlyList<ModbusTable> Tables(ParseResult parsed, List<string> problems)
    {
        if (parsed.GetValue(tables) is not { } text)
        {
            return new DiscoveryWish { Device = "", Units = UnitScan.Of([]) }.Tables;
        }

        var chosen = new List<ModbusTable>();
        foreach (var word in text.Split(',').Select(word => word.Trim()).Distinct())
        {
            if (TableWord.TryParse(word, out var table))
            {
                chosen.Add(table);
            }
            else
            {
                problems.Add($"--tables: \"{FileNode.Clip(word)}\" is no Modbus table: write holding, input, coil or "
                    + "discrete.");
            }
        }

        return chosen;
    }

    private (int First, int Last) Addresses(ParseResult parsed, List<string> problems)
    {
        if (parsed.GetValue(addresses) is not { } text)
        {
            return (0, 65535);
        }

        if (!TryRange(text, 0, 65535, out var first, out var last))
        {
            problems.Add($"--addresses: \"{FileNode.Clip(text)}\" is not a range of PDU addresses: write one from 0 to "
                + "65535 such as 0-9999.");
        }

        return (first, last);
    }

    private static bool TryRange(string text, int min, int max, out int from, out int to)
    {
        var parts = text.Trim().Split('-');
        to = 0;
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out from)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out to)
            && parts.Length <= 2 && from >= min && to >= from && to <= max;
    }

    private static int Number(
        ParseResult parsed, Option<string> option, int byDefault, int min, int max, List<string> problems)
    {
        if (parsed.GetValue(option) is not { } text)
        {
            return byDefault;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max)
        {
            return number;
        }

        problems.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{option.Name}: \"{FileNode.Clip(text)}\" does not fit: write a whole number from {min} to {max}."));
        return byDefault;
    }

    private static TimeSpan Time(
        ParseResult parsed, Option<string> option, TimeSpan byDefault, List<string> problems)
    {
        if (parsed.GetValue(option) is not { } text)
        {
            return byDefault;
        }

        if (!UnitText.TryDuration(text, out var time, out var problem))
        {
            problems.Add($"{option.Name}: {problem}");
        }
        else if (time > TimeSpan.FromMinutes(1))
        {
            problems.Add($"{option.Name}: write at most 1 min.");
        }

        return time;
    }

    private static Option<string> Text(string name, string what, string description) =>
        new(name) { HelpName = what, Description = description };
}
