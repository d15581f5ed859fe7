using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Bundles;

/// <summary>Why a bundle was not taken; each has its sentence. Nothing changes then.</summary>
public enum BundleRefusal
{
    None,
    NotABundle,
    BrokenSignature,
    ForeignSigner,
    RevokedSigner,
    RootNotConfirmed,
    WrongGateway,
    WrongPlant,
    OldVersion,
    OtherKey,
    Unusable,
    NotYet,
}

/// <summary>What is known of the gateway that a bundle was brought to.</summary>
public sealed record BundleExpectation
{
    public required string GatewayId { get; init; }

    public required string Site { get; init; }

    /// <summary>The roots that were confirmed once; null before the first bundle.</summary>
    public TrustAnchors? Pinned { get; init; }

    /// <summary>True where a person has confirmed this root. Asked where nothing is pinned.</summary>
    public Func<X509Certificate2, bool> ConfirmsRoot { get; init; } = _ => false;

    /// <summary>The newest version that was ever taken in; 0 for none.</summary>
    public required int VersionMax { get; init; }

    /// <summary>True where the gateway has the private key of this certificate.</summary>
    public required Func<X509Certificate2, bool> HasKeyOf { get; init; }

    public required ValidityTime Time { get; init; }
}

/// <summary>Taken, or refused and why.</summary>
/// <param name="Refusal">For code.</param>
/// <param name="Happened">What happened, and what it means; empty where it was taken.</param>
/// <param name="Do">What to do; empty where it was taken.</param>
/// <param name="Content">What it brings; set where it was taken.</param>
public sealed record BundleVerdict(BundleRefusal Refusal, string Happened, string Do, BundleContent? Content)
{
    public bool IsTaken => Refusal == BundleRefusal.None;

    /// <summary>The root under which it was signed, where its signature was right.</summary>
    public X509Certificate2? Root { get; init; }

    /// <summary>The number of the gateway's certificate in it; empty where it was not read.</summary>
    public string Serial { get; init; } = "";

    /// <summary>What is not as it should be, but did not stop it.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
