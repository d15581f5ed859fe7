using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>
/// gateway.json as a JSON Schema (draft 2020-12), for editors: what <c>sluice-agent schema</c> prints and what lies
/// beside this code as gateway.schema.json. What is planned and not built yet is not in it.
/// </summary>
internal static class PublishedSchema
{
    public static string Write()
    {
        using var bytes = new MemoryStream();
        var options = new JsonWriterOptions
        {
            Indented = true,
            NewLine = "\n",

            // The schema is read by people too: × and " stay readable. It is never put into HTML.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var schema = new Utf8JsonWriter(bytes, options))
        {
            schema.WriteStartObject();
            schema.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
            schema.WriteString("title", "gateway.json of sluice-agent");
            schema.WriteString("description", "Comments and trailing commas are allowed. sluice-agent check says more "
                + "than a "
                + "schema can.");
            GatewaySchema.Root.WriteSchema(schema);
            schema.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }
}
