using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Identities;

namespace Sluice.Agent.Standing;

/// <summary>Why nothing may be published any more, found out while a session was open.</summary>
/// <param name="Sentence">For a technician.</param>
/// <param name="Word">The reason in the last status that goes out.</param>
public sealed record Withdrawal(string Sentence, string Word);

/// <summary>
/// What the identity in use is worth at this moment. A core: the files that were read and the time go in.
/// <para>
/// Invariant: a date alone withdraws nothing unless the configuration says so, and none while the clock is not right;
/// a certificate that stands on its CA's list is withdrawn under any clock, and so is another machine's identity.
/// </para>
/// </summary>
public sealed record IdentityStanding
{
    /// <summary>Null where there is none that can be used.</summary>
    public string? Version { get; init; }

    public string Serial { get; init; } = "";

    public DateTimeOffset? NotAfter { get; init; }

    public IReadOnlyList<RevocationFacts> RevocationLists { get; init; } = [];

    /// <summary>Set where the session has to end; the link makes no other until this is mended.</summary>
    public Withdrawal? Withdrawn { get; init; }

    /// <summary>What somebody should do soon: a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <param name="loaded">What lies in the files.</param>
    /// <param name="elsewhere">Why it may not be used on this machine, or null.</param>
    public static IdentityStanding Of(IdentityLoadResult loaded, string? elsewhere = null)
    {
        var withdrawn = loaded.Revocation switch
        {
            _ when elsewhere is not null => new Withdrawal(elsewhere, AnnouncementEncoder.ReasonStopped),
            { IsRevoked: true } revoked => new Withdrawal(
                $"{revoked.Refusal}: this gateway may not publish any more; readings are kept; bring a new bundle.",
                AnnouncementEncoder.ReasonRevoked),
            { IsLate: true } late => new Withdrawal(
                $"{late.Refusal}. Readings are kept.", AnnouncementEncoder.ReasonStopped),
            _ => null,
        };
        var warnings = loaded.Problems.Select(problem => $"{problem.Sentence}.").Distinct().ToList();
        return loaded.Identity is { } identity
            ? new IdentityStanding
            {
                Version = identity.Version,
                Serial = identity.Serial,
                NotAfter = identity.NotAfter,
                RevocationLists = RevocationFacts.Of(identity.Trust),
                Withdrawn = withdrawn,
                Warnings = warnings,
            }
            : new IdentityStanding { Withdrawn = withdrawn, Warnings = warnings };
    }
}
