using System.Text.Json.Serialization;
using Sluice.Agent.Commissioning.Discovery.Host;

namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>What <c>sluice-agent discover modbus --json</c> prints. Fields are only ever added.</summary>
internal sealed record DiscoveryReport
{
    public required string Device { get; init; }

    /// <summary>All that was to be asked was asked; false where somebody or something ended it early.</summary>
    public required bool Complete { get; init; }

    /// <summary>What ended it early, or what else a person should know; empty where nothing.</summary>
    public required string Sentence { get; init; }

    public required int Requests { get; init; }

    public required double Seconds { get; init; }

    /// <summary>The longest that an answer took.</summary>
    public required double SlowestAnswerMilliseconds { get; init; }

    /// <summary>The device answers whatever unit id it is given.</summary>
    public required bool AnswersAnyUnit { get; init; }

    public required int UnitsAsked { get; init; }

    public required IReadOnlyList<DiscoveredUnit> Units { get; init; }
}

internal sealed record DiscoveredUnit
{
    public required byte Unit { get; init; }

    /// <summary>Function 43/14; null where the device does not tell.</summary>
    public DiscoveredIdentity? Identity { get; init; }

    public required IReadOnlyList<DiscoveredTable> Tables { get; init; }
}

internal sealed record DiscoveredIdentity(
    string Vendor, string ProductCode, string Revision, string ProductName, string Model, string Application);

/// <param name="Table"><c>holding</c>, <c>input</c>, <c>coil</c> or <c>discrete</c>.</param>
/// <param name="Verdict">
/// <c>searched</c>, <c>noFunction</c> (the device does not have it), <c>silent</c>, or <c>unfinished</c>.
/// </param>
/// <param name="AtOnceMax">Most values that one request gave.</param>
/// <param name="Requests">How many it took.</param>
/// <param name="Ranges">What is readable.</param>
/// <param name="NotZero">Addresses whose value was not 0 when it was read, the first ones.</param>
internal sealed record DiscoveredTable(
    string Table,
    string Verdict,
    int AtOnceMax,
    int Requests,
    IReadOnlyList<DiscoveredRange> Ranges,
    IReadOnlyList<DiscoveredValue> NotZero);

/// <param name="First">PDU address, from 0.</param>
/// <param name="Last">PDU address, included.</param>
/// <param name="Sampled">Not every address of it was read.</param>
internal sealed record DiscoveredRange(int First, int Last, bool Sampled);

internal sealed record DiscoveredValue(int Address, int Value);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DiscoveryReport))]
[JsonSerializable(typeof(IReadOnlyList<DiscoveredSensor>))]
[JsonSerializable(typeof(IReadOnlyList<DiscoveredChip>))]
internal sealed partial class DiscoveryJson : JsonSerializerContext;
