using System.Globalization;

namespace Sluice.Fast.Buffering.Crash;

/// <summary>
/// Which schedules are run: those that ever failed (crash-seeds.txt) first, then as many as there is time for. A run by
/// <c>make crash STATES=n SEED=n</c> has its wish in two variables of the environment.
/// </summary>
internal static class CrashSeeds
{
    public const int StatesPerSchedule = 400;

    private const int States = 2000;
    private const int Seed = 1;
    private const string KeptName = "crash-seeds.txt";

    public static IReadOnlyList<int> All()
    {
        var kept = Parse(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Buffering", "Crash", KeptName)));
        var first = Wish("SLUICE_CRASH_SEED", Seed);
        var schedules = (Wish("SLUICE_CRASH_STATES", States) + StatesPerSchedule - 1) / StatesPerSchedule;
        return [.. kept.Union(Enumerable.Range(first, schedules))];
    }

    /// <summary>A seed to a line, and why it is kept behind a number sign.</summary>
    public static IEnumerable<int> Parse(IEnumerable<string> lines) => lines
        .Select(line => line.Split('#')[0].Trim())
        .Where(line => line.Length > 0)
        .Select(line => int.Parse(line, CultureInfo.InvariantCulture));

    /// <summary>What to do about a seed that failed.</summary>
    public static string Keep(int seed) =>
        $"Keep it: echo '{seed}  # what went wrong' >> test/fast/Buffering/Crash/{KeptName}";

    private static int Wish(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var wish)
            ? wish : otherwise;
}
