using System.Globalization;
using System.Text;
using Sluice.Agent.Commissioning.Live;

namespace Sluice.Agent.CommandLine.Checking;

/// <summary>What check --live found, for a person: one line a signal, what is not right marked. A core.</summary>
internal static class LiveText
{
    private const int NameWidthMax = 40;

    public static string Render(LiveSource source)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{source.Name} ({source.Device}), {Verdict(source)}:");
        if (source.Sentence.Length > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  ! {source.Sentence}");
        }

        var width = source.Signals.Select(signal => signal.Name.Length).Append(0).Max();
        width = Math.Min(width, NameWidthMax);
        foreach (var signal in source.Signals)
        {
            var mark = signal.IsRight ? ' ' : '!';
            var value = $"{Configuration.FileNode.Clip(signal.Value)} {signal.Unit}".Trim();
            text.Append(CultureInfo.InvariantCulture, $"  {mark} {signal.Name.PadRight(width)}  {value,-16}  ");
            text.AppendLine($"{signal.Quality,-12} {Golden(signal)}".TrimEnd());
            foreach (var sample in signal.Golden.Where(sample => !sample.Holds))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"      {sample.Sentence}");
            }
        }

        return text.ToString();
    }

    private static string Verdict(LiveSource source)
    {
        if (source.IsRefused)
        {
            return "not asked";
        }

        if (source.EndedEarly)
        {
            return "not read to its end";
        }

        var good = source.Signals.Count(signal => signal.IsGood);
        return string.Create(
            CultureInfo.InvariantCulture, $"{good} of {source.Signals.Count} Good, {source.TookSeconds:0.0} s");
    }

    private static string Golden(LiveSignal signal) => signal.Golden.Count == 0
        ? ""
        : signal.Golden.All(sample => sample.Holds)
            ? $"reads {string.Join(", ", signal.Golden.Select(sample => sample.Shown))} as the screen showed"
            : "does not read what the screen showed:";
}
