using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// sluice-agent check: prints every problem of a configuration at once, and what this machine lacks for it.
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

    public Command Command()
    {
        var verb = new Command("check", "Print everything that is wrong with a configuration. Ends with 78 if it "
            + "cannot run, "
            + "else with 0, warnings or not.") { config, json, brief, filesOnly };
        verb.SetAction(parsed => Check(
            parsed.GetValue(config)!, parsed.GetValue(json), parsed.GetValue(brief), parsed.GetValue(filesOnly)));
        return verb;
    }

    private int Check(string file, bool asJson, bool asLines, bool skipHost)
    {
        var loaded = ConfigurationLoader.Load(file);
        IReadOnlyList<ConfigurationProblem> problems = loaded.Configuration is { } configuration && !skipHost
            ? [.. loaded.Problems, .. HostChecks.Look(configuration, clock)]
            : loaded.Problems;
        if (asJson)
        {
            output.WriteLine(JsonSerializer.Serialize(CheckReport.Of(file, loaded, problems), Readable.CheckReport));
        }
        else
        {
            Print(file, loaded, problems, asLines);
        }

        return loaded.Configuration is null ? ExitCode.Configuration : ExitCode.Fine;
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
