using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;

namespace Sluice.Provisioning.Trust;

/// <summary>Why a trust bundle was not taken; each has its sentence. Nothing changes then.</summary>
public enum TrustRefusal
{
    NotATrustBundle,
    BrokenSignature,
    ForeignSigner,
    RevokedSigner,
    Unusable,
    WrongPlant,
    OldVersion,
    FromTheFuture,
    Root,
    Authority,
    List,

    /// <summary>The gateway's own certificate, or the broker's, would not lead to a root any more.</summary>
    LocksOut,
}

/// <summary>One thing that is wrong with a trust bundle.</summary>
/// <param name="Refusal">For code.</param>
/// <param name="Happened">What is wrong, and what it means.</param>
/// <param name="Do">What to do.</param>
public sealed record TrustProblem(TrustRefusal Refusal, string Happened, string Do);

/// <summary>What is known of the gateway that a trust bundle comes to.</summary>
public sealed record TrustExpectation
{
    public required string Site { get; init; }

    /// <summary>The roots and lists in use. There is always one: the first comes with a bundle, never this way.
    /// </summary>
    public required TrustAnchors Pinned { get; init; }

    /// <summary>The newest version that was ever taken in; 0 for none.</summary>
    public required int VersionMax { get; init; }

    public required ValidityTime Time { get; init; }

    /// <summary>
    /// The gateway's certificate in use, then what stands above it; empty where there is none to be locked out.
    /// </summary>
    public IReadOnlyList<X509Certificate2> Own { get; init; } = [];

    /// <summary>
    /// The chain that the broker of the present connection showed, its own certificate first; empty where there is no
    /// connection.
    /// </summary>
    public IReadOnlyList<X509Certificate2> Broker { get; init; } = [];
}

/// <summary>Taken, known already, or refused and why.</summary>
public sealed record TrustVerdict
{
    /// <summary>To be put into use.</summary>
    public bool IsTaken => Problems.Count == 0 && !IsKnown;

    /// <summary>
    /// Right, and the version that was taken in before: a retained message comes again with each connection. Nothing
    /// is to be done, and nothing to be reported.
    /// </summary>
    public bool IsKnown { get; init; }

    /// <summary>All that is wrong; empty where it was taken or is known.</summary>
    public IReadOnlyList<TrustProblem> Problems { get; init; } = [];

    /// <summary>What is not as it should be, but did not stop it.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What it brings; set where it was taken or is known.</summary>
    public TrustContent? Content { get; init; }

    /// <summary>Its lists revoke the gateway's own certificate, or one above it. It is taken all the same.</summary>
    public bool RevokesOwn { get; init; }

    /// <summary>All problems in one line, for a log.</summary>
    public string Sentence => string.Join("; ", Problems.Select(problem => problem.Happened));
}
