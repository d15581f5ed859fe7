using System.CommandLine;
using System.Globalization;
using Sluice.Agent.Commissioning.Asking;
using Sluice.Agent.Commissioning.Finding;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.CommandLine.Finding;

/// <summary>
/// sluice-agent find-order: by which type and order registers read as the machine's own screen shows them. Asks the
/// person again as the value moves, and writes the line of the signal list.
/// </summary>
internal sealed class FindOrderVerb(
    TextReader input, bool isTerminal, TextWriter output, TextWriter error, TimeProvider clock)
{
    private readonly FindOrderOptions options = new();

    public Command Command()
    {
        var verb = new Command("find-order", "Find out by which type and byte order registers read as the machine's "
            + "screen shows them. Ends with 0 where one is left, 65 where several or none are.");
        options.AddTo(verb);
        verb.SetAction(FindAsync);
        return verb;
    }

    private async Task<int> FindAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(options.Config)!;
        var loaded = ConfigurationLoader.Load(file);
        if (loaded is not { Configuration: { } configuration, Files: { } files })
        {
            return await RefuseAsync(ExitCode.Configuration, [.. loaded.Problems.Select(each => each.ToString())])
                .ConfigureAwait(false);
        }

        var sources = ConfiguredSource.All(file, configuration, files);
        var (question, source, problems) = options.Question(parsed, sources);
        if (question is null || source?.Settings is not ModbusSettings settings)
        {
            return await RefuseAsync(ExitCode.Usage, problems).ConfigureAwait(false);
        }

        var beside = new RunningAgent(
            parsed.GetValue(options.Socket)!, parsed.GetValue(options.BesideAgent), clock);
        var busy = await beside.RefuseAsync(
            settings, settings is ModbusRtuSettings, cancellationToken).ConfigureAwait(false);
        if (busy is not null)
        {
            return await RefuseAsync(ExitCode.Unavailable, [busy]).ConfigureAwait(false);
        }

        var result = await AskAsync(question, settings, parsed, cancellationToken).ConfigureAwait(false);
        if (result.Trouble.Length > 0)
        {
            return await RefuseAsync(result.IsUnavailable ? ExitCode.Unavailable : ExitCode.Unclear, [result.Trouble])
                .ConfigureAwait(false);
        }

        return await EndAsync(parsed, question, source, result).ConfigureAwait(false);
    }

    private async Task<FinderResult> AskAsync(
        FinderQuestion question, ModbusSettings settings, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var stop = new StopKeys(cancellationToken);
        var (reader, client) = ModbusLinks.Open(settings, clock);
        await using (client.ConfigureAwait(false))
        {
            if (ModbusLinks.ListenOf(settings) is { TotalSeconds: > 0 } listen)
            {
                await error.WriteLineAsync($"Listening for other clients for {listen.TotalSeconds:0.#} s first.")
                    .ConfigureAwait(false);
            }

            var session = new FinderSession(question, reader, input, new FinderScreen(output, error), clock);
            return await session.RunAsync(isTerminal, !parsed.GetValue(options.Once), stop.Token)
                .ConfigureAwait(false);
        }
    }

    private async Task<int> EndAsync(
        ParseResult parsed, FinderQuestion question, ConfiguredSource source, FinderResult result)
    {
        var name = parsed.GetValue(options.Write);
        if (result.Left.Count == 0)
        {
            return await RefuseAsync(ExitCode.Unclear, ["Nothing was found, and nothing was written."])
                .ConfigureAwait(false);
        }

        if (result.Left.Count > 1)
        {
            return await RefuseAsync(ExitCode.Unclear, [$"{result.Left.Count.ToString(CultureInfo.InvariantCulture)} "
                + "ways are left"
                + (name is null ? "" : ", so nothing was written") + ". Say what the screen shows when the value is "
                + "another one; or, where they differ only in what they can hold, choose: --type "
                + $"{result.Left[0].Type} --order {result.Left[0].Order}."]).ConfigureAwait(false);
        }

        var writer = new SignalLineWriter(source, question, parsed.GetValue(options.Unit) is not null);
        if (name is null)
        {
            await output.WriteAsync("\nFor the signal list:\n" + writer.Preview("NAME", result.Left[0]))
                .ConfigureAwait(false);
            return ExitCode.Fine;
        }

        var (said, isWritten) = writer.Write(name, result.Left[0], result.Proofs, clock.GetUtcNow().UtcDateTime);
        foreach (var sentence in said)
        {
            await (isWritten ? output : error).WriteLineAsync(sentence).ConfigureAwait(false);
        }

        return isWritten ? ExitCode.Fine : ExitCode.Storage;
    }

    private async Task<int> RefuseAsync(int code, IReadOnlyList<string> sentences)
    {
        foreach (var sentence in sentences)
        {
            await error.WriteLineAsync(sentence).ConfigureAwait(false);
        }

        return code;
    }
}
