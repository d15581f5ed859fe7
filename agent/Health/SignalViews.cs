using Sluice.Agent.Configuration;
using Sluice.Hal;

namespace Sluice.Agent.Health;

/// <summary>What the latest readings of a source say of its units and signals, for the status. A core.</summary>
internal static class SignalViews
{
    /// <summary>Signals that a report lists, over all sources: an answer of a few dozen kilobytes.</summary>
    public const int ListedMax = 200;

    /// <summary>A text that a machine gave is shown up to here.</summary>
    private const int TextMax = 60;

    /// <summary>The status of a source with its units and as many signals as there is room for.</summary>
    public static SourceStatus Into(
        SourceStatus status, SourceSettings? settings, IReadOnlyList<Reading> latest, int room)
    {
        var listed = Listed(latest, room);
        return status with
        {
            Units = settings is ModbusSettings modbus ? Units(modbus, latest) : [],
            Signals = [.. listed.Select(index => Describe(latest[index]))],
            Unlisted = latest.Count - listed.Count,
        };
    }

    /// <summary>Judged by their signals: a unit that says no to a question answers.</summary>
    internal static IReadOnlyList<UnitStatus> Units(ModbusSettings settings, IReadOnlyList<Reading> latest) =>
    [
        .. latest.Select((reading, index) => (Unit: settings.Addresses[index].UnitId, reading.Quality))
            .GroupBy(each => each.Unit).OrderBy(unit => unit.Key)
            .Select(unit => Judge(unit.Key, [.. unit.Select(each => each.Quality)])),
    ];

    /// <summary>Indexes in the order of the list; where not all fit, those that are not Good have the first right.
    /// </summary>
    internal static IReadOnlyList<int> Listed(IReadOnlyList<Reading> latest, int room) => latest.Count <= room
        ? [.. Enumerable.Range(0, latest.Count)]
        : [.. Enumerable.Range(0, latest.Count)
            .OrderBy(index => latest[index].Quality.IsGood).ThenBy(index => index)
            .Take(Math.Max(0, room)).Order()];

    internal static SignalStatus Describe(Reading reading)
    {
        var value = FileNode.Clip(reading.Value.ToString(), TextMax);
        var isNumber = reading.Value.Kind is not (ValueKind.None or ValueKind.Text);
        return new SignalStatus(
            reading.Signal.Name, value, reading.Signal.EngineeringUnit, reading.Quality.ToString(),
            reading.SourceTimestamp == default ? null : reading.SourceTimestamp)
        {
            Number = isNumber ? reading.Value.AsDouble : null,
        };
    }

    private static UnitStatus Judge(int unit, IReadOnlyList<Quality> qualities)
    {
        var others = qualities.Where(quality => !quality.IsGood).ToList();
        var reason = others.GroupBy(quality => quality.Reason).OrderByDescending(each => each.Count())
            .Select(each => each.Key).FirstOrDefault();
        var state = others.Count < qualities.Count || others.Exists(quality => !IsSilence(quality.Reason)) ? "answers"
            : others.TrueForAll(quality => quality.Reason == QualityReason.NotRead) ? "not read" : "silent";
        return new UnitStatus(
            unit, state, qualities.Count - others.Count, qualities.Count, others.Count == 0 ? "" : reason.ToString());
    }

    private static bool IsSilence(QualityReason reason) =>
        reason is QualityReason.Timeout or QualityReason.Disconnected or QualityReason.NotRead;
}
