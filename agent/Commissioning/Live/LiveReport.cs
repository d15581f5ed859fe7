using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Binding;

namespace Sluice.Agent.Commissioning.Live;

/// <summary>What one look at a source came to.</summary>
internal sealed record LiveSource
{
    public required string Name { get; init; }

    /// <summary>Its address, port or chip.</summary>
    public required string Device { get; init; }

    /// <summary>What is wrong with the source as a whole and what to do; empty where nothing is.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>It was not asked at all: the sentence says why.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Somebody ended the look before this source was read: nothing is known of it.</summary>
    public bool EndedEarly { get; init; }

    public required double TookSeconds { get; init; }

    public required IReadOnlyList<LiveSignal> Signals { get; init; }

    /// <summary>Every signal Good, and every golden sample as it was.</summary>
    public bool IsRight => !IsRefused && !EndedEarly && Signals.All(signal => signal.IsRight);

    /// <summary>A source that was not looked at, and why.</summary>
    public static LiveSource NotAsked(SourceSettings settings, string why) => new()
    {
        Name = settings.Name,
        Device = DeviceName.Of(settings),
        Sentence = why,
        TookSeconds = 0,
        Signals = [],
    };
}

/// <param name="Name">As the signal list has it.</param>
/// <param name="Value">As it would be reported; empty where there is none.</param>
/// <param name="Unit">Engineering unit.</param>
/// <param name="Quality">Good, or level and reason.</param>
/// <param name="IsGood">The quality is Good.</param>
/// <param name="Golden">Golden samples of it, each with what today's line makes of it.</param>
internal sealed record LiveSignal(
    string Name, string Value, string Unit, string Quality, bool IsGood, IReadOnlyList<LiveGolden> Golden)
{
    public bool IsRight => IsGood && Golden.All(sample => sample.Holds);
}

/// <param name="Shown">What the screen showed.</param>
/// <param name="Taken">When, UTC.</param>
/// <param name="Holds">Today's line reads the registers of that day as they were shown.</param>
/// <param name="Sentence">What was compared, or what is wrong and what to do.</param>
internal sealed record LiveGolden(string Shown, DateTime Taken, bool Holds, string Sentence);
