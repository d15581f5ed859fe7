using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Finding;

/// <summary>What find-order was asked, checked.</summary>
internal sealed record FinderQuestion
{
    /// <summary>The source's name.</summary>
    public required string Source { get; init; }

    /// <summary>As the person wrote it: LW-100.</summary>
    public required string AddressText { get; init; }

    public required ModbusAddress Address { get; init; }

    public required byte UnitId { get; init; }

    public required IReadOnlyList<OrderCandidate> Candidates { get; init; }

    /// <summary>Registers to read: 4 for numbers, as many as a text takes.</summary>
    public required int Registers { get; init; }

    /// <summary>What the screen showed when the command was given.</summary>
    public required ShownValue Shows { get; init; }

    /// <summary>What it showed afterwards, one after the other; each is waited for.</summary>
    public IReadOnlyList<ShownValue> Then { get; init; } = [];

    /// <summary>Half the last digit of what is typed later, or what the person said instead.</summary>
    public decimal? Tolerance { get; init; }

    /// <summary>How long each of <see cref="Then"/> is waited for.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The line's own pace: from one look at the registers to the next while a person types.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(1);

    public bool IsText => Candidates is [{ Type.Kind: Hal.SignalKind.String }, ..];
}

/// <summary>What came of it.</summary>
/// <param name="Left">What still fits, likeliest first.</param>
/// <param name="Proofs">Registers and screen that belong together, for the first of those left.</param>
/// <param name="Trouble">Why the registers could not be read; empty where they could.</param>
/// <param name="IsUnavailable">The trouble is that nobody answers.</param>
internal sealed record FinderResult(
    IReadOnlyList<OrderCandidate> Left,
    IReadOnlyList<(Observation Observation, ushort[] Registers)> Proofs,
    string Trouble,
    bool IsUnavailable);
