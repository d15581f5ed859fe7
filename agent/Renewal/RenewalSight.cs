using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Renewal;

/// <summary>Where a renewal is; also one word of <c>status</c>.</summary>
internal enum RenewalStage : byte
{
    /// <summary>Nothing is to be done, or a try failed and the next one waits.</summary>
    Idle,

    /// <summary>A key was made, in memory, and its request goes out until it is answered.</summary>
    Asking,

    /// <summary>An answer is here, and is judged and put beside what is in use.</summary>
    Staging,

    /// <summary>A second session tries it.</summary>
    Proving,

    /// <summary>The broker accepted it: the rename is next.</summary>
    Activating,

    /// <summary>The files are switched, and the main session has not connected with them yet.</summary>
    Moving,

    /// <summary>The main session runs on it, and the registration authority is told.</summary>
    Confirming,

    /// <summary>It knows, and that is written down.</summary>
    Retiring,

    /// <summary>The main session was refused with it: back to the one before.</summary>
    Returning,
}

/// <summary>What is to be done next.</summary>
internal enum RenewalAct : byte
{
    Wait,
    Request,
    Publish,
    Stage,
    Prove,
    Activate,
    Move,
    Confirm,
    Retire,
    Return,
}

/// <summary>The certificate in use.</summary>
/// <param name="Version">Of the identity directory.</param>
/// <param name="Serial">As the certificate has it.</param>
/// <param name="Subject">Whom it names.</param>
/// <param name="NotBefore">Its first moment.</param>
/// <param name="NotAfter">Its last.</param>
/// <param name="Due">When it is to be renewed.</param>
internal sealed record RenewalSubject(
    string Version, string Serial, string Subject, DateTimeOffset NotBefore, DateTimeOffset NotAfter,
    DateTimeOffset Due);

/// <summary>What is, right now, as far as a renewal cares.</summary>
/// <param name="Subject">The certificate in use; null where there is none that can be read.</param>
/// <param name="MayAct">The clock is set, so dates may cause something.</param>
/// <param name="At">Now, as well as the gateway can know.</param>
/// <param name="IsConnected">The main session stands.</param>
/// <param name="Imported">A version that a person imported and has not put into use; null for none.</param>
internal readonly record struct RenewalSight(
    RenewalSubject? Subject, bool MayAct, DateTimeOffset At, bool IsConnected, string? Imported);

/// <summary>What the renewal shows of itself, from any thread.</summary>
internal sealed record RenewalView
{
    public RenewalStage Stage { get; init; }

    public RenewalSubject? Subject { get; init; }

    /// <summary>Counts renewals that began, in this run of the agent.</summary>
    public long Run { get; init; }

    /// <summary>A person waits for a decision at the registration authority.</summary>
    public bool IsHeld { get; init; }

    /// <summary>The steps of the present renewal, or of the last one.</summary>
    public IReadOnlyList<VerbStep> Steps { get; init; } = [];

    /// <summary>Why it does not go on, or did not; empty where nothing is wrong.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>Tries that failed, one after the other.</summary>
    public int Failures { get; init; }

    /// <summary>Renewals that were confirmed, in this run of the agent.</summary>
    public long Renewed { get; init; }

    /// <summary>Messages to the reply topic that answered nothing that was asked.</summary>
    public long Foreign { get; init; }

    /// <summary>How often somebody asked for one at the socket, and how many of these asks were taken up.</summary>
    public long Asked { get; init; }

    public long AsksTaken { get; init; }

    /// <summary>How near the certificate's end is; not known while the clock is not set.</summary>
    public ExpiryWarning Warning { get; init; }

    /// <summary>The clock is not set: nothing is renewed meanwhile.</summary>
    public bool WaitsForClock { get; init; }
}
