using System.CommandLine;
using System.Text.Json;
using Sluice.Agent.Commissioning.Asking;
using Sluice.Agent.Commissioning.Discovery;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.CommandLine.Finding;

/// <summary>
/// sluice-agent discover modbus: which units answer, who they are, which tables and ranges can be read, and a draft of
/// a signal list. Slow on purpose, one connection, and on a bus it listens before it says a word.
/// </summary>
internal sealed class DiscoverModbusVerb(bool isTerminal, TextWriter output, TextWriter error, TimeProvider clock)
{
    private readonly DiscoverModbusOptions options = new();

    public Command Command()
    {
        var verb = new Command("modbus", "Find out which units answer and what can be read of them. Ctrl-C ends it "
            + "with what was found until then. Ends with 69 where nothing answers.");
        options.AddTo(verb);
        verb.SetAction(DiscoverAsync);
        return verb;
    }

    private async Task<int> DiscoverAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (target, problems) = options.Target(parsed);
        if (target is null)
        {
            foreach (var problem in problems)
            {
                await error.WriteLineAsync(problem).ConfigureAwait(false);
            }

            return ExitCode.Usage;
        }

        var agent = new RunningAgent(
            parsed.GetValue(options.Socket)!, parsed.GetValue(options.BesideAgent), clock);
        var refused = await agent.RefuseAsync(
            source => target.IsPolledAs(source.Device), target.Device, target.IsBus, cancellationToken)
            .ConfigureAwait(false);
        if (refused is not null)
        {
            await error.WriteLineAsync(refused).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }

        var report = await RunAsync(target, cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(parsed.GetValue(options.Json)
            ? JsonSerializer.Serialize(report, DiscoverVerb.Readable.DiscoveryReport) + Environment.NewLine
            : DiscoveryText.Render(report)).ConfigureAwait(false);
        if (report.Units.Count == 0)
        {
            await error.WriteLineAsync(Nothing(target, report)).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }

        return parsed.GetValue(options.Draft) is { } path
            ? DiscoverVerb.WriteDraft(path, DraftList.OfModbus(report, target.IsWeintek), error)
            : ExitCode.Fine;
    }

    private async Task<DiscoveryReport> RunAsync(DiscoveryTarget target, CancellationToken cancellationToken)
    {
        using var stop = new StopKeys(cancellationToken);
        var (reader, client) = ModbusLinks.Polite(target.Open(clock), target.Listen, target.Pause, clock);
        await using (client.ConfigureAwait(false))
        {
            if (target.Listen > TimeSpan.Zero)
            {
                await error.WriteLineAsync($"Listening on {target.Device} for other clients for "
                    + $"{target.Listen.TotalSeconds:0.#} s first.").ConfigureAwait(false);
            }

            var discovery = new ModbusDiscovery(
                target.Wish, reader, client, new DiscoveryProgress(error, isTerminal));
            return await discovery.RunAsync(stop.Token).ConfigureAwait(false);
        }
    }

    private static string Nothing(DiscoveryTarget target, DiscoveryReport report) =>
        report.Sentence.Length > 0 ? "Nothing was found."
        : target.IsBus ? $"Nothing answers on {target.Device}: check baud rate, parity and stop bits against the "
            + "devices, and whether the two wires are swapped."
        : $"{target.Device} takes the connection, and no unit of those asked answers: check that its Modbus server is "
            + "switched on.";
}
