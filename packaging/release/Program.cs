using System.Globalization;
using System.Security.Cryptography;
using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Release.Binaries;
using Sluice.Release.Components;
using Sluice.Release.Manual;

// What packaging/*.sh ask while they make a release (make dist). From the root of the repository:
//   sluice-release components PROGRAM LINES LOCK PACKAGES OUT COMMIT EPOCH   the component list, as CycloneDX
//   sluice-release image VERSION LINES OS-RELEASE AGENT-LIST OUT COMMIT EPOCH  the image's component list
//   sluice-release notices VERSION PACKAGES OUT LINES...                     third-party notices of all programs
//   sluice-release manual FOLDER EPOCH                                       the agent's manual and completion
//   sluice-release floor BINARY                                              its glibc; 65 where it is not as promised
// LINES is a file that the build wrote: a name and a version a line; for the image what
// packaging/image/list-packages.sh prints. PACKAGES is where NuGet unpacks what it brings.
const int Usage = 64;
const int Refused = 65;
try
{
    switch (args)
    {
        case ["components", var program, var lines, var locked, var packages, var output, var commit, var epoch]:
            WriteComponents(program, lines, locked, packages, output, commit, Moment(epoch));
            return 0;
        case ["image", var version, var lines, var os, var agentList, var output, var commit, var epoch]:
            WriteImage(version, lines, os, agentList, output, commit, Moment(epoch));
            return 0;
        case ["notices", var version, var packages, var output, .. var lists]:
            var all = lists.SelectMany(File.ReadLines).Select(Component.Parse).Distinct();
            File.WriteAllText(output, ThirdPartyNotices.Write(version, PackageFolders.LicencesOf(packages, all)));
            return 0;
        case ["manual", var folder, var epoch]:
            await WriteManualAsync(folder, Moment(epoch)).ConfigureAwait(false);
            return 0;
        case ["floor", var binary]:
            return SayFloor(binary);
        default:
            await Console.Error.WriteLineAsync(
                "sluice-release components | image | notices | manual | floor; what they take stands in Program.cs.")
                .ConfigureAwait(false);
            return Usage;
    }
}
catch (Exception trouble) when (trouble is InvalidDataException or IOException)
{
    await Console.Error.WriteLineAsync(trouble.Message).ConfigureAwait(false);
    return Refused;
}

static DateTimeOffset Moment(string epoch) =>
    DateTimeOffset.FromUnixTimeSeconds(long.Parse(epoch, CultureInfo.InvariantCulture));

static void WriteComponents(
    string program, string lines, string locked, string packages, string output, string commit, DateTimeOffset made)
{
    var listed = File.ReadLines(lines).Select(Component.Parse).Distinct()
        .OrderBy(each => each.Name, StringComparer.Ordinal).ToList();
    var own = listed.SingleOrDefault(each => each.Name == program)
        ?? throw new InvalidDataException($"{lines}: {program} itself is not in it");
    listed.Remove(own);
    var bill = new BillOfMaterials(own, listed, new PackageLock(File.ReadAllText(locked)))
    {
        Made = made, Commit = commit, Licences = PackageFolders.LicencesOf(packages, listed),
    };
    File.WriteAllBytes(output, bill.Write());
}

static void WriteImage(
    string version, string lines, string os, string agentList, string output, string commit, DateTimeOffset made)
{
    var bill = new ImageBill(version, File.ReadLines(lines))
    {
        Made = made,
        Commit = commit,
        DebianVersion = ImageBill.ReadDebianVersion(File.ReadAllText(os)),
        AgentList = Path.GetFileName(agentList),
        AgentListSha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(agentList))),
    };
    File.WriteAllBytes(output, bill.Write());
}

static async Task WriteManualAsync(string folder, DateTimeOffset date)
{
    Directory.CreateDirectory(folder);
    using var completion = new StringWriter { NewLine = "\n" };
    var agent = new AgentCommandLine { Output = completion, Run = (_, _, _) => Task.FromResult(0) };
    foreach (var (name, page) in new ManualPages(agent.Root(), "sluice-agent", AgentVersion.Text, date).All())
    {
        await File.WriteAllTextAsync(Path.Combine(folder, name), page).ConfigureAwait(false);
    }

    await agent.InvokeAsync(["completion"], CancellationToken.None).ConfigureAwait(false);
    await File.WriteAllTextAsync(Path.Combine(folder, "sluice-agent.bash"), $"{completion}").ConfigureAwait(false);
}

static int SayFloor(string binary)
{
    var file = ElfFile.Read(File.ReadAllBytes(binary));
    var broken = BinaryRules.Broken(file).ToList();
    foreach (var each in broken)
    {
        Console.Error.WriteLine($"{binary}: {each}");
    }

    Console.WriteLine(file.GlibcFloor);
    return broken.Count == 0 ? 0 : Refused;
}
