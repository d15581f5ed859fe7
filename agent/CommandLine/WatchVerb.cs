using System.CommandLine;
using Sluice.Agent.Health;
using Sluice.Agent.Watching;
using Spectre.Console;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// sluice-agent watch: the running agent, live, from its status socket. Without a terminal it prints one picture of two
/// looks, so that it can be piped.
/// </summary>
internal sealed class WatchVerb(bool isTerminal, TextWriter output, TextWriter error, TimeProvider clock)
{
    private const int PlainWidth = 110;
    private const int PlainLines = 60;

    private static readonly TimeSpan KeysEvery = TimeSpan.FromMilliseconds(100);

    private readonly Option<string> socket = VerbOptions.Socket();

    private readonly Option<double> every = new("--every")
    {
        Description = "Seconds from one look to the next, from 0.2 to 60.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> looks = new("--looks")
    {
        Description = "End after so many looks; 0: when somebody ends it. Without a terminal 2.",
        HelpName = "N",
    };

    private readonly Option<string> signals = new("--signals")
    {
        Description = "Show only signals whose name holds this.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    public Command Command()
    {
        var verb = new Command("watch", "Show the running agent live: rates, the course of each signal, buffer, lanes, "
            + "how fast the broker acknowledges. q or Ctrl-C ends it. Ends with 0, and with 69 where no agent answers "
            + "at the first look.") { socket, every, looks, signals };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var stop = new StopKeys(cancellationToken);
            return await WatchAsync(parsed, stop.Token).ConfigureAwait(false);
        });
        return verb;
    }

    private async Task<int> WatchAsync(ParseResult parsed, CancellationToken stop)
    {
        var path = parsed.GetValue(socket)!;
        var course = new WatchCourse();
        var (report, problem) = await StatusClient.AskAsync(path, clock, stop).ConfigureAwait(false);
        if (report is null)
        {
            await error.WriteLineAsync(problem).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }

        course.Observe(report);
        var console = Screen();
        var lines = isTerminal ? console.Profile.Height : PlainLines;
        var filter = parsed.GetValue(signals)!;
        var max = parsed.GetValue(looks) is > 0 and var given ? given : isTerminal ? int.MaxValue : 2;
        var pause = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(every), 0.2, 60));
        Spectre.Console.Rendering.IRenderable Picture() => WatchScreen.Of(course.View!, lines, filter);
        if (isTerminal)
        {
            await console.Live(Picture()).Overflow(VerticalOverflow.Crop).StartAsync(live =>
                GoOnAsync(path, course, max, pause, () => live.UpdateTarget(Picture()), stop)).ConfigureAwait(false);
        }
        else
        {
            await GoOnAsync(path, course, max, pause, () => { }, stop).ConfigureAwait(false);
            console.Write(Picture());
        }

        return ExitCode.Fine;
    }

    private async Task GoOnAsync(
        string path, WatchCourse course, int max, TimeSpan pause, Action show, CancellationToken stop)
    {
        try
        {
            for (var look = 1; look < max; look++)
            {
                if (await IsEndedAsync(pause, stop).ConfigureAwait(false))
                {
                    return;
                }

                var (report, problem) = await StatusClient.AskAsync(path, clock, stop).ConfigureAwait(false);
                _ = report is null ? course.Missed(problem) : course.Observe(report);
                show();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Somebody ended it: the last picture stays.
        }
    }

    /// <summary>Waits for the next look; true where somebody pressed q meanwhile.</summary>
    private async Task<bool> IsEndedAsync(TimeSpan pause, CancellationToken stop)
    {
        var began = clock.GetTimestamp();
        while (clock.GetElapsedTime(began) is var passed && passed < pause)
        {
            if (isTerminal && Console.KeyAvailable && Console.ReadKey(intercept: true).KeyChar is 'q' or 'Q')
            {
                return true;
            }

            var left = pause - passed;
            await Task.Delay(isTerminal && left > KeysEvery ? KeysEvery : left, clock, stop).ConfigureAwait(false);
        }

        return false;
    }

    private IAnsiConsole Screen()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        if (!isTerminal)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }
}
