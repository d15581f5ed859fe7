namespace Sluice.Provisioning.Store;

/// <summary>How far this gateway is. Versions are the names of their folders, <c>0004</c>, or
/// <c>0004t7</c> for the same certificate with the roots and lists of trust bundle 7.</summary>
/// <param name="HasRequest">A key was made and waits for its certificate.</param>
/// <param name="Staged">Imported, not in use.</param>
/// <param name="IsStagedVerified">The broker accepted the staged one.</param>
/// <param name="Active">In use.</param>
/// <param name="Previous">What a rollback returns to.</param>
public sealed record IdentityState(
    bool HasRequest, string? Staged, bool IsStagedVerified, string? Active, string? Previous)
{
    /// <summary>The newest bundle that was ever taken in: no older one is taken again.</summary>
    public int VersionMax => new[] { Staged, Active, Previous }.Max(IdentityStore.NumberOf);

    /// <summary>The newest trust bundle that was ever taken in; 0 for none. A count of its own.</summary>
    public int TrustVersionMax { get; init; }
}
