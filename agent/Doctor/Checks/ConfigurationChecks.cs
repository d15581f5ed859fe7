namespace Sluice.Agent.Doctor.Checks;

/// <summary>What should run here.</summary>
internal static class ConfigurationChecks
{
    private const string Group = "Configuration";

    public static IReadOnlyList<Check> All { get; } =
    [
        new("configuration-there", Group, "Is there a configuration?", There),
        new("configuration-right", Group, "Could an agent start with it?", Right),
        new("configuration-runs", Group, "Is it the one that runs?", Runs),
        new("byte-order", Group, "Do the lists read what the screens showed?", Golden),
    ];

    private static IEnumerable<Answer> There(CheckupFacts facts)
    {
        yield return facts.FileIsThere
            ? Answer.Ok(facts.File)
            : Answer.Bad($"{facts.File} is not there, or may not be seen by user {facts.User.Name}.",
                "lay the gateway's gateway.json and its signal lists there (sluice-provision prepare writes them), or "
                + "name the file with --config.");
    }

    private static IEnumerable<Answer> Right(CheckupFacts facts)
    {
        var errors = facts.Problems.Count(problem => problem.IsError);
        var warnings = facts.Problems.Count - errors;
        if (facts.Configuration is not { } configuration)
        {
            yield return Answer.Bad(
                errors == 0 ? "It was not read." : $"{errors} mistakes; the first: {facts.Problems.First(
                    problem => problem.IsError)}",
                "see all of them, with what to write instead: sluice-agent check.");
        }
        else if (warnings > 0)
        {
            yield return Answer.Look($"It can run, with {warnings} warnings; the first: {facts.Problems[0]}",
                "see all of them: sluice-agent check.");
        }
        else
        {
            yield return Answer.Ok($"{configuration.Gateway.Site}/{configuration.Gateway.Id}, "
                + $"{configuration.Sources.Count} sources, "
                + $"{configuration.Sources.Sum(source => source.Signals.Count)} signals");
        }
    }

    private static IEnumerable<Answer> Runs(CheckupFacts facts)
    {
        yield return facts switch
        {
            { Running: null } => Answer.None("No agent told what it runs."),
            { Running.Configuration.Origin: "last-good" } => Answer.Bad(
                "The file was refused at the last start, and the last good configuration runs.",
                "correct what sluice-agent check says, then: systemctl restart sluice-agent."),
            { Configuration: { } read, Running.Configuration.Hash: var hash } when read.Hash != hash => Answer.Look(
                "The files were changed after the agent started: it runs what they said then.",
                "systemctl restart sluice-agent."),
            { Running.Gateway: var id, Configuration: { } read } when id != read.Gateway.Id => Answer.Bad(
                $"The agent that runs is {id}, and the file is for {read.Gateway.Id}.",
                "systemctl restart sluice-agent, or lay this gateway's own file there."),
            { Running.Configuration.Origin: var origin } => Answer.Ok($"from {origin}"),
        };
    }

    private static IEnumerable<Answer> Golden(CheckupFacts facts)
    {
        foreach (var problem in facts.GoldenProblems)
        {
            yield return Answer.Look(problem.Sentence,
                "the line of the list was changed since: correct its type, order or scale, or take a new sample "
                + "(sluice-agent find-order --write).", problem.Path);
        }

        if (facts.GoldenProblems.Count == 0)
        {
            yield return facts.GoldenSamples > 0
                ? Answer.Ok($"{facts.GoldenSamples} golden samples are read as the screens showed them.")
                : Answer.None("No golden samples: sluice-agent find-order --write keeps what a screen showed.");
        }
    }
}
