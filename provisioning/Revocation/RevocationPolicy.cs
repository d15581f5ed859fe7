namespace Sluice.Provisioning.Revocation;

/// <summary>What is done about a revocation list that gets old.</summary>
/// <param name="WarnBefore">So long before its date somebody is told to bring a newer one.</param>
/// <param name="Grace">
/// So long after its date it still counts; null for ever: a late CA must not lock every gateway of a plant out unless
/// the plant says so.
/// </param>
public sealed record RevocationPolicy(TimeSpan WarnBefore, TimeSpan? Grace)
{
    public static RevocationPolicy WarnsOnly { get; } = new(TimeSpan.FromDays(14), null);
}
