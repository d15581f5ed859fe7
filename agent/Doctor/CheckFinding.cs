using Sluice.Agent.Health;

namespace Sluice.Agent.Doctor;

/// <summary>What one check says of one thing.</summary>
/// <param name="Check">The check's name.</param>
/// <param name="About">What of several it is about: a source, a unit, a card; empty where there is one only.</param>
/// <param name="Verdict">In a word.</param>
/// <param name="Why">What was seen, as a sentence.</param>
/// <param name="Do">What to do; empty where nothing is to be done.</param>
internal sealed record CheckFinding(string Check, string About, Verdict Verdict, string Why, string Do);

/// <summary>What a check answers, before it is known by its name.</summary>
internal readonly record struct Answer(Verdict Verdict, string Why, string Do = "", string About = "")
{
    public static Answer Ok(string why, string about = "") => new(Verdict.Ok, why, "", about);

    public static Answer Look(string why, string todo, string about = "") => new(Verdict.Look, why, todo, about);

    public static Answer Bad(string why, string todo, string about = "") => new(Verdict.Bad, why, todo, about);

    public static Answer Unknown(string why, string todo, string about = "") => new(Verdict.Unknown, why, todo, about);

    public static Answer None(string why) => new(Verdict.None, why);
}

/// <summary>One question, in the order in which a technician would ask.</summary>
/// <param name="Name">Stable, for programs.</param>
/// <param name="Group">Under which heading it stands.</param>
/// <param name="Question">The same for a person.</param>
/// <param name="Judge">The answers to it, at least one, from what was gathered. Pure.</param>
internal sealed record Check(
    string Name, string Group, string Question, Func<CheckupFacts, IEnumerable<Answer>> Judge);
