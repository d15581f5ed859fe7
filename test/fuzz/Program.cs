using System.Diagnostics;
using System.Globalization;

namespace Sluice.Fuzz;

/// <summary>
/// <code>sluice-fuzz --seed 7 --count 20000000 [--first 0] [--only bundle]</code>
/// Tries so many inputs, shared out among the targets by what they cost, and prints how fast it went and how often each
/// outcome was seen. Ends with 1, seed and input at the first violation; with 2 where an input takes longer than ten
/// seconds.
/// </summary>
internal static class Program
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static int Main(string[] arguments)
    {
        var seed = (ulong)Number(arguments, "--seed", Environment.ProcessId);
        var only = Array.IndexOf(arguments, "--only");
        var targets = FuzzTarget.Every.Where(each => only < 0 || each.Name == arguments[only + 1]).ToList();
        var count = Number(arguments, "--count", 20_000_000) / targets.Count;
        var first = Number(arguments, "--first", 0);
        foreach (var target in targets)
        {
            var share = count / target.Cost;
            var run = new FuzzRun(target, seed);
            using var watch = new Timer(Watch(run, first), null, Patience, Patience);
            var began = Stopwatch.GetTimestamp();
            try
            {
                run.Try(first, share);
            }
            catch (InvalidOperationException violation)
            {
                // Where it broke stands in what the parser threw.
                Console.Error.WriteLine(
                    violation.InnerException is FuzzViolationException ? violation.Message : violation);
                return 1;
            }

            var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var seen = string.Join("  ", target.Outcomes.Zip(
                run.Counts, (name, times) => string.Create(CultureInfo.InvariantCulture, $"{name} {times:N0}")));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{target.Name,-10} {share,12:N0} inputs  {share / took,12:N0} a second  {seen}"));
        }

        Console.WriteLine($"seed {seed}: no crash, no hang, nothing wrong was taken");
        return 0;
    }

    private static TimerCallback Watch(FuzzRun run, long first)
    {
        var last = -1L;
        return _ =>
        {
            var before = last;
            last = run.Tried;
            if (before == last)
            {
                Console.Error.WriteLine($"input {first + before} hangs");
                Environment.Exit(2);
            }
        };
    }

    private static long Number(string[] arguments, string name, long otherwise)
    {
        var at = Array.IndexOf(arguments, name);
        return at < 0 ? otherwise : long.Parse(arguments[at + 1], CultureInfo.InvariantCulture);
    }
}
