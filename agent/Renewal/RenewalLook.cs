using System.Text;
using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Renewal;

/// <summary>A renewal that an earlier run of the agent did not bring to its end.</summary>
/// <param name="Stage">Where to go on.</param>
/// <param name="Version">What it staged, or put into use.</param>
/// <param name="Serial">Of its certificate.</param>
/// <param name="Request">The correlation of the request that it answers, in hexadecimal.</param>
/// <param name="How">For a technician.</param>
internal sealed record BegunRenewal(RenewalStage Stage, string Version, string Serial, string Request, string How);

/// <summary>Reads from the identity directory what a renewal has to know. Changes nothing.</summary>
internal sealed class RenewalLook(IdentitySurroundings surroundings)
{
    private const int SmallBytesMax = 4096;
    private const int RequestLetters = 32;

    public RenewalSight At(EnrolmentContext context, bool isConnected)
    {
        var state = context.Store.Look();
        var time = context.Time();
        return new RenewalSight(
            state.Active is { } active ? SubjectOf(context, active) : null, time.MayAct, time.At, isConnected,
            state.Staged is { } staged && MarkOf(context, staged, IdentityStore.RenewalFile) is null ? staged : null);
    }

    /// <summary>What was in use and not confirmed comes first: it is what the main session runs on.</summary>
    public static BegunRenewal? Begun(EnrolmentContext context)
    {
        var state = context.Store.Look();
        if (state.Active is { } active && MarkOf(context, active, IdentityStore.RenewalFile) is { } inUse
            && MarkOf(context, active, IdentityStore.ConfirmedFile) is null)
        {
            return Begun(context, RenewalStage.Moving, inUse, active, "is in use and was not confirmed yet");
        }

        return state.Staged is { } staged && MarkOf(context, staged, IdentityStore.RenewalFile) is { } request
            ? Begun(context, state.IsStagedVerified ? RenewalStage.Activating : RenewalStage.Proving, request, staged,
                "was staged and not put into use yet")
            : null;
    }

    private static BegunRenewal? Begun(
        EnrolmentContext context, RenewalStage stage, string request, string of, string how)
    {
        using var leaf = new StoredIdentity(context.Store).Leaf(of);
        return leaf is null || request.Length != RequestLetters || !request.All(char.IsAsciiHexDigit)
            ? null
            : new BegunRenewal(stage, of, leaf.SerialNumber, request, $"version {of} {how} when the agent was ended");
    }

    private RenewalSubject? SubjectOf(EnrolmentContext context, string active)
    {
        using var leaf = new StoredIdentity(context.Store).Leaf(active);
        if (leaf is null)
        {
            return null;
        }

        var notBefore = new DateTimeOffset(leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        var notAfter = new DateTimeOffset(leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        return new RenewalSubject(active, leaf.SerialNumber, leaf.SubjectName.Name, notBefore, notAfter,
            RenewalTimes.Due(
                notBefore, notAfter, RenewalTimes.DiceOf(surroundings.Gateway.Id, leaf.SerialNumber)));
    }

    private static string? MarkOf(EnrolmentContext context, string of, string file) =>
        context.Store.ReadFile(of, file, SmallBytesMax) is { } bytes ? Encoding.ASCII.GetString(bytes).Trim() : null;
}
