using System.Globalization;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Jail;
using Sluice.Intruder;

// What somebody would run who has taken the agent over: the same user, the same configuration, and where it is asked
// for the same jail, entered by the agent's own code. It is started by the zones' tests and never shipped.
//
//   sluice-intruder CONFIGURATION jailed|free ADDRESS...
//
// Prints for each kind of try how many there were and how many calls went through. What arrived, others count.
const int Usage = 64;
if (args is not [var file, "jailed" or "free", _, ..])
{
    await Console.Error.WriteLineAsync("sluice-intruder CONFIGURATION jailed|free ADDRESS...");
    return Usage;
}

if (args[1] == "jailed")
{
    var configuration = ConfigurationLoader.Load(file).Configuration
        ?? throw new InvalidOperationException($"{file} is refused");
    var above = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(file)))!;
    var paths = new JailedPaths(file, Path.Combine(above, "state"), Path.Combine(above, "status.sock"));
    var jail = new SelfJail();
    var standing = jail.Enter(JailPlan.Of(configuration, paths, SelfJail.ProgramFolders()));
    var door = jail.ShutDoor(standing);
    Console.WriteLine(standing.IsWhole && door.Length == 0 ? "locked in" : $"{standing.Sentence} {door}");
}

foreach (var (kind, tried, went) in new Tries(args[2..]).All())
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind} {tried} {went}"));
}

return 0;
