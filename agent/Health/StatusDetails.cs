namespace Sluice.Agent.Health;

/// <summary>One Modbus unit, judged by the latest readings of its signals.</summary>
/// <param name="UnitId">Its number on the bus.</param>
/// <param name="State"><c>answers</c>, <c>silent</c>, or <c>not read</c> before its first turn.</param>
/// <param name="Good">Its signals whose latest reading is Good.</param>
/// <param name="Signals">All of its signals.</param>
/// <param name="Reason">Commonest reason among those not Good; empty where all are.</param>
public sealed record UnitStatus(int UnitId, string State, int Good, int Signals, string Reason);

/// <summary>The latest reading of one signal.</summary>
/// <param name="Name">As it goes on the wire: source, slash, name in the list.</param>
/// <param name="Value">As it would be published; empty where there is none.</param>
/// <param name="Unit">Engineering unit.</param>
/// <param name="Quality">Good, or level and reason.</param>
/// <param name="At">Source timestamp, UTC; null where it was never read.</param>
public sealed record SignalStatus(string Name, string Value, string Unit, string Quality, DateTime? At)
{
    /// <summary>The value as a number, for a curve; null where it is none.</summary>
    public double? Number { get; init; }
}

/// <summary>Readings that wait on each way out.</summary>
/// <param name="Live">Stored on the present connection.</param>
/// <param name="Backfill">Stored before it: history.</param>
/// <param name="BackfillAcknowledged">Readings that went as history and were acknowledged, since start.</param>
/// <param name="SetAside">Set aside because the broker refuses their message.</param>
public sealed record LanesStatus(long Live, long Backfill, long BackfillAcknowledged, long SetAside);

/// <summary>How long the broker took from a message of readings to its PUBACK, of the last few dozen.</summary>
/// <param name="MedianSeconds">The one in the middle.</param>
/// <param name="LongestSeconds">The longest.</param>
public sealed record AnswerStatus(double MedianSeconds, double LongestSeconds);
