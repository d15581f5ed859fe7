using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Identities;

/// <summary>What is wrong with an identity, in words a technician can act on.</summary>
/// <param name="File">The file it stands in, or the directory.</param>
/// <param name="Sentence">What happened, what it means, what to do.</param>
/// <param name="Blocks">
/// True where no connection can be made with it. False where one is still worth trying: an expired date may be the
/// gateway's clock, and the broker judges by its own.
/// </param>
public sealed record IdentityProblem(string File, string Sentence, bool Blocks)
{
    public override string ToString() => $"{File}: {Sentence}";
}

/// <summary>An identity, or why there is none. Where there is one, the problems are warnings.</summary>
public sealed record IdentityLoadResult(Identity? Identity, IReadOnlyList<IdentityProblem> Problems)
{
    /// <summary>What the lists say about its own chain; null where there was no chain to ask about.</summary>
    public RevocationVerdict? Revocation { get; init; }
}
