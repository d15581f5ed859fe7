using System.Diagnostics;

namespace Sluice.Field.Parts;

/// <summary>Waits on conditions of the real world, each with a bound and words for when it passes.</summary>
internal static class Eventually
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    public static async Task<TimeSpan> HoldsAsync(Func<bool> condition, TimeSpan within, Func<string> otherwise)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > within)
            {
                throw new TimeoutException($"After {within.TotalSeconds} s: {otherwise()}");
            }

            await Task.Delay(LookEvery);
        }

        return watch.Elapsed;
    }

    public static async Task<TimeSpan> HoldsAsync(Func<Task<bool>> condition, TimeSpan within, Func<string> otherwise)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > within)
            {
                throw new TimeoutException($"After {within.TotalSeconds} s: {otherwise()}");
            }

            await Task.Delay(LookEvery);
        }

        return watch.Elapsed;
    }
}
