using System.Globalization;
using Sluice.Agent.Renewal;

namespace Sluice.Agent.Health;

/// <summary>What status says of the gateway's certificate. A core.</summary>
internal static class RenewalText
{
    public static RenewalStatus Describe(RenewalView view) => new(
        view.Stage.ToString().ToLowerInvariant(), view.Sentence, view.Subject?.Version ?? "",
        view.Subject?.Serial ?? "", view.Subject?.NotAfter, view.Subject?.Due)
    {
        Run = view.Run,
        Held = view.IsHeld,
        Renewed = view.Renewed,
        Failures = view.Failures,
        Foreign = view.Foreign,
        Asked = view.Asked,
        AsksTaken = view.AsksTaken,
        Steps = view.Steps,
    };

    /// <summary>What a technician should know of it, or null.</summary>
    public static string? Attention(RenewalView view, DateTimeOffset now)
    {
        var why = view.Sentence.Length > 0 ? $" ({view.Sentence})" : "";
        var days = view.Subject is { } subject ? (int)(subject.NotAfter - now).TotalDays : 0;
        return view.Warning switch
        {
            ExpiryWarning.Expired => "The gateway's certificate has expired: the broker refuses it. Bring a new bundle "
                + "(sluice-agent identity import).",
            ExpiryWarning.Days or ExpiryWarning.Fortnight => string.Create(CultureInfo.InvariantCulture,
                $"The gateway's certificate expires in {days} days and was not renewed{why}. See to that, or bring a "
                + $"new bundle (sluice-agent identity import)."),
            ExpiryWarning.Third when view.Failures > 0 || why.Length > 0 => string.Create(CultureInfo.InvariantCulture,
                $"A third of the certificate's life is left, {days} days, and it was not renewed yet{why}."),
            _ => view.Failures > 0 || view.IsHeld
                ? $"The gateway's certificate was not renewed{why}. It is tried again." : null,
        };
    }
}
