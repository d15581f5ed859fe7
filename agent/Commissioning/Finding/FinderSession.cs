using Sluice.Agent.Commissioning.Asking;
using Sluice.Hal;

namespace Sluice.Agent.Commissioning.Finding;

/// <summary>
/// The conversation of find-order: looks at the registers, asks the person what the screen shows, tells the core, and
/// says what is left. Called by the verb, on its one loop; a line is waited for beside it, while the registers are
/// looked at, because what counts is what they were while the person read the screen.
/// </summary>
internal sealed class FinderSession(
    FinderQuestion question, PoliteReader reader, TextReader input, FinderScreen screen, TimeProvider clock)
{
    /// <summary>Looks when the command begins: a value that moves by itself shows.</summary>
    private const int FirstLooks = 3;

    /// <summary>Looks before a line was finished that still count: what the person read may be so old.</summary>
    private const int LooksKept = 10;

    /// <summary>More lines than anybody types: a bound.</summary>
    private const int LinesMax = 1000;

    private static readonly TimeSpan FirstLookEvery = TimeSpan.FromMilliseconds(250);

    private readonly OrderFinder finder = new(question.Candidates);
    private readonly RegisterLook look = new(reader, question);

    /// <param name="asksPerson">A person sits at a terminal: say what to type.</param>
    /// <param name="readsInput">Take what is shown later from the input, a line each.</param>
    /// <param name="cancellationToken">The person ends it; what was found until then is the answer.</param>
    public async Task<FinderResult> RunAsync(bool asksPerson, bool readsInput, CancellationToken cancellationToken)
    {
        try
        {
            var samples = await TakeFirstAsync(cancellationToken).ConfigureAwait(false);
            if (samples.Count == 0)
            {
                return new FinderResult([], [], look.Trouble, look.IsUnavailable);
            }

            Observe(new Observation(question.Shows, samples));
            foreach (var shown in question.Then)
            {
                await WaitForAsync(shown, samples[^1], cancellationToken).ConfigureAwait(false);
            }

            if (readsInput && question.Then.Count == 0)
            {
                await ConverseAsync(asksPerson, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            screen.Say("Ended.");
        }

        var left = finder.Counted.Count == 0 ? [] : finder.Left;
        if (left.Count > 1 && !finder.HasMoved)
        {
            screen.Say("The value did not move while it was looked at: let the machine change it, and say what the "
                + "screen shows then.");
        }

        return new FinderResult(left, left.Count == 0 ? [] : [.. finder.Proofs(left[0])], "", false);
    }

    private async Task<List<ushort[]>> TakeFirstAsync(CancellationToken cancellationToken)
    {
        var samples = new List<ushort[]>();
        for (var turn = 0; turn < FirstLooks; turn++)
        {
            if (turn > 0)
            {
                await Task.Delay(FirstLookEvery, clock, cancellationToken).ConfigureAwait(false);
            }

            if (await look.TakeAsync(cancellationToken).ConfigureAwait(false) is { } seen)
            {
                samples.RemoveAll(each => each.Length != seen.Length);
                samples.Add(seen);
            }
            else if (samples.Count == 0)
            {
                break;
            }
        }

        return samples;
    }

    /// <summary>Looks until something that is left shows the value: the person said that it will.</summary>
    private async Task WaitForAsync(ShownValue shown, ushort[] before, CancellationToken cancellationToken)
    {
        var until = reader.Now + question.Within;
        screen.Say($"Waiting until it shows {shown}, at most {question.Within.TotalSeconds:0} s.");
        var last = before;
        while (reader.Now < until)
        {
            if (await look.TakeAsync(cancellationToken).ConfigureAwait(false) is { } seen)
            {
                last = seen;
                if (finder.Left.Any(each => shown.Fits(each.Decode(seen))))
                {
                    break;
                }
            }

            await Task.Delay(FirstLookEvery, clock, cancellationToken).ConfigureAwait(false);
        }

        Observe(new Observation(shown, [last]));
    }

    /// <summary>Line by line, until one is left, the person ends it, or the input does.</summary>
    private async Task ConverseAsync(bool asksPerson, CancellationToken cancellationToken)
    {
        for (var line = 0; line < LinesMax && finder.Left.Count > 1; line++)
        {
            if (asksPerson)
            {
                screen.Ask("What does the screen show now? (an empty line ends) ");
            }

            var (typed, samples) = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (string.IsNullOrWhiteSpace(typed))
            {
                return;
            }

            if (samples.Count == 0)
            {
                screen.Say(look.Trouble);
            }
            else if (question.IsText)
            {
                Observe(new Observation(ShownValue.OfText(typed), samples));
            }
            else if (ShownValue.TryNumber(typed, question.Tolerance, out var shown, out var problem))
            {
                Observe(new Observation(shown, samples));
            }
            else
            {
                screen.Say(problem);
            }
        }
    }

    /// <summary>A line, and the registers from shortly before it until just after it.</summary>
    private async Task<(string? Typed, List<ushort[]> Samples)> ReadLineAsync(CancellationToken cancellationToken)
    {
        var samples = new List<ushort[]>();
        var typing = Task.Run(input.ReadLine, CancellationToken.None);
        while (true)
        {
            if (await look.TakeAsync(cancellationToken).ConfigureAwait(false) is { } seen)
            {
                samples.RemoveAll(each => each.Length != seen.Length);
                samples.Add(seen);
                if (samples.Count > LooksKept)
                {
                    samples.RemoveAt(0);
                }
            }

            if (typing.IsCompleted)
            {
                // The last look was begun before the line ended, or after: one more is after it for certain.
                if (await look.TakeAsync(cancellationToken).ConfigureAwait(false) is { } after
                    && samples.TrueForAll(each => each.Length == after.Length))
                {
                    samples.Add(after);
                }

                return (await typing.ConfigureAwait(false), samples);
            }

            await Task.WhenAny(typing, Task.Delay(question.LookEvery, clock, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void Observe(Observation observation)
    {
        var verdict = finder.Observe(observation);
        var now = observation.Samples[^1];
        screen.Registers(question, now);
        if (verdict == FinderVerdict.SetAside)
        {
            screen.NothingFits(observation, question.Candidates, finder.Counted.Count > 0);
            return;
        }

        if (verdict == FinderVerdict.BegunAnew)
        {
            screen.Say("What was shown before was mistyped, it seems: begun anew with the last two.");
        }

        if (MovedUnder(observation) is { } moved)
        {
            screen.Say(moved);
        }

        screen.Left(observation.Shown, finder.Left, question.Candidates.Count, now);
    }

    /// <summary>A sentence where the value moved while the person read and typed.</summary>
    private string? MovedUnder(Observation observation)
    {
        var likeliest = finder.Left[0];
        SignalValue first = likeliest.Decode(observation.Samples[0]), last = likeliest.Decode(observation.Samples[^1]);
        return observation.Samples.All(each => likeliest.Decode(each) == first)
            ? null
            : $"The value moved between looking and typing, from {first} to {last}: whatever fits anything between is "
                + "kept.";
    }
}
