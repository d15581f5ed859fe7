using Sluice.Agent.Health;
using Sluice.Agent.Updating.Slots;
using Sluice.Agent.Updating.Trial;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Updating;

/// <summary>
/// Runs once after each start: keeps a new version that holds, and ends with another code than 0 where it does not, at
/// which systemd restarts the machine and the loader takes the version before. The order of the two steps matters: an
/// entry that is good without a record of it is understood at the next start; a record without the entry would not be.
/// </summary>
internal sealed class ConfirmUpdate(
    IUpdatePlace place, Slot running, Action<UpdateRecord> keep, TimeProvider clock)
{
    public const string Verb = "confirm";

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    public async Task<VerbReport> RunAsync(
        UpdateRecord? record, Func<CancellationToken, Task<StatusReport?>> ask, TimeSpan within,
        CancellationToken cancellationToken)
    {
        switch (TrialStates.Of(record, running, place.Entries()))
        {
            case TrialState.OnTrial:
                return await TryAsync(record!, ask, within, cancellationToken).ConfigureAwait(false);
            case TrialState.FoundGood:
                return Keep(record!, UpdateRecord.Good, record!.Said, $"Version {record.Version} is kept.");
            case TrialState.FellBack:
                var why = record!.Said.Length > 0 ? record.Said
                    : "It said nothing: it hung, or the power was lost before it was found good.";
                return Keep(record, UpdateRecord.FellBack, why, $"Version {record.Version} did not hold. {why}");
            case TrialState.Unfinished:
                return Keep(record!, UpdateRecord.Unfinished, "The power was lost while it was written.",
                    $"Version {record!.Version} was not written to its end; bring it again.");
            case TrialState.Waits:
                return Said($"Version {record!.Version} waits for the next start.");
            default:
                return Said("No update is on trial.");
        }
    }

    private async Task<VerbReport> TryAsync(
        UpdateRecord record, Func<CancellationToken, Task<StatusReport?>> ask, TimeSpan within,
        CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var judge = new TrialJudge(record.Before, within);
        var isArmed = false;
        var last = record.Said;
        while (true)
        {
            var now = await ask(cancellationToken).ConfigureAwait(false);
            var word = judge.Step(clock.GetElapsedTime(started), now);
            if (word.Why != last)
            {
                last = word.Why;
                keep(record with { Said = last });
            }

            switch (word.Verdict)
            {
                case TrialVerdict.Good:
                    Rename(BootEntry.Good(running));
                    return Keep(record, UpdateRecord.Good, word.Why, $"Version {record.Version} is kept. {word.Why}");
                case TrialVerdict.FallBack:
                    return VerbReport.Failed(
                        Verb, ExitCode.Unclear, $"Version {record.Version} does not hold. {word.Why}",
                        $"The gateway is started again, with version {record.From}.",
                        "see to that, and bring the update again.");
                case TrialVerdict.WaitForBroker when !isArmed:
                    // A power cut during a wait that is nobody's fault must not count against it.
                    Rename(BootEntry.ToTry(running));
                    isArmed = true;
                    break;
            }

            await Task.Delay(Period, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Rename(BootEntry into)
    {
        foreach (var name in place.Entries().Where(name => BootEntry.Read(name)?.Slot == running).ToList())
        {
            if (name != into.FileName)
            {
                place.RenameEntry(name, into.FileName);
            }
        }
    }

    private VerbReport Keep(UpdateRecord record, string state, string said, string sentence)
    {
        keep(record with { State = state, Said = said });
        return Said(sentence);
    }

    private static VerbReport Said(string sentence) =>
        new() { Verb = Verb, ExitCode = ExitCode.Fine, Sentence = sentence };
}
