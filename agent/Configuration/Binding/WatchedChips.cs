using Sluice.Hal.Gpio;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>
/// The GPIO lines of all sources, by chip: the kernel gives a line to one watcher only, so the second source of two
/// would stay Bad for ever. A line written in two ways (by name and by number) only the running chip can tell.
/// </summary>
internal sealed class WatchedChips
{
    private readonly Dictionary<(string Chip, GpioLine Line), (string Source, string Signal)> taken = [];

    public void Check(
        string source, SourceDraft draft, IReadOnlyList<GpioSignal> watched, FileNode root, ProblemList problems)
    {
        foreach (var each in watched.Where(each => draft.Chip is not null).DistinctBy(each => each.Line))
        {
            if (taken.TryAdd((draft.Chip!, each.Line), (source, each.Signal.Name)))
            {
                continue;
            }

            var first = taken[(draft.Chip!, each.Line)];
            problems.Error(root.At("sources", source, "signals"), $"sources.{source}.signals",
                $"{each.Line} of {draft.Chip} is watched by source {first.Source} as {first.Signal} already, and the "
                + $"kernel gives a line to one watcher only: {each.Signal.Name} would stay Bad. Put both signals into "
                + "one source, or correct the line.");
        }
    }
}
