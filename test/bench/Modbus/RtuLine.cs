using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Bench.Modbus;

/// <summary>
/// RTU over a pseudo terminal that keeps line time, beside what the line allows: request and answer at 11 bits a
/// character, and t3.5 of silence before each of them. Then a line of 247 units, of which all or one answer.
/// </summary>
internal static class RtuLine
{
    private const int Baud = 115_200;
    private const int Registers = 10;
    private const int Units = 247;
    private const double Goal = 0.95;
    private static readonly TimeSpan DeadUnit = TimeSpan.FromMilliseconds(20);

    public static async Task PrintAsync(string programs, TextWriter output, TimeProvider clock)
    {
        await PrintOneAsync(programs, output, clock);
        await output.WriteLineAsync(Figures.Of($"{Units} units on one line, {Baud:N0} baud, one register each, ")
            + Figures.Of($"deadline {DeadUnit.TotalMilliseconds:0} ms"));
        await output.WriteLineAsync("answering  first cycle  next cycles (median)  the line alone  good a cycle");
        await PrintUnitsAsync(programs, Units, output, clock);
        await PrintUnitsAsync(programs, 1, output, clock);
        await output.WriteLineAsync();
    }

    private static async Task PrintOneAsync(string programs, TextWriter output, TimeProvider clock)
    {
        const int rounds = 15;
        const int requests = 40;
        var (file, baud) = (Path.Combine(programs, "line"), Figures.Of($"{Baud}"));
        await using var line = await NativePeer.StartAsync(file, baud, "1");
        await using var other = await NativePeer.StartAsync(file, baud, "1");
        var port = new SerialPortOptions { Path = line.FirstLine, Baud = Baud };
        await using var client = Client(port, TimeSpan.FromMilliseconds(500), clock);
        var into = new ushort[Registers];
        var (speeds, raw) = (new List<double>(), new List<double>());

        // Turn by turn, so that both meet the same machine.
        for (var round = 0; round < rounds; round++)
        {
            var began = clock.GetTimestamp();
            for (var index = 0; index < requests; index++)
            {
                var result = await client.ReadRegistersAsync(1, ModbusTable.HoldingRegister, 7, into, default);
                if (result.Status != ModbusStatus.Answered)
                {
                    throw new IOException($"a request ended as {result}");
                }
            }

            speeds.Add(requests / clock.GetElapsedTime(began).TotalSeconds);
            var took = await NativePeer.RunAsync(
                Path.Combine(programs, "rtu"), other.FirstLine, Figures.Of($"{Registers}"), Figures.Of($"{requests}"));
            raw.Add(1e9 / took[0]);
        }

        var read = new ReadRequest(1, ModbusTable.HoldingRegister, 7, Registers);
        var limit = 1 / RtuLineTime.OfExchange(read, port).TotalSeconds;
        await output.WriteLineAsync(Figures.Of(
            $"Modbus RTU, {Registers} registers at {Baud:N0} baud on a line that keeps time, median of {rounds}"));
        await output.WriteLineAsync("line limit = 1 / ((8 + 5 + 2 x registers) x 11 bits / baud + 2 x t3.5)");
        await output.WriteLineAsync("           req/s  of the line limit   goal  verdict  too early  line itself late");
        Print(output, "the line", limit, 1, "", new long[4]);
        Print(output, "raw C", Figures.Median(raw), Figures.Median(raw) / limit, "", await other.EndAsync());
        var ours = Figures.Median(speeds);
        var verdict = Figures.Of($"{Goal:F2}  {Figures.Verdict(ours / limit, Goal)}");
        Print(output, "ours", ours, ours / limit, verdict, await line.EndAsync());
        await output.WriteLineAsync(Figures.Of($"ours beside raw C: {ours / Figures.Median(raw):F3}"));
        await output.WriteLineAsync();
    }

    private static void Print(
        TextWriter output, string name, double speed, double ofLimit, string verdict, long[] seen) =>
        output.WriteLine(Figures.Of($"{name,-8}  {speed,6:F1}  {ofLimit,17:F3}   {verdict,-13}  {seen[2],9}")
            + Figures.Of($"  {seen[3]} us on average"));

    private static async Task PrintUnitsAsync(string programs, int answering, TextWriter output, TimeProvider clock)
    {
        const int cycles = 9;
        await using var line = await NativePeer.StartAsync(
            Path.Combine(programs, "line"), Figures.Of($"{Baud}"), Figures.Of($"{answering}"));
        var port = new SerialPortOptions { Path = line.FirstLine, Baud = Baud };
        var signals = Enumerable.Range(1, Units).Select(unit => Figures.Signal(
            Figures.Of($"unit/{unit}"), ModbusTable.HoldingRegister, 7, SignalKind.Uint16, (byte)unit)).ToArray();
        await using var source = new ModbusSource(
            "bus", signals, Client(port, DeadUnit, clock), new ModbusSourceOptions(), clock);
        var due = Enumerable.Range(0, Units).ToArray();
        var batch = new ReadingBatch();
        var took = new List<double>();
        for (var cycle = 0; cycle <= cycles; cycle++)
        {
            batch.Clear();
            var began = clock.GetTimestamp();
            await source.ReadAsync(due, batch, default);
            took.Add(clock.GetElapsedTime(began).TotalMilliseconds);
        }

        var good = batch.Readings.ToArray().Count(reading => reading.Quality.IsGood);
        var alone = answering * RtuLineTime.OfExchange(
            new ReadRequest(1, ModbusTable.HoldingRegister, 7, 1), port).TotalMilliseconds;
        var next = Figures.Median(took.Skip(1));
        await output.WriteLineAsync(Figures.Of($"{answering,9}  {took[0],8:N0} ms  {next,17:N0} ms")
            + Figures.Of($"  {alone,11:N0} ms  {good}"));
    }

    private static ModbusRtuClient Client(SerialPortOptions port, TimeSpan timeout, TimeProvider clock) => new(
        new SerialByteLine(port),
        new ModbusRtuOptions
        {
            Timeout = timeout,
            Silence = RtuFramer.Silence(port.Baud),
            ListenFirst = TimeSpan.Zero,
        },
        clock);
}
