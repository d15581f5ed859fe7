using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>
/// Where a bundle goes. One that lies there already is only replaced by a newer one: a CA's folder that came back from
/// an old copy counts from behind, and no gateway would take what it makes.
/// </summary>
internal sealed class BundlePlace
{
    public Option<string> Into { get; } = new("--out")
    {
        Description = "The stick or folder; the bundle goes into its folder sluice.",
        HelpName = "DIR",
        Required = true,
    };

    public Option<int> Above { get; } = new("--above")
    {
        Description = "A version of the gateway's bundle that the CA's folder does not know of: the new one is higher.",
        HelpName = "N",
    };

    public string Of(ParseResult parsed, string gateway) => StickLayout.BundleOf(parsed.GetValue(Into)!, gateway);

    /// <summary>That something newer lies there, or nothing that is a bundle of this gateway; or null.</summary>
    public string? Problem(ParseResult parsed, Register register, string gateway)
    {
        if (parsed.GetValue(Above) is < 0 or >= BundleContent.VersionMax)
        {
            return $"--above is a version, 1 to {BundleContent.VersionMax - 1}";
        }

        var file = Of(parsed, gateway);
        if (!File.Exists(file) || StickLayout.Read(file, BundleEnvelope.BytesMax, out _) is not { } bytes
            || BundleEnvelope.Open(bytes, out _) is not { } envelope
            || BundleContent.Read(envelope.Payload, out _) is not { } there)
        {
            return null;
        }

        var next = PlantAuthority.NextVersion(register, gateway, parsed.GetValue(Above));
        return there.Gateway == gateway && there.Site == register.Site && there.Version >= next
            ? $"{file} is version {there.Version} already, and this would be version {next}, which a gateway that has "
                + "the other one refuses: the CA's folder is an old copy. Bring the newest one back, or say --above "
                + $"{there.Version}"
            : null;
    }
}
