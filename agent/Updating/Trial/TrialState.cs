using Sluice.Agent.Updating.Slots;

namespace Sluice.Agent.Updating.Trial;

/// <summary>What is to be made of the latest update after a start.</summary>
internal enum TrialState
{
    /// <summary>There is none, or how it went is known.</summary>
    Settled,

    /// <summary>The new version runs, and has to show that it is as well as the one before.</summary>
    OnTrial,

    /// <summary>The new version runs and was found good; only the record does not say so.</summary>
    FoundGood,

    /// <summary>The new version was started and did not hold: this is the one before.</summary>
    FellBack,

    /// <summary>It is written and waits for the next start.</summary>
    Waits,

    /// <summary>It was not written to its end.</summary>
    Unfinished,
}

/// <summary>Reads it off the record, the slot that runs and the boot entries. A core.</summary>
internal static class TrialStates
{
    public static TrialState Of(UpdateRecord? record, Slot running, IReadOnlyList<string> entryFiles)
    {
        if (record is not { IsOpen: true } || Slot.Read(record.Slot.ToString()) is not { } written)
        {
            return TrialState.Settled;
        }

        // A rename that a power cut caught may have left the entry under both names: the good one counts.
        var entry = entryFiles.Select(BootEntry.Read).OfType<BootEntry>()
            .Where(each => each.Slot == written)
            .OrderByDescending(each => each.IsGood).ThenByDescending(each => each.Left)
            .FirstOrDefault();
        return (running == written, entry) switch
        {
            (true, { IsGood: false }) => TrialState.OnTrial,
            (true, _) => TrialState.FoundGood,
            (false, null) => TrialState.Unfinished,
            (false, { Left: > 0 }) => TrialState.Waits,
            (false, { IsGood: false }) => TrialState.FellBack,
            (false, _) => TrialState.Settled,
        };
    }
}
