using System.Globalization;
using System.Xml.Linq;

namespace Sluice.Evidence;

/// <summary>One run of one test; a theory has one for each of its rows.</summary>
internal sealed record TestRun(string Class, string Method, bool Passed, double Seconds, string Said);

/// <summary>What the test programs wrote (TRX), suite by suite. Never their words, never their exit codes.</summary>
internal sealed class TestResults
{
    private readonly Dictionary<string, List<TestRun>> suites = [];

    /// <summary>Takes one report in. One that cannot be read counts as none: its tests did not run.</summary>
    /// <returns>Empty, or what is wrong with it.</returns>
    public string Take(string suite, string trx)
    {
        try
        {
            XDocument document;
            try
            {
                document = XDocument.Parse(trx);
            }
            catch (System.Xml.XmlException broken)
            {
                return $"{suite}: the report is no TRX: {broken.Message}";
            }

            var runs = document.Descendants().Where(item => item.Name.LocalName == "UnitTestResult").Select(Run);
            suites[suite] = [.. runs];
            return "";
        }
        catch (FormatException odd)
        {
            return $"{suite}: {odd.Message}";
        }
    }

    public IReadOnlyList<TestRun> Of(NamedTest test) => suites.TryGetValue(test.Suite, out var runs)
        ? [.. runs.Where(run => run.Class == test.Class && run.Method == test.Method)]
        : [];

    private static TestRun Run(XElement result)
    {
        // Namespace.Class.Method, and for a row of a theory its arguments in brackets.
        var name = ((string?)result.Attribute("testName") ?? "").Split('(')[0].Split('.');
        var said = result.Descendants().Where(item => item.Name.LocalName is "Message" or "StdOut")
            .Select(item => item.Value.Trim());
        return new TestRun(
            name.Length > 1 ? name[^2] : "", name[^1], (string?)result.Attribute("outcome") == "Passed",
            TimeSpan.Parse((string?)result.Attribute("duration") ?? "0:00", CultureInfo.InvariantCulture).TotalSeconds,
            string.Join('\n', said.Where(text => text.Length > 0)));
    }
}
