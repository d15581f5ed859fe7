using System.CommandLine;
using System.Runtime.InteropServices;

namespace Sluice.Agent.CommandLine;

/// <summary>sluice-agent version: what runs here.</summary>
internal sealed class VersionVerb(TextWriter output)
{
    public Command Command()
    {
        var verb = new Command("version", "Print the version.");
        verb.SetAction(_ => output.WriteLine(
            $"sluice-agent {AgentVersion.Text} {RuntimeInformation.RuntimeIdentifier}, "
                + $"{RuntimeInformation.FrameworkDescription}"));
        return verb;
    }
}
