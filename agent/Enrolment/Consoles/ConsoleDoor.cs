using System.Text;
using Sluice.Provisioning.Consoles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment.Consoles;

/// <summary>
/// Opens the console by a token of the plant: judges it, notes durably that it was used, and lays the grant down for
/// the console itself. In that order: a power cut between them costs a token and never opens twice.
/// </summary>
internal sealed class ConsoleDoor(EnrolmentContext context, string folder)
{
    /// <summary>The image has this folder, of the agent's user; a machine without one has no console.</summary>
    public const string Folder = "/run/sluice-console";

    private const string Verb = "console";

    public VerbReport Open(byte[] token)
    {
        if (!Directory.Exists(folder))
        {
            context.Log(Verb, "refused", "This machine has no console that opens.");
            return VerbReport.Failed(Verb, ExitCode.Unavailable, "This machine has no console that opens by a token.",
                "Nothing was opened.", "use the machine's own login: only flashed gateways have none.");
        }

        var stored = new StoredIdentity(context.Store);
        using var pinned = stored.Pinned(context.Store.Look());
        var verdict = ConsoleJudge.Judge(token, new ConsoleExpectation(
            context.Site, context.GatewayId, pinned, context.Time(), context.UsedConsoleTokens()));
        if (verdict.Token is not { } taken)
        {
            context.Log(Verb, "refused", $"{verdict.Happened}.");
            return VerbReport.Failed(Verb, ExitCode.Unclear, $"{verdict.Happened}.", "The console stays shut.",
                $"{verdict.Do}.");
        }

        context.KeepUsedConsoleToken(taken.Id);
        var grant = new ConsoleGrant(taken.Id, taken.Minutes, taken.Person);
        var file = Path.Combine(folder, ConsoleGrant.FileName);
        File.WriteAllBytes(file + ".new", grant.Write());
        File.Move(file + ".new", file, overwrite: true);
        context.Log(
            Verb, "done", $"Token {taken.Id} for {taken.Person} opens the console for {taken.Minutes} minutes.");
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ExitCode.Fine,
            Sentence = $"The console opens for {taken.Person}, for {taken.Minutes} minutes.",
            Notes = ["115200 baud, 8N1, on the serial or USB console of the board."],
        };
    }
}
