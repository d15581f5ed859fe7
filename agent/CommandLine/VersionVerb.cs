using System.CommandLine;
using System.Runtime.InteropServices;
using Sluice.Agent.Posture;

namespace Sluice.Agent.CommandLine;

/// <summary>sluice-agent version: what runs here.</summary>
internal sealed class VersionVerb(TextWriter output)
{
    private readonly Option<bool> components = new("--components")
    {
        Description = "Print what it was built from, a name and a version a line; sha256sum of that is what the "
            + "gateway's posture says.",
    };

    public Command Command()
    {
        var verb = new Command("version", "Print the version.") { components };
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(components))
            {
                output.Write(ComponentList.OfThisBuild.Text);
                return;
            }

            output.WriteLine(
                $"sluice-agent {AgentVersion.Text} {RuntimeInformation.RuntimeIdentifier}, "
                    + $"{RuntimeInformation.FrameworkDescription}");
        });
        return verb;
    }
}
