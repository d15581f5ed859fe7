namespace Sluice.Agent.Auditing;

/// <summary>What the running agent writes down; each kind has a bound of its own.</summary>
internal enum AuditKind : byte
{
    /// <summary>Start and stop.</summary>
    Life,

    /// <summary>Another configuration than at the start before, or a refused one.</summary>
    Configuration,

    /// <summary>The clock was stepped, set, or is not set any more.</summary>
    Clock,

    /// <summary>An ask over MQTT that was refused.</summary>
    Ask,

    /// <summary>A message on the reply topic that answers nothing.</summary>
    Reply,

    /// <summary>A renewal that ended.</summary>
    Renewal,

    /// <summary>The broker gave the session to somebody else.</summary>
    Takeover,

    /// <summary>The identity in use may not be used any more, or may again.</summary>
    Standing,
}

/// <summary>Something that happened, for the audit log.</summary>
/// <param name="Kind">Which bound it counts against.</param>
/// <param name="Verb">What was asked for, or happened.</param>
/// <param name="Result"><c>done</c>, <c>refused</c> or <c>failed</c>.</param>
/// <param name="Text">One sentence.</param>
internal sealed record AuditNote(AuditKind Kind, string Verb, string Result, string Text)
{
    /// <summary>From where: <c>MQTT</c> and the correlation; <c>none</c> for what the agent does by itself.</summary>
    public string From { get; init; } = "none";

    /// <summary>A certificate's number, or a configuration's digest.</summary>
    public string Old { get; init; } = "";

    /// <summary>The same, of what it is about.</summary>
    public string New { get; init; } = "";

    /// <summary>Under which word it is counted where too many come.</summary>
    public string Counted { get; init; } = "";

    /// <summary>How many it stands for.</summary>
    public long Count { get; init; } = 1;
}

/// <param name="Note">What happened.</param>
/// <param name="At">When, by the wall clock.</param>
internal sealed record TimedNote(AuditNote Note, DateTimeOffset At);
