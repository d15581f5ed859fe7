using System.Globalization;
using Sluice.Plant.Gateway;

namespace Sluice.Bench.Uplink;

/// <summary>Sources of kind simulated, as many readings a second as are asked for, all of them reported.</summary>
internal static class Sources
{
    private const int SignalsEach = 500;

    /// <param name="readings">A second.</param>
    /// <param name="every">10 ms at least, which is the shortest that a configuration may say.</param>
    public static SourceFile[] Of(int readings, TimeSpan every)
    {
        var signals = (int)(readings * every.TotalSeconds);
        return
        [
            .. Enumerable.Range(0, (signals + SignalsEach - 1) / SignalsEach).Select(source => SourceFile.Simulated(
                Text($"line{source}"),
                [
                    .. Enumerable.Range(0, Math.Min(SignalsEach, signals - (source * SignalsEach))).Select(
                        signal => Text($"line/signal{signal},walk,float32,,100,50,,always,,60 s,,,")),
                ]) with { Every = Text($"{every.TotalMilliseconds} ms") }),
        ];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
