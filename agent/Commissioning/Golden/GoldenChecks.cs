using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Commissioning.Golden;

/// <summary>
/// The golden samples beside the lists of a configuration, held against today's lines. All that is found is a warning:
/// the configuration can run, and somebody should know that it reads another value than the screen showed.
/// </summary>
internal static class GoldenChecks
{
    public static (IReadOnlyList<GoldenSample> Samples, IReadOnlyList<ConfigurationProblem> Problems) Look(
        ConfiguredSource source)
    {
        var path = source.Beside(GoldenFile.NameFor(source.ListName));
        if (source.Settings is not ModbusSettings modbus || !File.Exists(path))
        {
            return ([], []);
        }

        var problems = new ProblemList(path);
        var samples = Read(path, problems);
        var names = modbus.Signals.Select(each => each.Signal.Name[(modbus.Name.Length + 1)..]).ToList();
        foreach (var sample in samples)
        {
            var at = names.FindIndex(name => name.Equals(sample.Signal, StringComparison.OrdinalIgnoreCase));
            var verdict = sample.Verify(at < 0 ? null : modbus.Addresses[at]);
            if (!verdict.Holds)
            {
                problems.Warning(sample.Line, 0, sample.Signal, verdict.Sentence);
            }
        }

        return (samples, [.. problems.All().Select(problem => problem with { Severity = ProblemSeverity.Warning })]);
    }

    private static IReadOnlyList<GoldenSample> Read(string path, ProblemList problems)
    {
        try
        {
            if (new FileInfo(path).Length > ConfigurationLoader.FileBytesMax)
            {
                problems.Error(0, 0, "", "is too large for golden samples: move it away.");
                return [];
            }

            return GoldenFile.Read(File.ReadAllBytes(path), problems);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            problems.Error(0, 0, "", $"cannot be read: {world.Message}");
            return [];
        }
    }
}
