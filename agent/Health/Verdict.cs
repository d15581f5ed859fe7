namespace Sluice.Agent.Health;

/// <summary>What a person should make of something, in one word: for <c>status</c>, <c>watch</c> and <c>doctor</c>.
/// </summary>
public enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, and somebody should look at it.</summary>
    Look,

    /// <summary>It does not work.</summary>
    Bad,

    /// <summary>It could not be found out.</summary>
    Unknown,

    /// <summary>There is nothing of the kind here.</summary>
    None,
}

/// <summary>The words, of one width on a screen.</summary>
public static class VerdictWords
{
    /// <summary>For people, in four letters.</summary>
    public static string Screen(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok  ",
        Verdict.Look => "look",
        Verdict.Bad => "BAD ",
        Verdict.Unknown => "?   ",
        _ => "-   ",
    };

    /// <summary>For programs.</summary>
    public static string Json(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Look => "look",
        Verdict.Bad => "bad",
        Verdict.Unknown => "unknown",
        _ => "none",
    };
}
