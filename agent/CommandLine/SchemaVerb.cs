using System.CommandLine;
using Sluice.Agent.Configuration.Schema;

namespace Sluice.Agent.CommandLine;

/// <summary>sluice-agent schema: prints the JSON Schema of gateway.json, for editors.</summary>
internal sealed class SchemaVerb(TextWriter output)
{
    public Command Command()
    {
        var verb = new Command("schema", "Print the JSON Schema of gateway.json, for editors.");
        verb.SetAction(_ => output.Write(PublishedSchema.Write()));
        return verb;
    }
}
