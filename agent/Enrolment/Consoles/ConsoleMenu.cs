using System.Globalization;

namespace Sluice.Agent.Enrolment.Consoles;

/// <summary>One line of the menu.</summary>
/// <param name="Key">What is typed.</param>
/// <param name="Text">What it does.</param>
/// <param name="Arguments">The verb, as on a command line.</param>
/// <param name="Asks">Whether a yes is wanted first.</param>
internal sealed record ConsoleChoice(string Key, string Text, IReadOnlyList<string> Arguments, bool Asks = false);

/// <summary>
/// The one thing that a person at the console gets: a menu of the agent's own verbs, by number. Nothing that is typed
/// becomes a part of a command. It closes by itself when its time is over, when nobody types, and when the line ends.
/// </summary>
/// <param name="choices">What there is.</param>
/// <param name="run">Runs a verb, with the console as its output; its exit code.</param>
/// <param name="read">The next line; null where the line ended.</param>
/// <param name="output">The console.</param>
/// <param name="audit">Notes what was done.</param>
/// <param name="clock">For the two limits.</param>
internal sealed class ConsoleMenu(
    IReadOnlyList<ConsoleChoice> choices, Func<IReadOnlyList<string>, CancellationToken, Task<int>> run,
    Func<CancellationToken, Task<string?>> read, TextWriter output, Action<string, string> audit, TimeProvider clock)
{
    public static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(5);

    public static IReadOnlyList<ConsoleChoice> All { get; } =
    [
        new("1", "How is the gateway?", ["status"]),
        new("2", "What is wrong, and what to do?", ["doctor"]),
        new("3", "Is the configuration right?", ["check"]),
        new("4", "Which identity is in use?", ["identity", "status"]),
        new("5", "The label, with its QR code", ["identity", "label"]),
        new("6", "Try the identity with the broker", ["identity", "verify", "--active"]),
        new("7", "Renew the certificate now", ["identity", "renew"]),
        new("8", "Return to the identity before", ["identity", "rollback"], Asks: true),
        new("9", "Who did what: the newest lines", ["identity", "audit", "show"]),
        new("10", "Is the audit log whole?", ["identity", "audit", "verify"]),
    ];

    private const string Close = "0";

    /// <summary>Returns when it is closed.</summary>
    public async Task RunAsync(ConsoleGrant grant, CancellationToken cancellationToken)
    {
        audit("begun", $"{grant.Person} is at the console, by token {grant.Id}.");
        using var time = new CancellationTokenSource(TimeSpan.FromMinutes(grant.Minutes), clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        var why = "It was closed.";
        try
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"\nSluice. This console is open for {grant.Person}, for {grant.Minutes} minutes; all is noted."))
                .ConfigureAwait(false);
            why = await AskAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            why = time.IsCancellationRequested ? "Its time is over." : "The gateway stops.";
        }

        audit("done", $"The console is shut. {why}");
        await output.WriteLineAsync($"\n{why} The console is shut.").ConfigureAwait(false);
    }

    private async Task<string> AskAsync(CancellationToken stop)
    {
        while (true)
        {
            await output.WriteLineAsync().ConfigureAwait(false);
            foreach (var each in choices)
            {
                await output.WriteLineAsync($"  {each.Key,2}  {each.Text}").ConfigureAwait(false);
            }

            await output.WriteAsync($"  {Close,2}  Close the console\nWhich? ").ConfigureAwait(false);
            var (line, why) = await LineAsync(stop).ConfigureAwait(false);
            if (line is null || line == Close)
            {
                return why;
            }

            if (choices.FirstOrDefault(each => each.Key == line) is not { } choice)
            {
                await output.WriteLineAsync("That is none of them.").ConfigureAwait(false);
                continue;
            }

            if (choice.Asks)
            {
                await output.WriteAsync($"{choice.Text}: type yes: ").ConfigureAwait(false);
                (line, why) = await LineAsync(stop).ConfigureAwait(false);
                if (line is null)
                {
                    return why;
                }

                if (!line.Equals("yes", StringComparison.OrdinalIgnoreCase))
                {
                    await output.WriteLineAsync("Nothing was done.").ConfigureAwait(false);
                    continue;
                }
            }

            var code = await run(choice.Arguments, stop).ConfigureAwait(false);
            audit(code == 0 ? "done" : "refused",
                $"{string.Join(' ', choice.Arguments)} ended with {code.ToString(CultureInfo.InvariantCulture)}.");
        }
    }

    private async Task<(string? Line, string Why)> LineAsync(CancellationToken stop)
    {
        await output.FlushAsync(stop).ConfigureAwait(false);
        using var idle = new CancellationTokenSource(IdleMax, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, stop);
        try
        {
            var line = await read(both.Token).ConfigureAwait(false);
            return (line?.Trim(), line is null ? "The line ended." : "It was closed.");
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            return (null, "Nobody typed.");
        }
    }
}
