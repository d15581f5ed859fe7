using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Sluice.Agent.Health;
using Sluice.Agent.Updating;
using Sluice.Agent.Updating.Files;
using Sluice.Agent.Updating.Slots;
using Sluice.Agent.Updating.Trial;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Updating;

/// <summary>
/// sluice-agent update: for gateways that were flashed with the image. Run by root, outside the agent: who may write to
/// the machine's own partitions must not be who speaks to the network.
/// </summary>
internal sealed class UpdateVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private const string StatusVerb = "status";

    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };
    private readonly Option<string> socket = VerbOptions.Socket();

    private readonly Argument<string> file = new("FILE") { Description = "The update file." };

    private readonly Option<bool> again = new("--again")
    {
        Description = "Try an update once more that did not hold the last time.",
    };

    private readonly Option<int> within = new("--within")
    {
        Description = "Seconds that a new version has to show that it does what the one before did.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 600,
    };

    public UpdateSettings Settings { get; init; } = new();

    /// <summary>The root of the file system; another one in a test.</summary>
    public string Root { get; init; } = "/";

    public Command Command()
    {
        var verb = new Command("update", "Bring a gateway that was flashed with the image to a newer version, which "
            + "falls back by itself where it does not hold. Ends with 0 where it worked, 65 where the update is not "
            + "for this gateway or did not hold, 69 where this is no such gateway, 74 where the medium fails.");
        Add(verb, ApplyUpdate.Verb, "Write a signed update to the slot that does not run, to be tried at the next "
            + "start.", [file, again, socket], ApplyAsync);
        Add(verb, ConfirmUpdate.Verb, "Keep the new version that was just started, as soon as sources and broker do "
            + "what they did before; fail where they do not. For systemd, once after each start.", [within, socket],
            ConfirmAsync);
        Add(verb, StatusVerb, "Say which version runs, from which slot, and what became of the latest update.", [],
            (_, at, _) => Task.FromResult(Status(at)));
        return verb;
    }

    private void Add(
        Command into, string name, string description, IReadOnlyList<Symbol> takes,
        Func<ParseResult, Here, CancellationToken, Task<VerbReport>> act)
    {
        var command = new Command(name, description);
        foreach (var each in takes.Append(json))
        {
            if (each is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)each);
            }
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await ReportAsync(parsed, name, act, cancellationToken).ConfigureAwait(false);
            return report.Print(output, error, parsed.GetValue(json));
        });
        into.Add(command);
    }

    private async Task<VerbReport> ReportAsync(
        ParseResult parsed, string verb, Func<ParseResult, Here, CancellationToken, Task<VerbReport>> act,
        CancellationToken cancellationToken)
    {
        try
        {
            var running = Running();
            var (place, problem) = running is null
                ? (null, "This is no gateway that was flashed with the image.")
                : LinuxUpdatePlace.Open(Settings.Boot, Root);
            return running is null || place is null
                ? VerbReport.Failed(verb, ExitCode.Unavailable, problem, "There are no two slots to change between.",
                    "run it as root on a flashed gateway; another one is updated by its package: apt install "
                        + "./sluice-agent_VERSION_ARCH.deb.")
                : await act(parsed, new Here(running, place), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return VerbReport.Failed(verb, ExitCode.Storage, world.Message,
                "The slot that runs is as it was. The other one is started only if it was written to its end.",
                "run it as root; where it is the medium, replace it.");
        }
        catch (OperationCanceledException)
        {
            return VerbReport.Failed(verb, ExitCode.EndedEarly, "It was ended before it was done.",
                "The slot that runs is as it was. The other one is started only if it was written to its end.",
                "do it again.");
        }
    }

    private async Task<VerbReport> ApplyAsync(ParseResult parsed, Here here, CancellationToken cancellationToken)
    {
        using var stop = new StopKeys(cancellationToken);
        var path = parsed.GetValue(file)!;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var (update, problem) = UpdateFile.Open(stream, Keys());
        if (update is null)
        {
            return VerbReport.Failed(ApplyUpdate.Verb, ExitCode.Unclear, $"{path}: {problem}",
                "Nothing was changed: the gateway runs as before.", "bring an update of this gateway's maker, whole.");
        }

        var now = await AskAsync(parsed.GetValue(socket)!, stop.Token).ConfigureAwait(false);
        return new ApplyUpdate(here.Place, here.Running, Keep, error.WriteLine).Run(
            update, UpdateRecord.Read(Settings.Record), TrialJudge.Look(now), clock.GetUtcNow().UtcDateTime,
            parsed.GetValue(again), stop.Token);
    }

    private Task<VerbReport> ConfirmAsync(ParseResult parsed, Here here, CancellationToken cancellationToken) =>
        new ConfirmUpdate(here.Place, here.Running.Slot, Keep, clock).RunAsync(
            UpdateRecord.Read(Settings.Record), stop => AskAsync(parsed.GetValue(socket)!, stop),
            TimeSpan.FromSeconds(parsed.GetValue(within)), cancellationToken);

    private VerbReport Status(Here here)
    {
        var record = UpdateRecord.Read(Settings.Record);
        var state = TrialStates.Of(record, here.Running.Slot, here.Place.Entries());
        var word = state switch
        {
            TrialState.OnTrial => "is on trial",
            TrialState.Waits => "waits for the next start",
            TrialState.FoundGood => UpdateRecord.Good,
            TrialState.FellBack => UpdateRecord.FellBack,
            TrialState.Unfinished => UpdateRecord.Unfinished,
            _ => record?.State ?? "",
        };
        var latest = record is null ? "No update was ever brought." : string.Create(CultureInfo.InvariantCulture,
            $"The latest update, to {record.Version} on {record.At:yyyy-MM-dd}: {word}. {record.Said}").TrimEnd();
        return new VerbReport
        {
            Verb = StatusVerb,
            ExitCode = ExitCode.Fine,
            Sentence = $"Version {here.Running.Version} runs, from slot {here.Running.Slot}.",
            Notes = [latest],
        };
    }

    private void Keep(UpdateRecord record) => record.Write(Settings.Record);

    private async Task<StatusReport?> AskAsync(string path, CancellationToken cancellationToken) =>
        (await StatusClient.AskAsync(path, clock, cancellationToken).ConfigureAwait(false)).Report;

    private RunningImage? Running()
    {
        var release = Path.Combine(Root, "usr/lib/os-release");
        return File.Exists(release)
            ? RunningImage.Read(File.ReadAllText(release), File.ReadAllText(Path.Combine(Root, "proc/cmdline")),
                RuntimeInformation.OSArchitecture switch
                {
                    Architecture.Arm64 => "arm64",
                    Architecture.X64 => "amd64",
                    var other => other.ToString(),
                })
            : null;
    }

    private List<UpdateKey> Keys() => !Directory.Exists(Settings.Keys) ? []
        : [.. Directory.EnumerateFiles(Settings.Keys).Order(StringComparer.Ordinal)
            .Select(path => UpdateKey.Read(File.ReadAllText(path))).OfType<UpdateKey>()];

    /// <summary>What runs and where the other goes.</summary>
    private sealed record Here(RunningImage Running, LinuxUpdatePlace Place);
}
