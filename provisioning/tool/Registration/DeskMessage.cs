using Sluice.Provisioning.Requests;

namespace Sluice.Provision.Registration;

/// <summary>What came from the broker, as far as the desk asks.</summary>
internal sealed record DeskMessage(string Topic, ReadOnlyMemory<byte> Payload)
{
    public string ContentType { get; init; } = "";

    public ReadOnlyMemory<byte> Correlation { get; init; }

    public bool Retained { get; init; }

    public string CorrelationText => Convert.ToHexStringLower(Correlation.Span);
}

/// <summary>What goes to the broker.</summary>
internal sealed record DeskAnswer(string Topic, ReadOnlyMemory<byte> Payload, string ContentType)
{
    public ReadOnlyMemory<byte> Correlation { get; init; }

    public bool Retain { get; init; }
}

/// <summary>What the desk decided.</summary>
internal enum DeskAct
{
    /// <summary>Nothing: nobody could be answered, or nobody should.</summary>
    Ignore,

    /// <summary>One sentence, and when to ask again.</summary>
    Refuse,

    /// <summary>A person must compare the key's letters first; told to the gateway as a refusal for now.</summary>
    Hold,

    /// <summary>A certificate is made.</summary>
    Sign,

    /// <summary>The certificate that was made for this key before goes out again.</summary>
    Resend,

    /// <summary>The gateway runs on its new certificate.</summary>
    Confirm,
}

/// <param name="Act">What to do.</param>
/// <param name="Gateway">Whose matter it is; empty where that cannot be said.</param>
/// <param name="Sentence">Why.</param>
internal sealed record DeskDecision(DeskAct Act, string Gateway, string Sentence)
{
    /// <summary>When to ask again, where it was refused or held.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>The request, where it could be read.</summary>
    public KeyRequest? Request { get; init; }

    /// <summary>The certificate in force before; empty where there is none.</summary>
    public string OldSerial { get; init; } = "";

    /// <summary>The certificate that it is about; empty where it is still to be made.</summary>
    public string Serial { get; init; } = "";

    /// <summary>It is not known already: to be written down.</summary>
    public bool IsNews { get; init; } = true;
}
