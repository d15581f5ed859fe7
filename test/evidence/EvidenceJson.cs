using System.Text.Json;

namespace Sluice.Evidence;

/// <summary>The report for programs.</summary>
internal static class EvidenceJson
{
    public static void Write(EvidenceReport report, Stream into)
    {
        using var json = new Utf8JsonWriter(into, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("result", report.Holds ? "passed" : "failed");
        WriteSurroundings(json, report.Surroundings);
        json.WriteStartArray("requirements");
        foreach (var row in report.Requirements)
        {
            json.WriteStartObject();
            json.WriteString("ids", row.Row.Ids);
            json.WriteString("mechanism", row.Row.Mechanism);
            json.WriteString("result", Word(row.Outcome));
            json.WriteStartArray("tests");
            foreach (var test in row.Tests)
            {
                json.WriteStartObject();
                json.WriteString("test", test.Test.ToString());
                json.WriteString("result", Word(test.Outcome));
                json.WriteNumber("runs", test.Runs);
                json.WriteNumber("seconds", Math.Round(test.Seconds, 3));
                if (test.Outcome == Outcome.Failed)
                {
                    json.WriteString("said", test.Said);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notShown");
        foreach (var point in report.NotShown)
        {
            json.WriteStartObject();
            json.WriteString("what", point.What);
            json.WriteString("why", point.Why);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("problems");
        foreach (var problem in report.Problems)
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Passed => "passed",
        Outcome.Failed => "failed",
        _ => "did not run",
    };

    private static void WriteSurroundings(Utf8JsonWriter json, Surroundings where)
    {
        json.WriteString("utc", where.Utc);
        json.WriteString("version", where.Version);
        json.WriteString("commit", where.Commit);
        json.WriteStartObject("host");
        json.WriteString("kernel", where.Kernel);
        json.WriteString("system", where.System);
        json.WriteString("processor", where.Processor);
        json.WriteStartArray("parts");
        foreach (var part in where.Parts)
        {
            json.WriteStringValue(part);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("binaries");
        foreach (var binary in where.Binaries)
        {
            json.WriteStartObject();
            json.WriteString("name", binary.Name);
            json.WriteNumber("bytes", binary.Bytes);
            json.WriteString("sha256", binary.Sha256);
            json.WriteBoolean("tested", binary.WasTested);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
