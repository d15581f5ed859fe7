using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// <c>identity label</c>: what goes onto the cabinet, from the gateway's own screen or console, so that whoever signs
/// has something to compare that did not travel with the request.
/// </summary>
internal sealed class LabelView(EnrolmentContext context, string? boardSerial)
{
    private const string Verb = "label";
    private const string WhiteOnBlack = "\u001b[97;40m";
    private const string AsBefore = "\u001b[0m";

    /// <param name="hasColours">A terminal shows it: its own colours might turn light and dark round.</param>
    public VerbReport Show(bool hasColours)
    {
        using var identity = context.Look(IdentityDirectory.Current).Identity;
        var key = new Enrol(context).Pending()?.KeyFingerprint
            ?? (identity is null ? null : Fingerprint.OfKey(identity.Leaf));
        if (key is null)
        {
            return VerbReport.Failed(Verb, ExitCode.Unavailable, $"{context.GatewayId} has no key yet.",
                "There is nothing to put onto a label.", "make one: sluice-agent identity init.");
        }

        var label = new GatewayLabel(context.Site, context.GatewayId, key, boardSerial);
        var lines = QrCode.Of(label.Text).ToText().TrimEnd('\n').Split('\n');
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ExitCode.Fine,
            Gateway = context.GatewayId,
            Site = context.Site,
            KeyFingerprint = key,
            Label = label.Text,
            Shown = string.Concat(lines.Select(line => (hasColours ? WhiteOnBlack + line + AsBefore : line) + "\n"))
                + $"""
                gateway   {context.GatewayId} of {context.Site}
                key       {key}
                board     {boardSerial ?? "no serial number, or none that this user may read"}

                """,
            Sentence = "Put this onto the cabinet's label: whoever signs scans the code, or compares the letters.",
        };
    }
}
