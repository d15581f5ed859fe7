using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Agent.Commissioning.Asking;
using Sluice.Agent.Commissioning.Golden;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Commissioning.Live;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;

namespace Sluice.Agent.CommandLine.Checking;

/// <summary>
/// sluice-agent check: prints every problem of a configuration at once, and what this machine lacks for it. With --live
/// it also reads every signal once.
/// </summary>
internal sealed class CheckVerb(TextWriter output, TimeProvider clock)
{
    // People read it too: a quote stays a quote. It is never put into HTML.
    private static readonly CheckJson Readable = new(new JsonSerializerOptions(CheckJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Option<bool> brief = new("--brief")
    {
        Description = "Print one line for each problem, without the line that it stands in.",
    };

    private readonly Option<bool> filesOnly = new("--files-only")
    {
        Description = "Look at the files only, not at this machine: for a configuration that is meant for another one.",
    };

    private readonly Option<bool> live = new("--live")
    {
        Description = "Read every signal once, on one connection to each device. Ends with 65 where one is not Good or "
            + "not what the screen showed, with 130 where Ctrl-C ended it before all were read.",
    };

    private readonly Option<string> only = new("--source")
    {
        Description = "With --live: only the source of this name.",
        HelpName = "NAME",
    };

    private readonly Option<string> socket = VerbOptions.Socket();
    private readonly Option<bool> besideAgent = VerbOptions.BesideAgent();

    public Command Command()
    {
        var verb = new Command("check", "Print everything that is wrong with a configuration. Ends with 78 if it "
            + "cannot run or this machine's networks are not apart, "
            + "else with 0, warnings or not.") { config, json, brief, filesOnly, live, only, besideAgent, socket };
        verb.SetAction(CheckAsync);
        return verb;
    }

    private async Task<int> CheckAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(config)!;
        var loaded = ConfigurationLoader.Load(file);
        IReadOnlyList<ConfiguredSource> sources = loaded is { Configuration: { } accepted, Files: { } files }
            ? ConfiguredSource.All(file, accepted, files)
            : [];
        IReadOnlyList<ConfigurationProblem> problems =
        [
            .. loaded.Problems,
            .. sources.SelectMany(source => GoldenChecks.Look(source).Problems),
            .. loaded.Configuration is { } configuration && !parsed.GetValue(filesOnly)
                ? HostChecks.Look(configuration, clock).Concat(ConfigurationInForce.Beside(file))
                : [],
        ];
        var isLive = parsed.GetValue(live) && loaded.Configuration is not null;
        if (isLive && parsed.GetValue(only) is { } name && sources.All(source => source.Settings.Name != name))
        {
            output.WriteLine($"--source: \"{FileNode.Clip(name)}\" is no source of the configuration: write "
                + $"{string.Join(" or ", sources.Select(source => source.Settings.Name))}.");
            return ExitCode.Usage;
        }

        var asJson = parsed.GetValue(json);
        if (!asJson)
        {
            Print(file, loaded, problems, parsed.GetValue(brief));
        }

        var looks = isLive
            ? await LookAsync(parsed, sources, asJson, cancellationToken).ConfigureAwait(false)
            : null;
        if (asJson)
        {
            var report = CheckReport.Of(file, loaded, problems) with { Live = looks };
            output.WriteLine(JsonSerializer.Serialize(report, Readable.CheckReport));
        }

        return loaded.Configuration is null || problems.Any(problem => problem.IsError) ? ExitCode.Configuration
            : looks is null || looks.All(look => look.IsRight) ? ExitCode.Fine
            : looks.Any(look => look.EndedEarly) ? ExitCode.EndedEarly
            : looks.Any(look => look.IsRefused) ? ExitCode.Unavailable
            : ExitCode.Unclear;
    }

    /// <summary>One source after the other, each told as soon as it is known.</summary>
    private async Task<IReadOnlyList<LiveSource>> LookAsync(
        ParseResult parsed, IReadOnlyList<ConfiguredSource> sources, bool asJson, CancellationToken cancellationToken)
    {
        using var stop = new StopKeys(cancellationToken);
        var agent = new RunningAgent(parsed.GetValue(socket)!, parsed.GetValue(besideAgent), clock);
        var check = new LiveCheck(settings => GatewayHost.OpenOnce(settings, clock), agent, clock);
        var looks = new List<LiveSource>();
        foreach (var source in sources.Where(source =>
            parsed.GetValue(only) is not { } name || source.Settings.Name == name))
        {
            var look = await LookAsync(check, source, stop.Token).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            looks.Add(look);
            if (!asJson)
            {
                await output.WriteAsync(Environment.NewLine + LiveText.Render(look)).ConfigureAwait(false);
            }
        }

        if (!asJson && looks.Any(look => look.EndedEarly))
        {
            await output.WriteAsync($"{Environment.NewLine}Ended early: {looks.Count(look => !look.EndedEarly)} of "
                + $"{Count(looks.Count, "source")} were read, and nothing is known of the others. Run it again to "
                + $"know.{Environment.NewLine}").ConfigureAwait(false);
        }

        return looks;
    }

    /// <summary>Ctrl-C: what was looked at until then is an answer, and what was not is said to be none.</summary>
    private static async Task<LiveSource> LookAsync(
        LiveCheck check, ConfiguredSource source, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await check.LookAsync(source, GoldenChecks.Look(source).Samples, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return LiveSource.NotAsked(source.Settings, "Ended before it was read.") with { EndedEarly = true };
        }
    }

    private void Print(string file, LoadResult loaded, IReadOnlyList<ConfigurationProblem> problems, bool asLines)
    {
        var text = new ProblemText(file, loaded.Files);
        foreach (var problem in problems)
        {
            output.Write(asLines ? problem + Environment.NewLine : text.Render(problem));
        }

        if (problems.Count > 0 && !asLines)
        {
            output.WriteLine();
        }

        output.WriteLine(Verdict(file, loaded.Configuration, problems));
    }

    private static string Verdict(
        string file, GatewayConfiguration? configuration, IReadOnlyList<ConfigurationProblem> problems)
    {
        var errors = problems.Count(problem => problem.IsError);
        var warnings = problems.Count - errors;
        if (configuration is null)
        {
            return $"{file}: {Count(errors, "error")}, {Count(warnings, "warning")}. Nothing starts with this.";
        }

        if (errors > 0)
        {
            return $"{file}: the files are right, and this machine is not ready for them: {Count(errors, "error")}, "
                + $"{Count(warnings, "warning")}. Mend that before the gateway goes to work.";
        }

        var sources = configuration.Sources;
        var readings = sources.Sum(source => source.Signals.Sum(signal => 1 / signal.Every.TotalSeconds));
        var requests = sources.OfType<ModbusSettings>().Sum(source => source.RequestsPerCycle());
        var fine = $"{Count(sources.Count, "source")}, {Count(sources.Sum(source => source.Signals.Count), "signal")}, "
            + $"{Count(requests, "request")} per cycle, "
            + string.Create(CultureInfo.InvariantCulture, $"{readings:0.#} readings/s at most");
        return $"{file}: can run{(warnings > 0 ? $", with {Count(warnings, "warning")}" : "")}, as "
            + $"{configuration.Gateway.Site}/{configuration.Gateway.Id}, configuration {configuration.Hash[..12]}: "
            + $"{fine}.";
    }

    private static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
