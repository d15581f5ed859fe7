using System.Globalization;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Configuration;

/// <summary>
/// Whether a serial line is fast enough for what is read over it, by the bytes alone: a device that answers at once
/// could not do better, so what is refused here could never work.
/// </summary>
internal static class SerialPaceChecks
{
    /// <summary>Above this share of the line little is left for what the devices take to answer.</summary>
    private const double ComfortableShare = 0.8;

    private const int SignalsNamed = 3;

    public static void Check(SourceSettings built, SourceDraft source, FileNode root, ProblemList problems)
    {
        if (built is not ModbusRtuSettings { Port: { } port } rtu
            || source is not
            {
                Baud: not null, StopBits: not null, Parity: not null, Timeout: not null, Every: not null,
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
        var longest = Plan(rtu, TimeSpan.MaxValue)
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

    /// <summary>
    /// Signals are read in turns, and a turn of slower ones reads the faster ones along. So the line is taken, by all
    /// up to some interval, for the sum over the intervals of (how often such a turn comes) × (what its plan takes).
    /// The first interval at which that is more than the whole line is the one that cannot be kept.
    /// </summary>
    private static void CheckCycle(ModbusRtuSettings rtu, SerialPortOptions port, FileNode root, ProblemList problems)
    {
        var share = 0.0;
        var before = 0.0;
        foreach (var every in rtu.Signals.Select(signal => signal.Every).Distinct().Order())
        {
            var takes = Plan(rtu, every).Sum(block => RtuLineTime.OfExchange(block.Request, port).TotalSeconds);
            share += (takes - before) / every.TotalSeconds;
            before = takes;
            if (share > 1)
            {
                var sentence = $"{Percent(share)} of the line's time would be taken at {Baud(port)}, by the bytes "
                    + $"alone, once {Names(rtu, every)} are read every {UnitText.Format(every)} (one turn takes "
                    + $"{Rounded(TimeSpan.FromSeconds(takes))}): that cannot be kept. Write a longer every for them, "
                    + "or raise baud, in the devices too.";
                problems.Error(root.At("sources", rtu.Name, "every"), $"sources.{rtu.Name}.every", sentence);
                return;
            }
        }

        if (share > ComfortableShare)
        {
            problems.Warning(
                root.At("sources", rtu.Name, "every"),
                $"sources.{rtu.Name}.every",
                $"{Percent(share)} of the line's time is taken at {Baud(port)} by the bytes alone: what the devices "
                    + "take to answer comes on top, and turns may be skipped. Write a longer every, or raise baud.");
        }
    }

    /// <summary>The requests of a turn in which every signal is due that is read at least as often as this.</summary>
    private static IReadOnlyList<ReadBlock> Plan(ModbusRtuSettings rtu, TimeSpan every)
    {
        var plan = new ReadPlan(rtu.Addresses, rtu.PlanOptions);
        plan.Plan([.. Enumerable.Range(0, rtu.Signals.Count).Where(index => rtu.Signals[index].Every <= every)]);
        return plan.Blocks;
    }

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
