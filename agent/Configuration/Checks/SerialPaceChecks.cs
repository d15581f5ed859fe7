using System.Globalization;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Configuration;

/// <summary>
/// Whether a serial line is fast enough for what is read over it: its bytes, the silence between them, and the time
/// that the devices are stated to need before they answer. That one cannot be known here, so it is a key of the source.
/// </summary>
internal static class SerialPaceChecks
{
    /// <summary>Above this share of the line little is left for a slower answer or a second try.</summary>
    private const double ComfortableShare = 0.8;

    private const int SignalsNamed = 3;

    // Two digits from 10 ms to a day: seven times ninety steps.
    private const int TriesMax = 700;

    private static readonly TimeSpan CycleMax = TimeSpan.FromDays(1);

    public static void Check(SourceSettings built, SourceDraft source, FileNode root, ProblemList problems)
    {
        if (built is not ModbusRtuSettings { Port: { } port } rtu
            || source is not
            {
                Baud: not null, StopBits: not null, Parity: not null, Timeout: not null, Every: not null,
                Turnaround: not null,
            })
        {
            // A key of these was refused, which was told.
            return;
        }

        CheckTimeout(rtu, port, root, problems);
        CheckCycle(rtu, port, root, problems);
    }

    private static void CheckTimeout(
        ModbusRtuSettings rtu, SerialPortOptions port, FileNode root, ProblemList problems)
    {
        var longest = Plan(rtu, _ => true)
            .Select(block => block.Request)
            .MaxBy(request => request.DataBytes);
        var takes = RtuLineTime.OfBytes(longest, port);
        if (takes >= rtu.Options.Timeout)
        {
            var what = longest.IsBits ? "bits" : "registers";
            problems.Error(
                root.At("sources", rtu.Name, "timeout"),
                $"sources.{rtu.Name}.timeout",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a request for {longest.Count} {what} and its answer take {Rounded(takes)} on a line of "
                        + $"{port.Baud} baud, and the timeout is {UnitText.Format(rtu.Options.Timeout)}: no answer "
                        + $"could be in time. Write a longer timeout, or a smaller quirks.registersMax."));
        }
    }

    /// <summary>The first interval at which more than the whole line is taken is the one that cannot be kept.</summary>
    private static void CheckCycle(ModbusRtuSettings rtu, SerialPortOptions port, FileNode root, ProblemList problems)
    {
        TimeSpan[] intervals = [.. rtu.Signals.Select(signal => signal.Every).Distinct().Order()];
        var share = 0.0;
        foreach (var every in intervals)
        {
            share = Share(rtu, port, intervals.Where(each => each <= every), every, every);
            if (share > 1)
            {
                var takes = Rounded(Takes(rtu, port, every));
                var fits = NearestThatFits(rtu, port, intervals, every);
                var sentence = $"{Percent(share)} of the line's time would be taken at {Baud(port)} once "
                    + $"{Names(rtu, every)} are read every {UnitText.Format(every)} (one turn takes {takes}, with "
                    + $"{Thinks(rtu)}): that cannot be kept. "
                    + (fits is { } cycle
                        ? $"Write an every of {UnitText.Format(cycle)} or longer for them, or raise baud, in the "
                            + "devices too."
                        : "No every of theirs alone would do: read less, or raise baud, in the devices too.");
                problems.Error(root.At("sources", rtu.Name, "every"), $"sources.{rtu.Name}.every", sentence);
                return;
            }
        }

        if (share > ComfortableShare)
        {
            problems.Warning(
                root.At("sources", rtu.Name, "every"),
                $"sources.{rtu.Name}.every",
                $"{Percent(share)} of the line's time is taken at {Baud(port)}, with {Thinks(rtu)}: a device that is "
                    + "slower, or one request that has to be repeated, and turns are skipped. Write a longer every, or "
                    + "raise baud.");
        }
    }

    /// <summary>
    /// Signals are read in turns, and a turn of slower ones reads the faster ones along. So the line is taken for the
    /// sum over the intervals of (how often such a turn comes) × (what its plan takes more than that of the faster
    /// ones). Those of <paramref name="moved"/> are counted as if they were read every <paramref name="to"/>.
    /// </summary>
    private static double Share(
        ModbusRtuSettings rtu, SerialPortOptions port, IEnumerable<TimeSpan> intervals, TimeSpan moved, TimeSpan to)
    {
        var share = 0.0;
        var before = TimeSpan.Zero;
        foreach (var every in intervals.Select(each => each == moved ? to : each).Distinct().Order())
        {
            var takes = Takes(rtu, port, signal => (signal.Every == moved ? to : signal.Every) <= every);
            share += (takes - before) / every;
            before = takes;
        }

        return share;
    }

    /// <summary>The shortest interval, on two digits, at which the whole list leaves the line some air.</summary>
    private static TimeSpan? NearestThatFits(
        ModbusRtuSettings rtu, SerialPortOptions port, TimeSpan[] intervals, TimeSpan every)
    {
        for (var (cycle, tries) = (every, 0); cycle < CycleMax && tries < TriesMax; tries++)
        {
            var step = Math.Pow(10, Math.Floor(Math.Log10(cycle.TotalMilliseconds)) - 1);
            cycle = TimeSpan.FromMilliseconds((Math.Floor(cycle.TotalMilliseconds / step) + 1) * step);
            if (Share(rtu, port, intervals, every, cycle) <= ComfortableShare)
            {
                return cycle;
            }
        }

        return null;
    }

    private static TimeSpan Takes(ModbusRtuSettings rtu, SerialPortOptions port, TimeSpan every) =>
        Takes(rtu, port, signal => signal.Every <= every);

    /// <summary>A turn in which these are due.</summary>
    private static TimeSpan Takes(ModbusRtuSettings rtu, SerialPortOptions port, Func<SampledSignal, bool> isDue) =>
        Plan(rtu, isDue).Aggregate(
            TimeSpan.Zero,
            (sum, block) => sum + RtuLineTime.OfExchange(block.Request, port, rtu.Options.Turnaround));

    private static IReadOnlyList<ReadBlock> Plan(ModbusRtuSettings rtu, Func<SampledSignal, bool> isDue)
    {
        var plan = new ReadPlan(rtu.Addresses, rtu.PlanOptions);
        plan.Plan([.. Enumerable.Range(0, rtu.Signals.Count).Where(index => isDue(rtu.Signals[index]))]);
        return plan.Blocks;
    }

    private static string Thinks(ModbusRtuSettings rtu) =>
        $"a turnaround of {UnitText.Format(rtu.Options.Turnaround)}";

    private static string Names(ModbusRtuSettings rtu, TimeSpan every)
    {
        var names = rtu.Signals.Where(signal => signal.Every == every).Select(signal => signal.Signal.Name).ToList();
        var more = names.Count - SignalsNamed;
        return string.Join(", ", names.Take(SignalsNamed))
            + (more > 0 ? string.Create(CultureInfo.InvariantCulture, $" and {more} more") : "");
    }

    private static string Percent(double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(share * 100)} %");

    private static string Baud(SerialPortOptions port) =>
        string.Create(CultureInfo.InvariantCulture, $"{port.Baud} baud");

    private static string Rounded(TimeSpan time) =>
        UnitText.Format(TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds)));
}
