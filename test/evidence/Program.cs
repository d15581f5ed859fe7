using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Sluice.Evidence;

// What `make evidence` runs, from the root of the repository (test/evidence/run.sh):
//   sluice-evidence tests SUITE               the tests of that suite that the guide names, as a filter takes them
//   sluice-evidence report RESULTS OUT BIN... judges RESULTS/SUITE.trx and writes OUT/report.html and OUT/report.json
// A binary whose name begins with "beside:" was built from the same source and not run here.
const int Usage = 64;
const int DataIsWrong = 65;
const string Beside = "beside:";
var guide = SecurityGuide.Read(await File.ReadAllTextAsync(SecurityGuide.File));
switch (args)
{
    case ["tests", var suite]:
        foreach (var test in guide.Tests.Where(test => test.Suite == suite))
        {
            Console.WriteLine($"*.{test.Class}.{test.Method}");
        }

        return 0;
    case ["report", var results, var output, .. var binaries]:
        return await ReportAsync(results, output, binaries);
    default:
        await Console.Error.WriteLineAsync("sluice-evidence tests SUITE | report RESULTS OUT BINARY...");
        return Usage;
}

async Task<int> ReportAsync(string results, string output, string[] binaries)
{
    var taken = new TestResults();
    var problems = new List<string>();
    foreach (var suite in SecurityGuide.Suites)
    {
        var file = Path.Combine(results, suite + ".trx");
        problems.Add(File.Exists(file)
            ? taken.Take(suite, await File.ReadAllTextAsync(file))
            : $"{suite}: its program wrote no report");
    }

    var tested = binaries.First(binary => !binary.StartsWith(Beside, StringComparison.Ordinal));
    var report = EvidenceReport.Of(
        guide, taken, problems.Where(problem => problem.Length > 0), new Surroundings
        {
            Utc = TimeProvider.System.GetUtcNow().UtcDateTime,
            Version = Said(tested, "version"),
            Commit = Said("git", "describe", "--always", "--dirty", "--abbrev=12"),
            Kernel = $"{Said("uname", "-sr")}",
            System = RuntimeInformation.OSDescription,
            Processor = $"{RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} of them",
            Parts =
            [
                Said("nft", "--version"), Said("mosquitto", "-h"), Said("openssl", "version"),
                Said("systemd-analyze", "--version"),
            ],
            Binaries = [.. binaries.Select(Hashed)],
        });
    Directory.CreateDirectory(output);
    await File.WriteAllTextAsync(Path.Combine(output, "report.html"), EvidencePage.Of(report));
    await using (var json = File.Create(Path.Combine(output, "report.json")))
    {
        EvidenceJson.Write(report, json);
    }

    foreach (var problem in report.Problems)
    {
        Console.WriteLine(problem);
    }

    foreach (var test in report.Tests.Where(test => test.Outcome != Outcome.Passed))
    {
        Console.WriteLine($"{test.Test}: {EvidenceJson.Word(test.Outcome)}");
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{report.Requirements.Count(row => row.Outcome == Outcome.Passed)} of {report.Requirements.Count} "
        + $"requirements shown by {report.Tests.Count(test => test.Outcome == Outcome.Passed)} of "
        + $"{report.Tests.Count} tests: {output}/report.html"));
    return report.Holds ? 0 : DataIsWrong;
}

static Binary Hashed(string name)
{
    var path = name.StartsWith(Beside, StringComparison.Ordinal) ? name[Beside.Length..] : name;
    var bytes = File.ReadAllBytes(path);
    return new Binary(path, bytes.LongLength, Convert.ToHexStringLower(SHA256.HashData(bytes)), path == name);
}

// The first line that a program says; a program that is not there says so.
static string Said(string program, params string[] arguments)
{
    var sbin = $"/usr/sbin/{program}";
    try
    {
        using var process = Process.Start(new ProcessStartInfo(File.Exists(sbin) ? sbin : program, arguments)
        {
            RedirectStandardOutput = true,
        })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n')[0].Trim();
    }
    catch (System.ComponentModel.Win32Exception missing)
    {
        return $"{program}: {missing.Message}";
    }
}
