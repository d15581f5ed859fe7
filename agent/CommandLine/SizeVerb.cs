using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Agent.Configuration;
using Sluice.Agent.Health;
using Sluice.Agent.Sizing;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// sluice-agent size: what an outage of a given length needs. From what the running agent measures; where none runs,
/// from the most that the configuration allows, which is said.
/// </summary>
internal sealed class SizeVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private readonly Option<string> outage = new("--outage")
    {
        Description = "How long nothing can be published, such as 72h or \"3 d\".",
        HelpName = "DURATION",
        Required = true,
    };

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> socket = VerbOptions.Socket();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    public Command Command()
    {
        var verb = new Command("size", "Say what room an outage needs, how long it takes to drain after it, and how "
            + "long the flash lasts.") { outage, config, socket, json };
        verb.SetAction((parsed, cancellationToken) => SizeAsync(
            parsed.GetValue(outage)!, parsed.GetValue(config)!, parsed.GetValue(socket)!, parsed.GetValue(json),
            cancellationToken));
        return verb;
    }

    private async Task<int> SizeAsync(
        string duration, string file, string path, bool asJson, CancellationToken cancellationToken)
    {
        if (!UnitText.TryDuration(duration, out var length, out var problem) || length <= TimeSpan.Zero)
        {
            await error.WriteLineAsync($"--outage: {(problem.Length > 0 ? problem : "write more than 0 s.")}")
                .ConfigureAwait(false);
            return ExitCode.Usage;
        }

        var loaded = ConfigurationLoader.Load(file);
        if (loaded.Configuration is not { } configuration)
        {
            await error.WriteLineAsync($"{file} cannot run, so there is nothing to size. See: sluice-agent check")
                .ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        var (report, silence) = await StatusClient.AskAsync(path, clock, cancellationToken).ConfigureAwait(false);
        var facts = report is null ? null : SizingMeasured.By(report);
        var answer = SizingPlan.For(
            length, facts ?? SizingPlan.UpperBound(configuration), configuration.Buffer, configuration.Publish);
        if (asJson)
        {
            var document = new SizingDocument(facts is not null, facts ?? SizingPlan.UpperBound(configuration), answer);
            await output.WriteLineAsync(JsonSerializer.Serialize(document, SizingJson.Default.SizingDocument))
                .ConfigureAwait(false);
            return ExitCode.Fine;
        }

        if (facts is null)
        {
            await output.WriteLineAsync(report is null
                ? $"{silence}\nSo nothing is measured, and every reading counts as reported: expect less."
                : "The agent has run for less than a minute, so every reading counts as reported: expect less.")
                .ConfigureAwait(false);
        }

        var text = SizingText.Render(
            answer, facts ?? SizingPlan.UpperBound(configuration), configuration.Buffer, configuration.Publish);
        await output.WriteLineAsync(text.TrimEnd()).ConfigureAwait(false);
        return ExitCode.Fine;
    }
}

/// <summary>What <c>sluice-agent size --json</c> prints. Durations as [d.]hh:mm:ss, sizes in bytes.</summary>
/// <param name="Measured">Whether the agent measured the rate; else it is what the configuration allows.</param>
/// <param name="Facts">What the plan is made of.</param>
/// <param name="Answer">The plan.</param>
internal sealed record SizingDocument(bool Measured, SizingFacts Facts, SizingAnswer Answer);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SizingDocument))]
internal sealed partial class SizingJson : JsonSerializerContext;
